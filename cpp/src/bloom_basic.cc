#include <cstring>
#include <string>

#include "arrow/util/bit_util.h"
#include "arrow/util/endian.h"

#include "bloom_bits.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

constexpr uint64_t kWordBits = 64;
/// The number of bits comes first.
constexpr uint64_t kHeaderBytes = 8;

uint64_t WordBytes(uint64_t bits) { return (bits / kWordBits + (bits % kWordBits != 0)) * 8; }

}  // namespace

arrow::Result<BasicBits> BasicBits::Make(const BloomSize& size) {
  const auto bytes = static_cast<int64_t>(WordBytes(size.bits));
  BasicBits made;
  ARROW_ASSIGN_OR_RAISE(made.memory_, arrow::AllocateBuffer(bytes, Pool()));
  std::memset(made.memory_->mutable_data(), 0, static_cast<size_t>(bytes));
  made.words_ = made.memory_->mutable_data_as<uint64_t>();
  made.bits_ = size.bits;
  made.k_ = size.k;
  return made;
}

arrow::Result<BasicBits> BasicBits::Load(const BloomParts& parts) {
  const uint64_t bytes = parts.bytes.size();
  uint64_t length = 0;
  if (bytes >= kHeaderBytes) std::memcpy(&length, parts.bytes.data(), kHeaderBytes);
  length = arrow::bit_util::FromBigEndian(length);
  if (parts.bits == 0 || length != parts.bits || bytes - kHeaderBytes != WordBytes(parts.bits)) {
    return MakeError(ErrorCode::kInvalidData,
                     "Expected a length and as many words for a basic filter of " +
                         std::to_string(parts.bits) + " bits but received " +
                         std::to_string(bytes) + " bytes with a length of " +
                         std::to_string(length));
  }
  ARROW_ASSIGN_OR_RAISE(BasicBits loaded, Make({parts.bits, parts.k}));
  for (uint64_t at = kHeaderBytes; at < bytes; at += 8) {
    uint64_t word;
    std::memcpy(&word, parts.bytes.data() + at, sizeof(word));
    loaded.words_[(at - kHeaderBytes) / 8] = arrow::bit_util::FromBigEndian(word);
  }
  return loaded;
}

BloomParts BasicBits::Save() const {
  BloomParts parts{BloomKind::kBasic, k_, bits_, {}};
  parts.bytes.resize(kHeaderBytes + static_cast<size_t>(memory_->size()));
  uint8_t* target = parts.bytes.data();
  const auto put = [&target](uint64_t word) {
    word = arrow::bit_util::ToBigEndian(word);
    std::memcpy(target, &word, sizeof(word));
    target += sizeof(word);
  };
  put(bits_);
  for (int64_t i = 0; i < memory_->size() / 8; ++i) put(words_[i]);
  return parts;
}

uint64_t BasicBits::Position(const Hash& hash, uint64_t i) const {
  return (hash[i % 2] + i * hash[2 + (i + i % 2) % 4 / 2]) % bits_;
}

void BasicBits::Set(const Hash& hash) {
  for (uint64_t i = 0; i < k_; ++i) {
    const uint64_t position = Position(hash, i);
    words_[position / kWordBits] |= uint64_t{1} << (position % kWordBits);
  }
}

bool BasicBits::Has(const Hash& hash) const {
  for (uint64_t i = 0; i < k_; ++i) {
    const uint64_t position = Position(hash, i);
    if ((words_[position / kWordBits] >> (position % kWordBits) & 1) == 0) return false;
  }
  return true;
}

}  // namespace packed
