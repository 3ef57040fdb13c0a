#include "borrowed_memory.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "packed/error.h"

namespace packed::binding {
namespace {

/// From calloc: large zeros are pages of the system's zero page until somebody writes.
class ZeroBuffer final : public arrow::Buffer {
 public:
  ZeroBuffer(const void* zeros, int64_t bytes)
      : arrow::Buffer(static_cast<const uint8_t*>(zeros), bytes) {}
  ~ZeroBuffer() override { std::free(const_cast<uint8_t*>(data())); }
};

constexpr int64_t kLeastZeros = 64 << 10;

}  // namespace

BorrowedMemory::~BorrowedMemory() {
  environment_->borrowed_bytes -= bytes_;
  environment_->Discard(std::move(references_));
}

arrow::Status BorrowedMemory::Borrow(Napi::Value array_buffer, const void* base, int64_t bytes) {
  environment_->borrowed_bytes += bytes;
  bytes_ += bytes;
  if (std::find(bases_.begin(), bases_.end(), base) != bases_.end()) return arrow::Status::OK();
  if (auto native = environment_->externals().Find(base)) {
    Keep(std::move(native));
    return arrow::Status::OK();
  }
  napi_ref reference = nullptr;
  if (napi_create_reference(array_buffer.Env(), array_buffer, 1, &reference) != napi_ok) {
    return MakeError(ErrorCode::kInternal, "Expected to keep an ArrayBuffer but could not");
  }
  bases_.push_back(base);
  references_.push_back(reference);
  return arrow::Status::OK();
}

arrow::Status BorrowedMemory::CheckAttached() const {
  for (napi_ref reference : references_) {
    napi_value array_buffer = nullptr;
    bool detached = false;
    napi_get_reference_value(environment_->env(), reference, &array_buffer);
    napi_is_detached_arraybuffer(environment_->env(), array_buffer, &detached);
    if (detached) {
      return MakeError(ErrorCode::kDetached,
                       "Expected the buffers of a batch to stay until the call ended but "
                       "received one that was transferred meanwhile");
    }
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Buffer>> SharedZeros(int64_t bytes) {
  static std::mutex mutex;
  static auto* shared = new std::shared_ptr<arrow::Buffer>();  // outlives static destructors
  const std::lock_guard lock(mutex);
  if (*shared == nullptr || (*shared)->size() < bytes) {
    const int64_t size = std::max(bytes, kLeastZeros);
    void* zeros = std::calloc(1, static_cast<size_t>(size));
    if (zeros == nullptr) {
      return MakeError(ErrorCode::kOutOfMemory,
                       "Expected memory for " + std::to_string(size) + " zero bytes");
    }
    *shared = std::make_shared<ZeroBuffer>(zeros, size);
  }
  return *shared;
}

}  // namespace packed::binding
