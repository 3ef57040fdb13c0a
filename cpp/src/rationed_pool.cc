#include "rationed_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

thread_local Ration* current = nullptr;

class CountingPool final : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    ARROW_RETURN_NOT_OK(Ration::Take(size));
    return Pool()->Allocate(size, alignment, out);
  }
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** block) override {
    ARROW_RETURN_NOT_OK(Ration::Take(std::max<int64_t>(0, new_size - old_size)));
    return Pool()->Reallocate(old_size, new_size, alignment, block);
  }
  void Free(uint8_t* block, int64_t size, int64_t alignment) override {
    Pool()->Free(block, size, alignment);
  }
  void ReleaseUnused() override { Pool()->ReleaseUnused(); }

  int64_t bytes_allocated() const override { return Pool()->bytes_allocated(); }
  int64_t max_memory() const override { return Pool()->max_memory(); }
  int64_t total_bytes_allocated() const override { return Pool()->total_bytes_allocated(); }
  int64_t num_allocations() const override { return Pool()->num_allocations(); }
  std::string backend_name() const override { return Pool()->backend_name(); }
};

}  // namespace

Ration::Ration(int64_t bytes, CancelToken cancel)
    : bytes_(bytes), left_(bytes), cancel_(std::move(cancel)), outer_(current) {
  current = this;
}

Ration::~Ration() { current = outer_; }

arrow::Status Ration::Take(int64_t bytes) {
  if (current == nullptr) return arrow::Status::OK();
  ARROW_RETURN_NOT_OK(current->cancel_.Check());
  if (bytes > current->left_) {
    return MakeError(ErrorCode::kInvalidData, "Expected at most " +
                                                  std::to_string(current->bytes_) +
                                                  " bytes for a decoded record but received more");
  }
  current->left_ -= bytes;
  return arrow::Status::OK();
}

arrow::MemoryPool* RationedPool() {
  static auto* pool = new CountingPool();  // leaked, as Pool() is
  return pool;
}

}  // namespace packed
