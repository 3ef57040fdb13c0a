#pragma once

#include <cstdint>

#include "arrow/array.h"
#include "arrow/result.h"
#include "parquet/types.h"

#include "write_plan.h"

namespace packed {

/// Rows that a sample has.
constexpr int64_t kSampleRows = 4096;

/// How the rows of a column chunk are encoded.
struct ColumnForm {
  bool pages = false;       ///< page by page here, else whole by Arrow's writer
  bool dictionary = false;  ///< Arrow's writer: try a dictionary
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;  ///< of pages
};

/// \brief Choose for one row group by its first rows, as stored.
///
/// Only of a sampled column the rows matter: a dictionary where few values are distinct, deltas
/// where they come out smaller.
arrow::Result<ColumnForm> ChooseForm(const ColumnPlan& plan, const arrow::ArrayVector& sample);

}  // namespace packed
