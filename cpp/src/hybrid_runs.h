#pragma once

#include <cstdint>
#include <span>

namespace packed {

/// \brief Decodes Parquet's hybrid of runs and bit-packed values: definition levels and indices
/// into dictionaries. Never reads beyond its bytes.
class HybridRuns {
 public:
  /// Values of `bit_width` bits, 0 to 32.
  HybridRuns(std::span<const uint8_t> bytes, int bit_width)
      : bytes_(bytes), bit_width_(bit_width) {}

  /// \brief Decode the next `count` values; false where the bytes do not have them.
  [[nodiscard]] bool Read(int64_t count, uint32_t* values);

  /// \brief Decode the next `count` values of one bit into the bitmap at `bits`, from its first
  /// bit on; false where the bytes do not have them.
  [[nodiscard]] bool ReadBits(int64_t count, uint8_t* bits);

 private:
  bool NextRun();
  void Unpack(int64_t count, uint32_t* values);

  std::span<const uint8_t> bytes_;
  const int bit_width_;
  int64_t repeated_ = 0;      ///< values left of a run
  uint32_t value_ = 0;        ///< of the run
  int64_t packed_ = 0;        ///< values left of a bit-packed run
  int64_t packed_first_ = 0;  ///< position in it of the next one
  std::span<const uint8_t> packed_bytes_;
};

}  // namespace packed
