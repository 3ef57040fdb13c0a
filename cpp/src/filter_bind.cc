#include "filter_bind.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "arrow/extension_type.h"
#include "arrow/util/checked_cast.h"

#include "packed/error.h"

namespace packed {
namespace {

using arrow::internal::checked_cast;

bool IsCombination(FilterOp op) {
  return op == FilterOp::kAnd || op == FilterOp::kOr || op == FilterOp::kNot;
}

void CollectColumns(const Filter& filter, int depth, std::vector<std::string>* columns) {
  if (depth > kMostFilterDepth) return;
  for (const Filter& arg : filter.args) CollectColumns(arg, depth + 1, columns);
  if (IsCombination(filter.op)) return;
  if (std::find(columns->begin(), columns->end(), filter.column) == columns->end()) {
    columns->push_back(filter.column);
  }
}

const char* Describe(FilterKind kind) {
  switch (kind) {
    case FilterKind::kSigned:
      return "an integer of 64 bits";
    case FilterKind::kUnsigned:
      return "an unsigned integer of 64 bits";
    case FilterKind::kBoolean:
      return "a boolean";
    case FilterKind::kFloat:
      return "a float";
    case FilterKind::kBytes:
      return "text or bytes";
    default:
      return "a value";
  }
}

std::string Describe(const FilterValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, bool>) {
          return held ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::string>) {
          return "text or bytes";
        } else if constexpr (std::is_same_v<T, double>) {
          return "the float " + std::to_string(held);
        } else {
          return std::to_string(held);
        }
      },
      value);
}

arrow::Status Unfit(const arrow::Field& field, const std::string& expected,
                    const std::string& received) {
  return MakeError(ErrorCode::kTypeMismatch,
                   "Expected " + expected + " for the filter on " + field.name() + " (" +
                       field.type()->ToString() + ") but received " + received,
                   {"", field.name()});
}

/// The value as one of a column of that kind; false where it is none.
bool Convert(const FilterValue& value, FilterKind kind, int64_t* out) {
  const auto* integer = std::get_if<int64_t>(&value);
  if (kind != FilterKind::kSigned || integer == nullptr) return false;
  *out = *integer;
  return true;
}

bool Convert(const FilterValue& value, FilterKind kind, uint64_t* out) {
  if (kind == FilterKind::kBoolean) {
    const auto* boolean = std::get_if<bool>(&value);
    if (boolean == nullptr) return false;
    *out = *boolean ? 1 : 0;
    return true;
  }
  if (const auto* integer = std::get_if<int64_t>(&value); integer != nullptr && *integer >= 0) {
    *out = static_cast<uint64_t>(*integer);
    return true;
  }
  const auto* large = std::get_if<uint64_t>(&value);
  if (large == nullptr) return false;
  *out = *large;
  return true;
}

bool Convert(const FilterValue& value, FilterKind /*kind*/, double* out) {
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return false;
  *out = *number;
  return true;
}

bool Convert(const FilterValue& value, FilterKind /*kind*/, std::string* out) {
  const auto* bytes = std::get_if<std::string>(&value);
  if (bytes == nullptr) return false;
  *out = *bytes;
  return true;
}

template <typename T>
arrow::Result<FilterOperands> ConvertAll(const Filter& filter, const arrow::Field& field,
                                         FilterKind kind) {
  std::vector<T> operands;
  operands.reserve(filter.values.size());
  for (const FilterValue& value : filter.values) {
    T operand{};
    if (!Convert(value, kind, &operand)) return Unfit(field, Describe(kind), Describe(value));
    operands.push_back(std::move(operand));
  }
  if (filter.op == FilterOp::kIn) {
    if constexpr (std::is_same_v<T, double>) {
      std::erase_if(operands, [](double number) { return std::isnan(number); });
    }
    std::sort(operands.begin(), operands.end());
    operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  }
  return FilterOperands(std::move(operands));
}

arrow::Result<FilterOperands> OperandsOf(const Filter& filter, const arrow::Field& field) {
  const FilterKind kind = FilterKindOf(*field.type());
  switch (kind) {
    case FilterKind::kNull:
      return FilterOperands();
    case FilterKind::kSigned:
      return ConvertAll<int64_t>(filter, field, kind);
    case FilterKind::kUnsigned:
    case FilterKind::kBoolean:
      return ConvertAll<uint64_t>(filter, field, kind);
    case FilterKind::kFloat:
      return ConvertAll<double>(filter, field, kind);
    case FilterKind::kBytes:
      return ConvertAll<std::string>(filter, field, kind);
    case FilterKind::kOther:
      break;
  }
  return MakeError(ErrorCode::kTypeMismatch,
                   "Expected a column of booleans, numbers, times, text or bytes for a filter but "
                   "received " +
                       field.name() + " (" + field.type()->ToString() + ")",
                   {"", field.name()});
}

arrow::Status CheckCount(const char* what, size_t count, size_t least, size_t most) {
  if (count >= least && count <= most) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected " + std::to_string(least) + (most > least ? " or more " : " ") + what +
                       " for a filter but received " + std::to_string(count));
}

arrow::Result<BoundFilter> BindLeaf(const Filter& filter, const arrow::Schema& columns) {
  BoundFilter bound;
  bound.op = filter.op;
  bound.column = columns.GetFieldIndex(filter.column);
  if (bound.column < 0) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a known column for the filter but received " + filter.column,
                     {"", filter.column});
  }
  if (filter.op == FilterOp::kIsNull) {
    ARROW_RETURN_NOT_OK(CheckCount("values", filter.values.size(), 0, 0));
    return bound;
  }
  if (filter.op != FilterOp::kIn) {
    ARROW_RETURN_NOT_OK(CheckCount("value", filter.values.size(), 1, 1));
  }
  ARROW_ASSIGN_OR_RAISE(bound.operands, OperandsOf(filter, *columns.field(bound.column)));
  return bound;
}

arrow::Result<BoundFilter> Bind(const Filter& filter, const arrow::Schema& columns, int depth) {
  if (depth > kMostFilterDepth) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected filters of at most " +
                                                      std::to_string(kMostFilterDepth) +
                                                      " levels but received deeper ones");
  }
  if (!IsCombination(filter.op)) return BindLeaf(filter, columns);
  const size_t most = filter.op == FilterOp::kNot ? 1 : std::numeric_limits<size_t>::max();
  ARROW_RETURN_NOT_OK(CheckCount("arguments", filter.args.size(), 1, most));
  BoundFilter bound;
  bound.op = filter.op;
  for (const Filter& arg : filter.args) {
    ARROW_ASSIGN_OR_RAISE(auto bound_arg, Bind(arg, columns, depth + 1));
    bound.args.push_back(std::move(bound_arg));
  }
  return bound;
}

}  // namespace

std::vector<std::string> ColumnsOf(const Filter& filter) {
  std::vector<std::string> columns;
  CollectColumns(filter, 0, &columns);
  return columns;
}

FilterStats FilterMeter::Read() const {
  const auto load = [](const std::atomic<int64_t>& count) {
    return count.load(std::memory_order_relaxed);
  };
  return {load(row_groups_read), load(row_groups_skipped), load(rows_read), load(rows_skipped),
          load(rows_filtered)};
}

FilterKind FilterKindOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return FilterKind::kNull;
    case arrow::Type::BOOL:
      return FilterKind::kBoolean;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return FilterKind::kSigned;
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
      return FilterKind::kUnsigned;
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return FilterKind::kFloat;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return FilterKind::kBytes;
    case arrow::Type::DICTIONARY:
      return FilterKindOf(*checked_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::EXTENSION:
      return FilterKindOf(*checked_cast<const arrow::ExtensionType&>(type).storage_type());
    default:
      return FilterKind::kOther;
  }
}

arrow::Result<BoundFilter> BindFilter(const Filter& filter, const arrow::Schema& columns) {
  return Bind(filter, columns, 0);
}

}  // namespace packed
