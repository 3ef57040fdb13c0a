#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace packed {

/// \brief Reads Thrift's compact protocol from memory, never beyond it.
///
/// The first thing that is not there or not right ends the reading: every later call gives zeros.
/// Only what page headers are made of; everything else can be skipped.
class ThriftCompactReader {
 public:
  enum class State : uint8_t {
    kGood,
    kShort,  ///< the bytes end before what is read does
    kBad,    ///< no bytes could make it right
  };

  /// Type nibbles of fields and elements.
  enum Type : uint8_t {
    kStop = 0,
    kTrue = 1,
    kFalse = 2,
    kByte = 3,
    kI16 = 4,
    kI32 = 5,
    kI64 = 6,
    kDouble = 7,
    kBinary = 8,
    kList = 9,
    kSet = 10,
    kMap = 11,
    kStruct = 12,
  };

  struct Field {
    int16_t id = 0;
    uint8_t type = kStop;
  };

  explicit ThriftCompactReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  State state() const { return state_; }
  bool good() const { return state_ == State::kGood; }
  /// Bytes that were read.
  size_t position() const { return position_; }

  /// \brief The header of the next field of a struct, kStop at its end. `last_id` is of the field
  /// before it, 0 at the start of the struct.
  Field NextField(int16_t last_id);

  /// A zigzag number that has to fit the type.
  int32_t ReadI32();

  /// \brief Go over a value of `type`.
  void Skip(uint8_t type) { SkipNested(type, 0); }

 private:
  uint8_t ReadByte();
  uint64_t ReadVarint();
  int64_t ReadZigzag();
  void Advance(uint64_t bytes);
  void SkipNested(uint8_t type, int depth);
  void SkipList(int depth);
  void SkipMap(int depth);
  void SkipElements(uint64_t count, uint8_t type, int depth);
  void Fail(State state);

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  State state_ = State::kGood;
};

}  // namespace packed
