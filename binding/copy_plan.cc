#include "copy_plan.h"

#include <cstring>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

#include "packed/memory.h"

namespace packed::binding {

void CopyPlan::Add(Entry entry) {
  total_bytes_ += arrow::bit_util::RoundUpToMultipleOf64(entry.bytes);
  entries_.push_back(entry);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> CopyPlan::Run() {
  if (entries_.empty()) return nullptr;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> arena,
                        arrow::AllocateBuffer(total_bytes_, Pool()));
  uint8_t* target = arena->mutable_data();
  for (const Entry& entry : entries_) {
    if (entry.bits > 0) {
      arrow::internal::CopyBitmap(static_cast<const uint8_t*>(entry.source), entry.bit_offset,
                                  entry.bits, target, 0);
    } else if (entry.bytes > 0) {
      std::memcpy(target, entry.source, static_cast<size_t>(entry.bytes));
    }
    *entry.slot = target;
    target += arrow::bit_util::RoundUpToMultipleOf64(entry.bytes);
  }
  entries_.clear();
  total_bytes_ = 0;
  return arena;
}

}  // namespace packed::binding
