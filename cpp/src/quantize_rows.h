#pragma once

#include <cstdint>
#include <string>

#include "arrow/result.h"
#include "arrow/status.h"

#include "packed/cancel.h"
#include "vector_rows.h"

namespace packed {

/// How rows of vectors are quantized, and what errors say of them.
struct RowQuantizing {
  /// Scale of all rows; 0 = each row's own.
  float scale = 0;
  /// Largest magnitude that is taken, with a scale of all rows.
  float limit = 0;
  std::string field;      ///< empty = no field is named
  int64_t first_row = 0;  ///< what errors call the first of the rows
  int concurrency = 0;    ///< as ParallelFor has it
  CancelToken cancel;
};

/// \brief Quantize rows of float32: `codes` has room for a byte of each value, `scales` (with a
/// scale for each row) for a float of each row. Null rows are zeros.
///
/// Gives the largest error. kInvalidData naming the first row at fault of those that were looked
/// at, kAborted; then what was written means nothing.
arrow::Result<float> QuantizeRows(const VectorRows& vectors, const RowQuantizing& how,
                                  int8_t* codes, float* scales);

/// \brief The largest magnitude of all rows. Errors as above: this is a check, too.
arrow::Result<float> LargestMagnitude(const VectorRows& vectors, const RowQuantizing& how);

/// \brief Decode rows of codes by a scale for each, or by `scale` where `scales` is null. Null
/// rows are zeros.
arrow::Status DequantizeRows(const VectorRows& codes, const float* scales, float scale,
                             const CancelToken& cancel, float* values);

}  // namespace packed
