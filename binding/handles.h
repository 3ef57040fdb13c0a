#pragma once

#include <memory>
#include <string>
#include <utility>

#include "arrow/result.h"

#include "napi_setup.h"
#include "values.h"

namespace packed::binding {

/// \brief Name and type tag of the handles of T; specialised beside each T.
///
/// JavaScript holds native objects as opaque externals. The tag makes passing one kind for
/// another an error instead of memory corruption.
template <typename T>
struct HandleKind;

/// \brief An external that shares ownership of `object`. JS thread.
///
/// The finalizer only drops the share: objects must be safe to destroy while JavaScript runs.
template <typename T>
Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<T> object) {
  auto* box = new std::shared_ptr<T>(std::move(object));
  napi_value handle = nullptr;
  const napi_status status = napi_create_external(
      env, box, [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<T>*>(data); },
      nullptr, &handle);
  if (status != napi_ok) {
    delete box;
    return Napi::Value();
  }
  napi_type_tag_object(env, handle, &HandleKind<T>::kTag);
  return Napi::Value(env, handle);
}

/// \brief The object behind a handle; kInvalidArgument for any other value.
template <typename T>
arrow::Result<std::shared_ptr<T>> FromHandle(Napi::Value handle) {
  bool matches = false;
  if (!handle.IsEmpty() && handle.IsExternal()) {
    napi_check_object_type_tag(handle.Env(), handle, &HandleKind<T>::kTag, &matches);
  }
  if (!matches) {
    return Unexpected(std::string("a ") + HandleKind<T>::kName + " handle", "argument", handle);
  }
  void* box = nullptr;
  napi_get_value_external(handle.Env(), handle, &box);
  return *static_cast<std::shared_ptr<T>*>(box);
}

template <typename T>
arrow::Result<std::shared_ptr<T>> ReadHandle(Napi::Object object, const char* name) {
  return FromHandle<T>(object.Get(name));
}

}  // namespace packed::binding
