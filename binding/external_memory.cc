#include "external_memory.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace packed::binding {
namespace {

constexpr int64_t kWindowBytes = int64_t{32} << 20;

}  // namespace

ExternalMemory::ExternalMemory(Environment& environment, std::shared_ptr<arrow::Buffer> owner,
                               const uint8_t* data, int64_t bytes, Counted counted)
    : environment_(environment.shared_from_this()),
      owner_(std::move(owner)),
      data_(data),
      bytes_(bytes),
      counted_bytes_(counted == Counted::kYes ? bytes : 0),
      entry_(environment_->externals().Add(data_, &owner_)) {
  environment_->lent_bytes += counted_bytes_;
}

std::shared_ptr<ExternalMemory> ExternalMemory::Wrap(
    Environment& environment, std::shared_ptr<arrow::Buffer> owner, const uint8_t* data,
    int64_t bytes, Counted counted, Napi::ArrayBuffer* array_buffer, int64_t credit) {
  if (!environment.external_buffers_allowed()) return nullptr;
  std::shared_ptr<ExternalMemory> memory(
      new ExternalMemory(environment, std::move(owner), data, bytes, counted));
  const napi_env env = environment.env();
  auto* box = new std::shared_ptr<ExternalMemory>(memory);
  napi_value value = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, const_cast<uint8_t*>(data), static_cast<size_t>(bytes), Finalize, box, &value);
  if (status != napi_ok) {
    delete box;
    memory->Drop();
    if (status == napi_no_external_buffers_allowed) environment.ForbidExternalBuffers();
    return nullptr;
  }
  napi_create_reference(env, value, 0, &memory->array_buffer_);
  memory->covered_bytes_ = environment.credit().Cover(env, bytes, credit);
  *array_buffer = Napi::ArrayBuffer(env, value);
  return memory;
}

/// The ArrayBuffer, unless it is garbage or JavaScript took its memory away.
Napi::ArrayBuffer ExternalMemory::Attached() const {
  const napi_env env = environment_->env();
  if (owner_ == nullptr || array_buffer_ == nullptr) return {};
  napi_value array_buffer = nullptr;
  napi_get_reference_value(env, array_buffer_, &array_buffer);
  if (array_buffer == nullptr) return {};
  bool detached = false;
  napi_is_detached_arraybuffer(env, array_buffer, &detached);
  return detached ? Napi::ArrayBuffer() : Napi::ArrayBuffer(env, array_buffer);
}

Napi::Value ExternalMemory::ViewMapping(Environment& environment,
                                        const std::shared_ptr<arrow::Buffer>& mapping,
                                        const uint8_t* data, int64_t bytes, int64_t credit) {
  auto& windows = environment.windows();
  std::erase_if(windows, [](const auto& entry) { return entry.second.expired(); });
  const uint8_t* start = nullptr;
  Napi::ArrayBuffer window;
  if (const auto after = windows.upper_bound(data); after != windows.begin()) {
    const auto memory = std::prev(after)->second.lock();
    if (memory->Covers(data, bytes)) {
      start = memory->data_;
      window = memory->Attached();
    }
  }
  if (window.IsEmpty()) {
    const bool whole = mapping->size() <= kWindowBytes;
    start = whole ? mapping->data() : data;
    const int64_t rest = mapping->data() + mapping->size() - start;
    const int64_t length = std::min(rest, std::max(bytes, kWindowBytes));
    windows[start] = Wrap(environment, mapping, start, length, Counted::kNo, &window, credit);
    if (window.IsEmpty()) return {};
  }
  return Napi::Uint8Array::New(environment.env(), static_cast<size_t>(bytes), window,
                               static_cast<size_t>(data - start));
}

void ExternalMemory::Release() {
  if (owner_ == nullptr) return;
  const napi_env env = environment_->env();
  napi_value array_buffer = nullptr;
  napi_get_reference_value(env, array_buffer_, &array_buffer);
  if (array_buffer == nullptr) return;
  bool detached = false;
  napi_is_detached_arraybuffer(env, array_buffer, &detached);
  if (!detached && napi_detach_arraybuffer(env, array_buffer) == napi_ok) Drop();
}

/// On the JS thread, when nothing in JavaScript can reach the memory any more.
void ExternalMemory::Finalize(napi_env env, void*, void* hint) {
  auto* box = static_cast<std::shared_ptr<ExternalMemory>*>(hint);
  (*box)->Drop();
  napi_delete_reference(env, (*box)->array_buffer_);
  (*box)->array_buffer_ = nullptr;
  delete box;
}

void ExternalMemory::Drop() {
  if (owner_ == nullptr) return;
  environment_->externals().Remove(entry_);
  environment_->lent_bytes -= counted_bytes_;
  environment_->credit().Restore(covered_bytes_);
  owner_.reset();
}

}  // namespace packed::binding
