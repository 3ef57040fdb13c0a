#include "thrift_compact.h"

#include <limits>

namespace packed {
namespace {

/// Nesting of what is skipped: page headers have three levels.
constexpr int kMostDepth = 16;
constexpr int kVarintBytes = 10;

}  // namespace

void ThriftCompactReader::Fail(State state) {
  if (state_ == State::kGood) state_ = state;
}

uint8_t ThriftCompactReader::ReadByte() {
  if (!good()) return 0;
  if (position_ == bytes_.size()) {
    Fail(State::kShort);
    return 0;
  }
  return bytes_[position_++];
}

uint64_t ThriftCompactReader::ReadVarint() {
  uint64_t value = 0;
  for (int i = 0; i < kVarintBytes; ++i) {
    const uint8_t byte = ReadByte();
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) return good() ? value : 0;
  }
  Fail(State::kBad);
  return 0;
}

int64_t ThriftCompactReader::ReadZigzag() {
  const uint64_t value = ReadVarint();
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

int32_t ThriftCompactReader::ReadI32() {
  const int64_t value = ReadZigzag();
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    Fail(State::kBad);
    return 0;
  }
  return static_cast<int32_t>(value);
}

ThriftCompactReader::Field ThriftCompactReader::NextField(int16_t last_id) {
  const uint8_t byte = ReadByte();
  Field field;
  field.type = byte & 0x0f;
  if (!good() || field.type == kStop) return {};
  const uint8_t delta = byte >> 4;
  const int64_t id = delta != 0 ? last_id + delta : ReadZigzag();
  if (id < std::numeric_limits<int16_t>::min() || id > std::numeric_limits<int16_t>::max()) {
    Fail(State::kBad);
  }
  if (!good()) return {};
  field.id = static_cast<int16_t>(id);
  return field;
}

void ThriftCompactReader::Advance(uint64_t bytes) {
  if (!good()) return;
  if (bytes > bytes_.size() - position_) {
    // More than any header has: not worth asking for.
    constexpr uint64_t kMostBytes = std::numeric_limits<int32_t>::max();
    return Fail(bytes > kMostBytes ? State::kBad : State::kShort);
  }
  position_ += static_cast<size_t>(bytes);
}

void ThriftCompactReader::SkipNested(uint8_t type, int depth) {
  if (depth > kMostDepth) return Fail(State::kBad);
  switch (type) {
    case kTrue:
    case kFalse:
      return;  // the value of a field is its type
    case kByte:
      return Advance(1);
    case kI16:
    case kI32:
    case kI64:
      ReadVarint();
      return;
    case kDouble:
      return Advance(sizeof(double));
    case kBinary:
      return Advance(ReadVarint());
    case kList:
    case kSet:
      return SkipList(depth);
    case kMap:
      return SkipMap(depth);
    case kStruct:
      for (Field field = NextField(0); field.type != kStop; field = NextField(field.id)) {
        SkipNested(field.type, depth + 1);
      }
      return;
    default:
      return Fail(State::kBad);
  }
}

void ThriftCompactReader::SkipList(int depth) {
  const uint8_t header = ReadByte();
  const uint64_t count = (header >> 4) == 15 ? ReadVarint() : header >> 4;
  SkipElements(count, header & 0x0f, depth);
}

void ThriftCompactReader::SkipMap(int depth) {
  const uint64_t count = ReadVarint();
  if (count == 0) return;
  const uint8_t types = ReadByte();
  for (uint64_t i = 0; i < count && good(); ++i) {
    SkipElements(1, types >> 4, depth);
    SkipElements(1, types & 0x0f, depth);
  }
}

/// Every element takes a byte at least, so the input bounds the loop whatever `count` says.
void ThriftCompactReader::SkipElements(uint64_t count, uint8_t type, int depth) {
  for (uint64_t i = 0; i < count && good(); ++i) {
    if (type == kTrue || type == kFalse) {
      Advance(1);
    } else {
      SkipNested(type, depth + 1);
    }
  }
}

}  // namespace packed
