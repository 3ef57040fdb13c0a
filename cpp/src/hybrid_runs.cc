#include "hybrid_runs.h"

#include <algorithm>
#include <cstring>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

namespace packed {
namespace {

constexpr int kVarintBytes = 5;
constexpr int64_t kPackedGroup = 8;

}  // namespace

/// Reads the header of the next run; the runs before it are used up.
bool HybridRuns::NextRun() {
  uint64_t header = 0;
  int length = 0;
  while (true) {
    if (bytes_.empty() || length == kVarintBytes) return false;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    header |= static_cast<uint64_t>(byte & 0x7f) << (7 * length++);
    if ((byte & 0x80) == 0) break;
  }
  const auto count = static_cast<int64_t>(header >> 1);
  if (count == 0) return false;
  if ((header & 1) != 0) {
    // The last group may be cut: its values beyond the end of the page are nobody's.
    const int64_t whole = count * bit_width_;
    const int64_t bytes = std::min<int64_t>(whole, static_cast<int64_t>(bytes_.size()));
    packed_ = bit_width_ == 0 ? count * kPackedGroup : bytes * 8 / bit_width_;
    packed_first_ = 0;
    packed_bytes_ = bytes_.first(static_cast<size_t>(bytes));
    bytes_ = bytes_.subspan(static_cast<size_t>(bytes));
    return packed_ > 0;
  }
  const auto value_bytes = static_cast<size_t>((bit_width_ + 7) / 8);
  if (bytes_.size() < value_bytes) return false;
  value_ = 0;
  std::memcpy(&value_, bytes_.data(), value_bytes);
  bytes_ = bytes_.subspan(value_bytes);
  repeated_ = count;
  return true;
}

void HybridRuns::Unpack(int64_t count, uint32_t* values) {
  if (bit_width_ == 0) {
    std::fill_n(values, count, 0);
    return;
  }
  const uint64_t mask = (uint64_t{1} << bit_width_) - 1;
  const auto size = static_cast<int64_t>(packed_bytes_.size());
  int64_t bit = packed_first_ * bit_width_;
  for (int64_t i = 0; i < count; ++i, bit += bit_width_) {
    uint64_t word = 0;
    const int64_t byte = bit / 8;
    if (byte + 8 <= size) {
      std::memcpy(&word, packed_bytes_.data() + byte, sizeof(word));
    } else {
      std::memcpy(&word, packed_bytes_.data() + byte, static_cast<size_t>(size - byte));
    }
    values[i] = static_cast<uint32_t>((word >> (bit % 8)) & mask);
  }
}

bool HybridRuns::Read(int64_t count, uint32_t* values) {
  while (count > 0) {
    if (repeated_ == 0 && packed_ == 0 && !NextRun()) return false;
    const int64_t taken = std::min(count, repeated_ > 0 ? repeated_ : packed_);
    if (repeated_ > 0) {
      std::fill_n(values, taken, value_);
      repeated_ -= taken;
    } else {
      Unpack(taken, values);
      packed_first_ += taken;
      packed_ -= taken;
    }
    values += taken;
    count -= taken;
  }
  return true;
}

bool HybridRuns::ReadBits(int64_t count, uint8_t* bits) {
  int64_t position = 0;
  while (position < count) {
    if (repeated_ == 0 && packed_ == 0 && !NextRun()) return false;
    const int64_t taken = std::min(count - position, repeated_ > 0 ? repeated_ : packed_);
    if (repeated_ > 0) {
      arrow::bit_util::SetBitsTo(bits, position, taken, value_ != 0);
      repeated_ -= taken;
    } else {
      // Both count bits from the lowest one.
      arrow::internal::CopyBitmap(packed_bytes_.data(), packed_first_, taken, bits, position);
      packed_first_ += taken;
      packed_ -= taken;
    }
    position += taken;
  }
  return true;
}

}  // namespace packed
