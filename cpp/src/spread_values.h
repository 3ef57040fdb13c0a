#pragma once

#include <cstdint>

#include "column_shape.h"

namespace packed {

/// \brief Put `count` values, as PLAIN has them one after the other at `dense`, to the rows that
/// have one: those set in `validity`, or all where it is null. Other rows become zero.
///
/// `dense` may be at any address. `validity` has exactly `count` bits set among `rows`.
void SpreadValues(const ColumnShape& shape, const uint8_t* dense, int64_t count,
                  const uint8_t* validity, int64_t rows, uint8_t* values);

/// \brief The same for bits: from the bitmap `dense` to the one at `values`.
void SpreadBits(const uint8_t* dense, int64_t count, const uint8_t* validity, int64_t rows,
                uint8_t* values);

/// \brief values[i] = dictionary[indices[i]], of `width` bytes; indices are within it.
void GatherValues(const uint8_t* dictionary, int64_t width, const uint32_t* indices, int64_t count,
                  uint8_t* values);

}  // namespace packed
