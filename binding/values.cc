#include "values.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "arrow/util/utf8.h"

#include "packed/error.h"

namespace packed::binding {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

std::string DescribeValue(Napi::Value value) {
  if (value.IsEmpty()) return "nothing";
  if (value.IsNull()) return "null";
  if (value.IsString()) return "'" + value.As<Napi::String>().Utf8Value() + "'";
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number:
      return std::to_string(value.As<Napi::Number>().DoubleValue());
    case napi_bigint:
      return "a bigint";
    case napi_function:
      return "a function";
    case napi_external:
      return "a handle";
    default:
      return value.IsArray() ? "an array" : "an object";
  }
}

}  // namespace

arrow::Status Unexpected(std::string_view expected, std::string_view what, Napi::Value received) {
  return MakeError(ErrorCode::kInvalidArgument, "Expected " + std::string(expected) + " for " +
                                                    std::string(what) + " but received " +
                                                    DescribeValue(received));
}

template <>
arrow::Result<bool> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsBoolean()) return Unexpected("a boolean", what, value);
  return value.As<Napi::Boolean>().Value();
}

template <>
arrow::Result<double> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsNumber()) return Unexpected("a number", what, value);
  return value.As<Napi::Number>().DoubleValue();
}

template <>
arrow::Result<int64_t> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsNumber()) return Unexpected("an integer", what, value);
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::trunc(number) != number || std::abs(number) > kMaxSafeInteger) {
    return Unexpected("a safe integer", what, value);
  }
  return static_cast<int64_t>(number);
}

template <>
arrow::Result<int32_t> Read(Napi::Value value, std::string_view what) {
  ARROW_ASSIGN_OR_RAISE(const int64_t number, Read<int64_t>(value, what));
  if (number < std::numeric_limits<int32_t>::min() ||
      number > std::numeric_limits<int32_t>::max()) {
    return Unexpected("a 32-bit integer", what, value);
  }
  return static_cast<int32_t>(number);
}

template <>
arrow::Result<BigInteger> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsBigInt()) return Unexpected("a bigint", what, value);
  bool lossless = false;
  const int64_t number = value.As<Napi::BigInt>().Int64Value(&lossless);
  if (!lossless) return Unexpected("a bigint of 64 bits", what, value);
  return BigInteger{number};
}

template <>
arrow::Result<std::string> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsString()) return Unexpected("a string", what, value);
  return value.As<Napi::String>().Utf8Value();
}

template <>
arrow::Result<Napi::Object> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || value.Type() != napi_object) return Unexpected("an object", what, value);
  return value.As<Napi::Object>();
}

template <>
arrow::Result<Napi::Array> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsArray()) return Unexpected("an array", what, value);
  return value.As<Napi::Array>();
}

template <>
arrow::Result<Napi::Function> Read(Napi::Value value, std::string_view what) {
  if (value.IsEmpty() || !value.IsFunction()) return Unexpected("a function", what, value);
  return value.As<Napi::Function>();
}

arrow::Result<StringPairs> ReadPairs(Napi::Object object, const char* name) {
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> flat, ReadList<std::string>(object, name));
  if (flat.size() % 2 != 0) {
    return Unexpected("a value for every key", name, object.Get(name));
  }
  StringPairs pairs;
  for (size_t i = 0; i < flat.size(); i += 2) {
    pairs.emplace_back(std::move(flat[i]), std::move(flat[i + 1]));
  }
  return pairs;
}

Napi::Array PairsArray(Napi::Env env, const StringPairs& pairs) {
  Napi::Array array = Napi::Array::New(env, pairs.size() * 2);
  uint32_t index = 0;
  for (const auto& [key, value] : pairs) {
    array.Set(index++, TextOf(env, key));
    array.Set(index++, TextOf(env, value));
  }
  return array;
}

Napi::String TextOf(Napi::Env env, std::string_view bytes) {
  arrow::util::InitializeUTF8();
  if (arrow::util::ValidateUTF8(bytes)) {
    return Napi::String::New(env, bytes.data(), bytes.size());
  }
  napi_value text = nullptr;
  napi_create_string_latin1(env, bytes.data(), bytes.size(), &text);
  return Napi::String(env, text);
}

Napi::ArrayBuffer CopyOf(Napi::Env env, const void* data, int64_t bytes) {
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, static_cast<size_t>(bytes));
  if (!copy.IsEmpty() && bytes > 0) std::memcpy(copy.Data(), data, static_cast<size_t>(bytes));
  return copy;
}

}  // namespace packed::binding
