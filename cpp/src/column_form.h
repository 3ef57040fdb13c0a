#pragma once

#include "arrow/array.h"
#include "arrow/result.h"

#include "encoding_trials.h"
#include "write_plan.h"

namespace packed {

/// How the rows of a column chunk are encoded.
struct ColumnForm {
  bool pages = false;  ///< page by page here, else whole by Arrow's writer
  ColumnEncoding encoding = ColumnEncoding::kPlain;  ///< of pages never a dictionary
  /// Instead of a dictionary that is full before all rows are in it; `encoding` = it stays.
  ColumnEncoding otherwise = ColumnEncoding::kPlain;
};

/// \brief Choose for one row group by its first rows, as stored.
///
/// Only of a sampled column the rows matter. In layout fast: a dictionary where few values are
/// distinct, deltas where they come out smaller. In layout small whatever comes out smallest.
/// Throws as Parquet does.
arrow::Result<ColumnForm> ChooseForm(const SampledColumn& column, const arrow::ArrayVector& sample);

}  // namespace packed
