#include "filter_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "flat_reader.h"
#include "values.h"

namespace packed::binding {
namespace {

struct NamedOp {
  std::string_view name;
  FilterOp op;
};

constexpr std::array<NamedOp, 11> kOps{{
    {"and", FilterOp::kAnd},
    {"or", FilterOp::kOr},
    {"not", FilterOp::kNot},
    {"=", FilterOp::kEqual},
    {"!=", FilterOp::kNotEqual},
    {"<", FilterOp::kLess},
    {"<=", FilterOp::kLessEqual},
    {">", FilterOp::kGreater},
    {">=", FilterOp::kGreaterEqual},
    {"in", FilterOp::kIn},
    {"is null", FilterOp::kIsNull},
}};

arrow::Result<FilterOp> ReadOp(Napi::Object node) {
  ARROW_ASSIGN_OR_RAISE(const std::string name, ReadMember<std::string>(node, "op"));
  const auto* const found =
      std::find_if(kOps.begin(), kOps.end(), [&](const NamedOp& op) { return op.name == name; });
  if (found == kOps.end()) return Unexpected("an operator", "filter", node.Get("op"));
  return found->op;
}

arrow::Result<FilterValue> ReadInteger(Napi::BigInt value) {
  bool lossless = false;
  const int64_t number = value.Int64Value(&lossless);
  if (lossless) return number;
  const uint64_t large = value.Uint64Value(&lossless);
  if (lossless) return large;
  return Unexpected("a bigint of 64 bits", "filter", value);
}

arrow::Result<FilterValue> ReadValue(Napi::Value value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  if (value.IsBigInt()) return ReadInteger(value.As<Napi::BigInt>());
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (!value.IsTypedArray()) {
    return Unexpected("a boolean, number, bigint, string or Uint8Array", "filter", value);
  }
  const std::string name = "filter";
  FieldPath path;
  path.Push(name);
  ARROW_ASSIGN_OR_RAISE(const FlatView bytes, ReadView(value, path));
  return bytes.size == 0 ? std::string()
                         : std::string(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

arrow::Result<Filter> ReadNode(Napi::Value value, int depth);

/// Of a node that is no combination.
arrow::Status ReadLeaf(Napi::Object node, Filter* filter) {
  ARROW_ASSIGN_OR_RAISE(filter->column, ReadMember<std::string>(node, "column"));
  if (filter->op == FilterOp::kIsNull) return arrow::Status::OK();
  if (filter->op != FilterOp::kIn) {
    ARROW_ASSIGN_OR_RAISE(auto operand, ReadValue(node.Get("value")));
    filter->values.push_back(std::move(operand));
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto operands, ReadMember<Napi::Array>(node, "values"));
  for (uint32_t i = 0; i < operands.Length(); ++i) {
    const Napi::HandleScope scope(node.Env());
    ARROW_ASSIGN_OR_RAISE(auto operand, ReadValue(operands.Get(i)));
    filter->values.push_back(std::move(operand));
  }
  return arrow::Status::OK();
}

/// Filters that are too deep, or circles, are read as far as is needed to refuse them.
arrow::Result<Filter> ReadNode(Napi::Value value, int depth) {
  ARROW_ASSIGN_OR_RAISE(auto node, Read<Napi::Object>(value, "filter"));
  Filter filter;
  ARROW_ASSIGN_OR_RAISE(filter.op, ReadOp(node));
  if (depth > kMostFilterDepth) return filter;
  if (filter.op == FilterOp::kNot) {
    ARROW_ASSIGN_OR_RAISE(auto arg, ReadNode(node.Get("arg"), depth + 1));
    filter.args.push_back(std::move(arg));
    return filter;
  }
  if (filter.op != FilterOp::kAnd && filter.op != FilterOp::kOr) {
    ARROW_RETURN_NOT_OK(ReadLeaf(node, &filter));
    return filter;
  }
  ARROW_ASSIGN_OR_RAISE(const auto args, ReadMember<Napi::Array>(node, "args"));
  for (uint32_t i = 0; i < args.Length(); ++i) {
    const Napi::HandleScope scope(node.Env());
    ARROW_ASSIGN_OR_RAISE(auto arg, ReadNode(args.Get(i), depth + 1));
    filter.args.push_back(std::move(arg));
  }
  return filter;
}

}  // namespace

arrow::Result<std::optional<Filter>> ReadFilter(Napi::Object options) {
  const Napi::Value value = options.Get("filter");
  if (value.IsEmpty() || value.IsUndefined()) return std::optional<Filter>();
  ARROW_ASSIGN_OR_RAISE(Filter filter, ReadNode(value, 0));
  return std::optional<Filter>(std::move(filter));
}

}  // namespace packed::binding
