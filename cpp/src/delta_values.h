#pragma once

#include <cstdint>
#include <span>

namespace packed {

/// \brief Decode `count` values of Parquet's DELTA_BINARY_PACKED, of int32_t or int64_t; false
/// where the bytes do not have them, or are none of that. Never reads beyond the bytes.
///
/// `rest`, where it is not null, gets the bytes behind the values, and then there have to be
/// exactly `count`.
template <typename T>
[[nodiscard]] bool ReadDelta(std::span<const uint8_t> bytes, int64_t count, T* values,
                             std::span<const uint8_t>* rest = nullptr);

extern template bool ReadDelta<int32_t>(std::span<const uint8_t>, int64_t, int32_t*,
                                        std::span<const uint8_t>*);
extern template bool ReadDelta<int64_t>(std::span<const uint8_t>, int64_t, int64_t*,
                                        std::span<const uint8_t>*);

}  // namespace packed
