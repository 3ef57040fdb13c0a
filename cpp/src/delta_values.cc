#include "delta_values.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace packed {
namespace {

/// Blocks and their parts have a multiple of this many values, so that parts end with a byte.
constexpr uint64_t kLeastPart = 8;
constexpr uint64_t kMostBlock = uint64_t{1} << 31;
constexpr int kMostVarintBits = 64;
/// Widths up to which a value lies within eight bytes, wherever it begins.
constexpr int kMostWordBits = 56;

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool Varint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < kMostVarintBits; shift += 7) {
      if (bytes_.empty()) return false;
      const uint8_t byte = bytes_.front();
      bytes_ = bytes_.subspan(1);
      *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  bool ZigZag(uint64_t* value) {
    uint64_t stored = 0;
    if (!Varint(&stored)) return false;
    *value = (stored >> 1) ^ (~(stored & 1) + 1);
    return true;
  }

  /// At most `size` bytes: the last part of a page may be cut.
  std::span<const uint8_t> Take(uint64_t size) {
    const auto taken = bytes_.first(std::min<size_t>(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

  std::span<const uint8_t> rest() const { return bytes_; }

 private:
  std::span<const uint8_t> bytes_;
};

uint64_t Word(const uint8_t* bytes, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, std::min(size, sizeof(word)));
  return word;
}

/// Adds up `count` deltas of `width` bits each, from `*last` on. Wraps around as the format does.
template <typename T>
void AddDeltas(std::span<const uint8_t> packed, int width, uint64_t least, int64_t count,
               uint64_t* last, T* values) {
  uint64_t sum = *last;
  if (width == 0) {
    for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(sum += least);
    *last = sum;
    return;
  }
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  const size_t size = packed.size();
  size_t bit = 0;
  int64_t i = 0;
  // Whole words as long as there are eight bytes to read.
  const int64_t words =
      width > kMostWordBits || size < 8 ? 0 : static_cast<int64_t>((size - 8) * 8 / width);
  for (const int64_t end = std::min(count, words); i < end; ++i, bit += width) {
    uint64_t word = 0;
    std::memcpy(&word, packed.data() + bit / 8, sizeof(word));
    values[i] = static_cast<T>(sum += least + ((word >> (bit % 8)) & mask));
  }
  for (; i < count; ++i, bit += width) {
    const size_t byte = bit / 8;
    const size_t shift = bit % 8;
    uint64_t delta = Word(packed.data() + byte, size - byte) >> shift;
    if (shift + width > 64) {
      delta |= Word(packed.data() + byte + 8, size - byte - 8) << (64 - shift);
    }
    values[i] = static_cast<T>(sum += least + (delta & mask));
  }
  *last = sum;
}

}  // namespace

template <typename T>
bool ReadDelta(std::span<const uint8_t> bytes, int64_t count, T* values,
               std::span<const uint8_t>* rest) {
  Reader reader(bytes);
  uint64_t block = 0;
  uint64_t parts = 0;
  uint64_t total = 0;
  uint64_t last = 0;
  if (!reader.Varint(&block) || !reader.Varint(&parts) || !reader.Varint(&total) ||
      !reader.ZigZag(&last)) {
    return false;
  }
  if (block > kMostBlock || parts == 0 || parts > block || block % parts != 0) return false;
  const uint64_t part_values = block / parts;
  if (part_values % kLeastPart != 0 || total < static_cast<uint64_t>(count)) return false;
  if (rest != nullptr && total != static_cast<uint64_t>(count)) return false;
  if (count > 0) values[0] = static_cast<T>(last);
  for (int64_t done = 1; done < count;) {
    uint64_t least = 0;
    if (!reader.ZigZag(&least)) return false;
    const auto widths = reader.Take(parts);
    if (widths.size() < parts) return false;
    for (uint64_t part = 0; part < parts && done < count; ++part) {
      const int width = widths[part];
      if (width > static_cast<int>(8 * sizeof(T))) return false;
      const int64_t taken = std::min<int64_t>(count - done, static_cast<int64_t>(part_values));
      const auto packed = reader.Take(part_values * width / 8);
      if (packed.size() * 8 < static_cast<uint64_t>(taken) * width) return false;
      AddDeltas(packed, width, least, taken, &last, values + done);
      done += taken;
    }
  }
  if (rest != nullptr) *rest = reader.rest();
  return true;
}

template bool ReadDelta<int32_t>(std::span<const uint8_t>, int64_t, int32_t*,
                                 std::span<const uint8_t>*);
template bool ReadDelta<int64_t>(std::span<const uint8_t>, int64_t, int64_t*,
                                 std::span<const uint8_t>*);

}  // namespace packed
