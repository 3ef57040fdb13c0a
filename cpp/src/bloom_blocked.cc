#include <cstring>
#include <string>

// Everything static: no symbol of ours meets another copy of the library.
#define XXH_INLINE_ALL
#include "arrow/vendored/xxhash.h"

#include "arrow/util/endian.h"

#include "bloom_bits.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

constexpr uint64_t kBlockBytes = kBlockBits / 8;
constexpr uint32_t kWordBits = 32;
constexpr uint32_t kBlockWords = kBlockBits / kWordBits;

/// Calls `visit(word, mask)` for each bit of a key; ends early when it answers false.
template <typename Visit>
bool EachBit(uint64_t hash, uint32_t k, Visit&& visit) {
  auto position = static_cast<uint32_t>(hash >> 32);
  auto step = static_cast<uint32_t>(hash);
  // Enhanced double hashing; the first of the k functions has chosen the block.
  for (uint32_t i = 1; i < k; ++i) {
    position += step;
    step += i;
    const uint32_t mask = uint32_t{1} << (position % kWordBits);
    if (!visit((position / kWordBits) % kBlockWords, mask)) return false;
  }
  return true;
}

// Words are kept as stored, in little-endian order.
uint32_t Stored(uint32_t mask) { return arrow::bit_util::ToLittleEndian(mask); }

}  // namespace

arrow::Result<BlockedBits> BlockedBits::Make(const BloomSize& size) {
  const auto bytes = static_cast<int64_t>(size.bits / 8);
  BlockedBits made;
  ARROW_ASSIGN_OR_RAISE(made.memory_, arrow::AllocateBuffer(bytes, Pool()));
  std::memset(made.memory_->mutable_data(), 0, static_cast<size_t>(bytes));
  made.words_ = made.memory_->mutable_data_as<uint32_t>();
  made.blocks_ = size.bits / kBlockBits;
  made.k_ = static_cast<uint32_t>(size.k);
  return made;
}

arrow::Result<BlockedBits> BlockedBits::Load(const BloomParts& parts) {
  const uint64_t bytes = parts.bytes.size();
  if (bytes == 0 || bytes % kBlockBytes != 0 || parts.bits != bytes * 8) {
    return MakeError(ErrorCode::kInvalidData,
                     "Expected a whole number of 64-byte blocks for a blocked filter of " +
                         std::to_string(parts.bits) + " bits but received " +
                         std::to_string(bytes) + " bytes");
  }
  ARROW_ASSIGN_OR_RAISE(BlockedBits loaded, Make({parts.bits, parts.k}));
  std::memcpy(loaded.words_, parts.bytes.data(), bytes);
  return loaded;
}

BloomParts BlockedBits::Save() const {
  const uint8_t* bytes = memory_->data();
  return {BloomKind::kBlocked, k_, blocks_ * kBlockBits, {bytes, bytes + memory_->size()}};
}

BlockedBits::Hash BlockedBits::HashOf(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

uint32_t* BlockedBits::BlockOf(Hash hash) const {
  return words_ + ((uint64_t{static_cast<uint32_t>(hash)} * blocks_) >> 32) * kBlockWords;
}

void BlockedBits::Set(Hash hash) {
  uint32_t* block = BlockOf(hash);
  EachBit(hash, k_, [block](uint32_t word, uint32_t mask) {
    block[word] |= Stored(mask);
    return true;
  });
}

bool BlockedBits::Has(Hash hash) const {
  const uint32_t* block = BlockOf(hash);
  return EachBit(hash, k_, [block](uint32_t word, uint32_t mask) {
    return (block[word] & Stored(mask)) != 0;
  });
}

}  // namespace packed
