#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "arrow/status.h"

#include "borrowed_memory.h"
#include "copy_plan.h"
#include "field_path.h"
#include "flat_reader.h"

namespace packed::binding {

/// Buffers below this size are copied: a copy is cheaper than a reference, and short-lived pooled
/// memory (Node's Buffer slab) is among them.
inline constexpr int64_t kLendBytes = 16 << 10;

/// \brief "Expected … for field '…' but received …", kInvalidData.
arrow::Status FieldMismatch(const FieldPath& path, const std::string& expected, int64_t received);

/// \brief Decides for each buffer of a batch: lend, copy, or zeros. JS thread.
///
/// Slots of copied buffers are filled by Run and must stay where they are until then.
class BufferPlacer {
 public:
  BufferPlacer(std::shared_ptr<BorrowedMemory> memory, bool copy)
      : memory_(std::move(memory)), copy_(copy) {}

  const std::shared_ptr<BorrowedMemory>& memory() const { return memory_; }

  /// \brief Copy every buffer from now on (or not); returns what held before.
  bool SetCopy(bool copy) { return std::exchange(copy_, copy); }

  /// \brief Start another plan of copies; returns the one before, for a later call of this.
  CopyPlan ReplaceCopies(CopyPlan copies) { return std::exchange(copies_, std::move(copies)); }

  /// \brief Place `bytes` bytes; a shorter view is an error unless nothing in it is valid.
  arrow::Status PlaceBytes(const FieldPath& path, const FlatView& view, int64_t bytes,
                           int64_t alignment, bool nothing_valid, const void** slot);

  /// \brief Place `bits` bits that start at bit `first`, so that they start at bit 0.
  arrow::Status PlaceBits(const FieldPath& path, const FlatView& view, int64_t first, int64_t bits,
                          bool nothing_valid, const void** slot);

  arrow::Status PlaceZeros(int64_t bytes, const void** slot);

  /// \brief Make the planned copies.
  arrow::Status Run();

 private:
  std::shared_ptr<BorrowedMemory> memory_;
  bool copy_;
  CopyPlan copies_;
};

}  // namespace packed::binding
