#pragma once

#include <memory>

#include "arrow/array.h"
#include "arrow/buffer.h"
#include "arrow/result.h"
#include "parquet/types.h"

namespace packed {

/// \brief The values of `pieces`, without nulls, as DELTA_BINARY_PACKED (of 4 or 8 bytes),
/// DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY (of strings and binaries).
///
/// At least one piece. Throws as Parquet does; any thread.
arrow::Result<std::shared_ptr<arrow::Buffer>> EncodeDeltas(parquet::Encoding::type encoding,
                                                           const arrow::ArrayVector& pieces);

}  // namespace packed
