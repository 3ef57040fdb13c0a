#include "native_error.h"

#include <algorithm>
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

arrow::Status FromNativeError(Napi::Object error) {
  const auto text = [&error](const char* name) {
    const Napi::Value value = error.Get(name);
    return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  };
  const std::string name = text("code");
  const auto known =
      std::find_if(kErrorCodes.begin(), kErrorCodes.end(),
                   [&name](const ErrorCodeEntry& entry) { return entry.name == name; });
  const bool failure = known != kErrorCodes.end() && known->code != ErrorCode::kOk;
  return MakeError(failure ? known->code : ErrorCode::kInternal, text("message"));
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
