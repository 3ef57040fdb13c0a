#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

#include "arrow/memory_pool.h"
#include "arrow/status.h"

namespace packed {

/// \brief A pool that takes blocks of some MiB from the system itself, in pages of 2 MiB where it
/// gives them, and keeps a few that were given back; everything else is `parent`'s.
///
/// Fresh pages of 4 KiB are what bounds a read of anything that is not compressed. Thread-safe.
class LargeBlockPool final : public arrow::MemoryPool {
 public:
  explicit LargeBlockPool(arrow::MemoryPool* parent) : parent_(parent) {}

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** block) override;
  void Free(uint8_t* block, int64_t size, int64_t alignment) override;
  /// Gives the blocks that are kept back to the system.
  void ReleaseUnused() override;

  // Counted by the pool around this one.
  int64_t bytes_allocated() const override { return parent_->bytes_allocated(); }
  int64_t max_memory() const override { return parent_->max_memory(); }
  int64_t total_bytes_allocated() const override { return parent_->total_bytes_allocated(); }
  int64_t num_allocations() const override { return parent_->num_allocations(); }
  std::string backend_name() const override { return parent_->backend_name(); }

 private:
  struct Block {
    uint8_t* start = nullptr;
    int64_t bytes = 0;  ///< of the mapping
  };

  static bool IsLarge(int64_t size);
  Block TakeKept(int64_t bytes);
  void DropKept(int64_t least_bytes);
  arrow::Status AllocateLarge(int64_t size, uint8_t** out);
  void FreeLarge(uint8_t* start);

  arrow::MemoryPool* const parent_;
  std::mutex mutex_;
  std::unordered_map<uint8_t*, int64_t> lengths_;  ///< of the blocks that are out
  std::deque<Block> kept_;                         ///< the oldest first
  int64_t kept_bytes_ = 0;
};

}  // namespace packed
