#pragma once

#include <cstdint>
#include <span>

#include "arrow/result.h"
#include "parquet/types.h"

namespace packed {

/// \brief Decompress the body of a page to `out`, which has room for `size` bytes; how many there
/// were. Any thread.
arrow::Result<int64_t> DecompressPage(parquet::Compression::type codec,
                                      std::span<const uint8_t> bytes, int64_t size, uint8_t* out);

}  // namespace packed
