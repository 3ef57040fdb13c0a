#pragma once

#include <cstdint>

namespace packed {

/// Codes are from minus this to this: symmetric, so that 0 is 0 and no sign is favoured.
inline constexpr float kMostCode = 127;

/// \brief Bits of the largest magnitude of `count` float32 at any address. At least
/// `kNotFiniteBits` where one of them is infinite or NaN.
uint32_t MagnitudeBits(const uint8_t* values, int64_t count);
inline constexpr uint32_t kNotFiniteBits = 0x7f800000;

/// \brief The scale by which magnitudes up to `max_abs` (finite) have a code; 0 for 0.
///
/// `max_abs / 127`, but for numbers at the ends of float32: there the next one that neither makes
/// a code of more than 127 nor a value that is infinite.
float ScaleFor(float max_abs);

/// \brief The codes of `count` finite values at any address whose magnitudes `scale` is for, and
/// the largest error: exactly |value - code * scale|, as decoding in float32 has it.
///
/// Quotients are rounded to the nearest, ties to even. The same on every machine.
float QuantizeValues(const uint8_t* values, int64_t count, float scale, int8_t* codes);

/// \brief `code * scale`, rounded once, of `count` codes.
void DequantizeValues(const int8_t* codes, int64_t count, float scale, float* values);

}  // namespace packed
