#include "js_upload_request.h"

#include <utility>

#include "values.h"

namespace packed::binding {
namespace {

Napi::Uint8Array ContentOf(Environment& environment, const std::shared_ptr<arrow::Buffer>& content,
                           std::shared_ptr<ExternalMemory>* lent) {
  const uint8_t* data = content->data();
  const auto bytes = static_cast<size_t>(content->size());
  Napi::ArrayBuffer array_buffer;
  if (bytes > 0) {
    *lent = ExternalMemory::Wrap(environment, content, data, content->size(), Counted::kNo,
                                 &array_buffer);
  }
  if (*lent == nullptr) array_buffer = CopyOf(environment.env(), data, content->size());
  if (array_buffer.IsEmpty()) return {};
  return Napi::Uint8Array::New(environment.env(), bytes, array_buffer, 0);
}

}  // namespace

Napi::Object ToNative(Environment& environment, int64_t ticket, JsUploadRequest& request,
                      std::shared_ptr<ExternalMemory>* lent) {
  const Napi::Env env = environment.env();
  Napi::Object native = Napi::Object::New(env);
  native.Set("ticket", static_cast<double>(ticket));
  native.Set("step", request.step);
  native.Set("key", request.target.key);
  native.Set("ifAbsent", request.target.if_absent);
  if (!request.upload.empty()) native.Set("upload", request.upload);
  if (request.number > 0) native.Set("number", request.number);
  if (request.content != nullptr) {
    native.Set("content", ContentOf(environment, std::exchange(request.content, nullptr), lent));
  }
  if (!request.tags.empty()) {
    native.Set("tags", ArrayOf(env, request.tags, [env](const std::string& tag) {
                 return Napi::String::New(env, tag);
               }));
  }
  return native;
}

}  // namespace packed::binding
