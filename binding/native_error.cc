#include "native_error.h"

#include <string>

namespace packed::binding {

Napi::Object ToNativeError(Napi::Env env, const arrow::Status& status) {
  const ErrorInfo info = DescribeError(status);
  Napi::Object error = Napi::Object::New(env);
  error.Set("code", Napi::String::New(env, std::string(LookupError(info.code).name)));
  error.Set("message", Napi::String::New(env, info.message));
  if (!info.context.path.empty()) error.Set("path", Napi::String::New(env, info.context.path));
  if (!info.context.field.empty()) error.Set("field", Napi::String::New(env, info.context.field));
  return error;
}

void ThrowNativeError(Napi::Env env, const arrow::Status& status) {
  if (env.IsExceptionPending()) return;
  napi_throw(env, ToNativeError(env, status));
}

arrow::Status StatusOf(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return MakeError(ErrorCode::kOutOfMemory, "Expected enough memory but an allocation failed");
  }
  return MakeError(ErrorCode::kInternal, exception.what());
}

}  // namespace packed::binding
