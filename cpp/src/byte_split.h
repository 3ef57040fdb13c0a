#pragma once

#include <cstdint>

namespace packed {

/// \brief Transpose: byte `j` of row `i`, of `rows` rows of `width` bytes, goes to `out[j * rows +
/// i]`.
///
/// What Parquet calls BYTE_STREAM_SPLIT, of values of any width.
void SplitBytes(const uint8_t* values, int64_t rows, int64_t width, uint8_t* out);

}  // namespace packed
