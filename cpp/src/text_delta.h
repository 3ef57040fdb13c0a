#pragma once

#include <cstdint>
#include <span>

#include "arrow/result.h"

#include "text_values.h"

namespace packed {

/// \brief `count` values of a page in PLAIN, DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY (by its
/// number in parquet.thrift), at the rows set in `validity`, or at all where it is null. IOError
/// where the bytes do not have them.
arrow::Result<TextRows> ReadText(int32_t encoding, std::span<const uint8_t> bytes, int64_t count,
                                 const uint8_t* validity, int64_t rows);

}  // namespace packed
