#include "step_block.h"

#include <cstring>

#include "arrow/util/bit_util.h"

#include "packed/memory.h"

namespace packed {
namespace {

/// From here on a column is worth pages of its own.
constexpr int64_t kWideBytes = 1 << 20;

int64_t Room(int64_t bytes) { return arrow::bit_util::RoundUpToMultipleOf64(bytes); }

}  // namespace

void StepBlock::Expect(int64_t bytes) {
  if (bytes == 0 || bytes >= kWideBytes) return;
  ++columns_;
  expected_bytes_ += Room(bytes);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> StepBlock::Take(int64_t bytes) {
  const bool fits = taken_bytes_ + Room(bytes) <= expected_bytes_;
  if (columns_ < 2 || bytes == 0 || bytes >= kWideBytes || !fits) {
    return arrow::AllocateBuffer(bytes, Pool());
  }
  if (!block_) {
    ARROW_ASSIGN_OR_RAISE(block_, arrow::AllocateBuffer(expected_bytes_, Pool()));
  }
  auto part = arrow::SliceMutableBuffer(block_, taken_bytes_, bytes);
  // Nobody fills what is between the parts, and the block is handed out whole.
  std::memset(part->mutable_data() + bytes, 0, static_cast<size_t>(Room(bytes) - bytes));
  taken_bytes_ += Room(bytes);
  return part;
}

}  // namespace packed
