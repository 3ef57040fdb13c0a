#include "large_blocks.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace packed {
namespace {

constexpr int64_t kPageBytes = 2 << 20;
constexpr int64_t kLeastBytes = kPageBytes;
constexpr int64_t kMostBytes = int64_t{1} << 40;
/// What is kept is the system's to take when memory is short.
constexpr int64_t kMostKeptBytes = int64_t{1} << 30;
/// A kept block is taken for a request of at least this part of it.
constexpr int64_t kFitNumerator = 3;
constexpr int64_t kFitDenominator = 4;

int64_t RoundUp(int64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

/// Memory that starts at a page of 2 MiB; null where there is none.
uint8_t* Map(int64_t bytes) {
  const int64_t with_slack = bytes + kPageBytes;
  void* const mapped =
      ::mmap(nullptr, with_slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const start = static_cast<uint8_t*>(mapped);
  const auto address = reinterpret_cast<uintptr_t>(start);
  const int64_t before = RoundUp(static_cast<int64_t>(address)) - static_cast<int64_t>(address);
  if (before > 0) ::munmap(start, before);
  if (before < kPageBytes) ::munmap(start + before + bytes, kPageBytes - before);
  return start + before;
}

/// Gives back what is behind the first `bytes` of a mapping.
void CutTail(uint8_t* start, int64_t bytes, int64_t* length) {
  if (bytes < *length) ::munmap(start + bytes, *length - bytes);
  *length = bytes;
}

/// The last page of 2 MiB would be more than what is needed: it stays one of small pages.
void AdviseHugePages(uint8_t* start, int64_t size) {
#if defined(MADV_HUGEPAGE)  // macOS has no such advice
  const int64_t whole = size / kPageBytes * kPageBytes;
  if (whole > 0) ::madvise(start, whole, MADV_HUGEPAGE);
#endif
}

}  // namespace

bool LargeBlockPool::IsLarge(int64_t size) {
#if defined(__SANITIZE_ADDRESS__)
  return false;  // its own allocator sees what is read beyond a block
#else
  return size >= kLeastBytes;
#endif
}

/// The smallest one that fits and is not much too large; empty where there is none.
LargeBlockPool::Block LargeBlockPool::TakeKept(int64_t bytes) {
  auto best = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    const bool fits = it->bytes >= bytes && bytes >= it->bytes / kFitDenominator * kFitNumerator;
    if (fits && (best == kept_.end() || it->bytes < best->bytes)) best = it;
  }
  if (best == kept_.end()) return {};
  const Block block = *best;
  kept_.erase(best);
  kept_bytes_ -= block.bytes;
  return block;
}

/// Gives back what is kept, the oldest first, until that is `least_bytes`.
void LargeBlockPool::DropKept(int64_t least_bytes) {
  int64_t dropped = 0;
  while (!kept_.empty() && dropped < least_bytes) {
    const Block block = kept_.front();
    kept_.pop_front();
    kept_bytes_ -= block.bytes;
    dropped += block.bytes;
    ::munmap(block.start, block.bytes);
  }
}

arrow::Status LargeBlockPool::AllocateLarge(int64_t size, uint8_t** out) {
  if (size > kMostBytes) return arrow::Status::OutOfMemory("malloc of size ", size, " failed");
  const int64_t bytes = RoundUp(size);
  const std::lock_guard lock(mutex_);
  Block block = TakeKept(bytes);
  if (block.start == nullptr) {
    // What nobody asked for again goes first: kept blocks are no reason to take more.
    DropKept(bytes);
    block = {Map(bytes), bytes};
    if (block.start == nullptr) {
      return arrow::Status::OutOfMemory("malloc of size ", size, " failed");
    }
  }
  AdviseHugePages(block.start, size);
  lengths_[block.start] = block.bytes;
  *out = block.start;
  return arrow::Status::OK();
}

void LargeBlockPool::FreeLarge(uint8_t* start) {
  const std::lock_guard lock(mutex_);
  const auto found = lengths_.find(start);
  const Block block{start, found->second};
  lengths_.erase(found);
  if (block.bytes > kMostKeptBytes) {
    ::munmap(block.start, block.bytes);
    return;
  }
  DropKept(kept_bytes_ + block.bytes - kMostKeptBytes);
  ::madvise(block.start, block.bytes, MADV_FREE);
  kept_.push_back(block);
  kept_bytes_ += block.bytes;
}

arrow::Status LargeBlockPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  if (!IsLarge(size)) return parent_->Allocate(size, alignment, out);
  return AllocateLarge(size, out);
}

arrow::Status LargeBlockPool::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                                         uint8_t** block) {
  if (!IsLarge(old_size) && !IsLarge(new_size)) {
    return parent_->Reallocate(old_size, new_size, alignment, block);
  }
  if (IsLarge(old_size) && IsLarge(new_size)) {
    const std::lock_guard lock(mutex_);
    int64_t& length = lengths_.at(*block);
    // Growing arrays double: the room that is there is used up first.
    if (new_size <= length) {
      if (new_size <= old_size / 2) CutTail(*block, RoundUp(new_size), &length);
      return arrow::Status::OK();
    }
  }
  uint8_t* moved = nullptr;
  ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
  std::memcpy(moved, *block, static_cast<size_t>(std::min(old_size, new_size)));
  Free(*block, old_size, alignment);
  *block = moved;
  return arrow::Status::OK();
}

void LargeBlockPool::Free(uint8_t* block, int64_t size, int64_t alignment) {
  if (!IsLarge(size)) return parent_->Free(block, size, alignment);
  FreeLarge(block);
}

void LargeBlockPool::ReleaseUnused() {
  {
    const std::lock_guard lock(mutex_);
    DropKept(kept_bytes_);
  }
  parent_->ReleaseUnused();
}

}  // namespace packed
