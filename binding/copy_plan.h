#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"

namespace packed::binding {

/// \brief Buffers that are to be copied into one native allocation, and who points to them.
///
/// The slots must stay where they are until Run.
class CopyPlan {
 public:
  void AddBytes(const void* source, int64_t bytes, const void** slot) {
    Add({source, bytes, 0, 0, slot});
  }

  /// `bits` bits from bit `bit_offset` of `source`, moved to bit 0.
  void AddBits(const void* source, int64_t bit_offset, int64_t bits, const void** slot) {
    Add({source, (bits + 7) / 8, bit_offset, bits, slot});
  }

  /// \brief Copy everything and fill the slots. Null when nothing was planned.
  arrow::Result<std::shared_ptr<arrow::Buffer>> Run();

 private:
  struct Entry {
    const void* source;
    int64_t bytes;
    int64_t bit_offset;
    int64_t bits;  ///< 0 = whole bytes
    const void** slot;
  };

  void Add(Entry entry);

  std::vector<Entry> entries_;
  int64_t total_bytes_ = 0;
};

}  // namespace packed::binding
