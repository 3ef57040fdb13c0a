#include "quantize_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

// Plain loops that compilers turn into vector instructions. No product and sum may become one
// instruction, which rounds once where the decoder rounds twice: see CMakeLists.txt.

namespace packed {
namespace {

constexpr uint32_t kMagnitudeMask = 0x7fffffff;
/// 1.5 * 2^23: what is added to it is rounded to an integer, ties to even, which is then in the low
/// bits.
constexpr float kRounder = 12582912.0F;
constexpr int32_t kRounderBits = 0x4b400000;

float LoadFloat(const uint8_t* values, int64_t i) {
  float value;
  std::memcpy(&value, values + i * static_cast<int64_t>(sizeof(float)), sizeof(float));
  return value;
}

}  // namespace

uint32_t MagnitudeBits(const uint8_t* values, int64_t count) {
  // As integers, magnitudes have the order of their values, and infinities and NaN are above.
  int32_t most = 0;
  for (int64_t i = 0; i < count; ++i) {
    int32_t bits;
    std::memcpy(&bits, values + i * static_cast<int64_t>(sizeof(bits)), sizeof(bits));
    most = std::max(most, bits & static_cast<int32_t>(kMagnitudeMask));
  }
  return static_cast<uint32_t>(most);
}

float ScaleFor(float max_abs) {
  if (max_abs == 0) return 0;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float scale = max_abs / kMostCode;
  // Of subnormal numbers the quotient has few bits, or none.
  while (scale == 0 || max_abs / scale >= kMostCode + 0.5F)
    scale = std::nextafter(scale, kInfinity);
  if (std::isinf(kMostCode * scale)) scale = std::nextafter(scale, 0.0F);
  return scale;
}

float QuantizeValues(const uint8_t* values, int64_t count, float scale, int8_t* codes) {
  if (scale == 0) {
    std::memset(codes, 0, static_cast<size_t>(count));
    return 0;
  }
  int32_t most = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float value = LoadFloat(values, i);
    const float shifted = value / scale + kRounder;
    codes[i] = static_cast<int8_t>(std::bit_cast<int32_t>(shifted) - kRounderBits);
    const float decoded = (shifted - kRounder) * scale;
    // Exact: the two are within a factor of two of each other, or `decoded` is 0.
    const float error = value - decoded;
    most = std::max(most, std::bit_cast<int32_t>(error) & static_cast<int32_t>(kMagnitudeMask));
  }
  return std::bit_cast<float>(most);
}

void DequantizeValues(const int8_t* codes, int64_t count, float scale, float* values) {
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(codes[i]) * scale;
}

}  // namespace packed
