#include "share_blocks.h"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "buffer_placer.h"
#include "packed/mapping.h"

namespace packed::binding {
namespace {

/// The buffers of a batch that lie in one allocation.
struct Share {
  std::shared_ptr<arrow::Buffer> block;
  std::vector<OutgoingBuffer*> parts;
  int64_t bytes = 0;

  bool worth_it() const {
    return parts.size() > 1 && block->size() >= kLendBytes && bytes > block->size() / 2;
  }
};

std::shared_ptr<arrow::Buffer> AllocationOf(std::shared_ptr<arrow::Buffer> buffer) {
  while (buffer->parent() != nullptr) buffer = buffer->parent();
  return buffer;
}

}  // namespace

void ShareBlocks(OutgoingBatch* batch) {
  std::vector<Share> shares;
  std::unordered_map<const arrow::Buffer*, size_t> places;
  for (OutgoingBuffer& buffer : batch->buffers) {
    if (buffer.data == nullptr || buffer.owner->parent() == nullptr) continue;
    if (MappingOf(buffer.owner) != nullptr) continue;
    std::shared_ptr<arrow::Buffer> block = AllocationOf(buffer.owner);
    const auto [place, is_new] = places.try_emplace(block.get(), shares.size());
    if (is_new) shares.push_back({std::move(block), {}});
    Share& share = shares[place->second];
    share.parts.push_back(&buffer);
    share.bytes += buffer.size;
  }
  for (Share& share : shares) {
    if (!share.worth_it()) continue;
    const auto index = static_cast<int>(batch->blocks.size());
    for (OutgoingBuffer* const part : share.parts) part->block = index;
    batch->blocks.push_back(std::move(share.block));
  }
}

}  // namespace packed::binding
