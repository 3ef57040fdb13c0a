#include "gather_small.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/util/bit_util.h"

#include "buffer_placer.h"
#include "packed/mapping.h"
#include "packed/memory.h"

namespace packed::binding {
namespace {

constexpr int64_t kAloneBytes = 128 << 10;

bool IsSmall(const OutgoingBuffer& buffer) {
  return buffer.data != nullptr && buffer.block < 0 && buffer.size < kAloneBytes &&
         MappingOf(buffer.owner) == nullptr;
}

}  // namespace

arrow::Status GatherSmall(OutgoingBatch* batch) {
  std::vector<OutgoingBuffer*> small;
  int64_t bytes = 0;
  for (OutgoingBuffer& buffer : batch->buffers) {
    if (!IsSmall(buffer)) continue;
    small.push_back(&buffer);
    bytes += arrow::bit_util::RoundUpToMultipleOf64(buffer.size);
  }
  if (small.size() < 2 || bytes < kLendBytes) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> block, arrow::AllocateBuffer(bytes, Pool()));
  const auto index = static_cast<int>(batch->blocks.size());
  uint8_t* place = block->mutable_data();
  for (OutgoingBuffer* const buffer : small) {
    const int64_t room = arrow::bit_util::RoundUpToMultipleOf64(buffer->size);
    std::memcpy(place, buffer->data, static_cast<size_t>(buffer->size));
    std::memset(place + buffer->size, 0, static_cast<size_t>(room - buffer->size));
    *buffer = {place, buffer->size, block, index};
    place += room;
  }
  batch->blocks.push_back(std::move(block));
  return arrow::Status::OK();
}

}  // namespace packed::binding
