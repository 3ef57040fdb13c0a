#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/result.h"

#include "napi_setup.h"

namespace packed::binding {

/// \brief Read a JavaScript value as T, or fail with kInvalidArgument that names `what`.
///
/// TypeScript validates what users pass; these checks keep a wrong call from being undefined
/// behaviour. Integers are safe integers, or bigints where T is BigInteger. JS thread.
template <typename T>
arrow::Result<T> Read(Napi::Value value, std::string_view what);

/// A bigint that fits 64 bits.
struct BigInteger {
  int64_t value = 0;
};

template <>
arrow::Result<bool> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<double> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<int64_t> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<int32_t> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<BigInteger> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<std::string> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<Napi::Object> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<Napi::Array> Read(Napi::Value value, std::string_view what);
template <>
arrow::Result<Napi::Function> Read(Napi::Value value, std::string_view what);

/// \brief The failure of Read: "Expected `expected` for `what` but received …".
arrow::Status Unexpected(std::string_view expected, std::string_view what, Napi::Value received);

template <typename T>
arrow::Result<T> ReadMember(Napi::Object object, const char* name) {
  return Read<T>(object.Get(name), name);
}

/// Empty when the member is absent, undefined or null.
template <typename T>
arrow::Result<std::optional<T>> ReadOptional(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty() || value.IsUndefined() || value.IsNull()) return std::optional<T>();
  ARROW_ASSIGN_OR_RAISE(T read, Read<T>(value, name));
  return std::optional<T>(std::move(read));
}

template <typename T>
arrow::Result<std::vector<T>> ReadList(Napi::Object object, const char* name) {
  ARROW_ASSIGN_OR_RAISE(Napi::Array array, ReadMember<Napi::Array>(object, name));
  std::vector<T> list;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    ARROW_ASSIGN_OR_RAISE(T item, Read<T>(array.Get(i), name));
    list.push_back(std::move(item));
  }
  return list;
}

/// \brief Call `visit(object)` for every element of the array `name`.
template <typename Visit>
arrow::Status ForEachObject(Napi::Object object, const char* name, Visit&& visit) {
  ARROW_ASSIGN_OR_RAISE(Napi::Array array, ReadMember<Napi::Array>(object, name));
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    ARROW_ASSIGN_OR_RAISE(Napi::Object element, Read<Napi::Object>(array.Get(i), name));
    ARROW_RETURN_NOT_OK(visit(element));
  }
  return arrow::Status::OK();
}

using StringPairs = std::vector<std::pair<std::string, std::string>>;

/// \brief Read `[key, value, key, value, …]`.
arrow::Result<StringPairs> ReadPairs(Napi::Object object, const char* name);

/// \brief Make `[key, value, key, value, …]`.
Napi::Array PairsArray(Napi::Env env, const StringPairs& pairs);

/// \brief Text as JavaScript has it: UTF-8, or byte by byte (latin1) where it is not UTF-8.
Napi::String TextOf(Napi::Env env, std::string_view bytes);

/// \brief A copy that JavaScript owns. Empty where none can be made: out of memory, or a worker
/// that is being terminated. Nothing may be asked of an empty value but whether it is one.
Napi::ArrayBuffer CopyOf(Napi::Env env, const void* data, int64_t bytes);

/// \brief An array of `make(element)` for every element of `list`.
template <typename List, typename Make>
Napi::Array ArrayOf(Napi::Env env, const List& list, Make&& make) {
  Napi::Array array = Napi::Array::New(env, list.size());
  uint32_t index = 0;
  for (const auto& element : list) {
    const Napi::HandleScope scope(env);
    array.Set(index++, make(element));
  }
  return array;
}

}  // namespace packed::binding
