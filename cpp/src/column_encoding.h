#pragma once

#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"
#include "parquet/types.h"

#include "packed/writer.h"
#include "write_plan.h"

namespace packed {

/// \brief What Parquet calls the pages of it; RLE_DICTIONARY for a dictionary.
parquet::Encoding::type ParquetEncoding(ColumnEncoding encoding);

/// \brief Whether values that Parquet stores as `type` can be encoded so.
bool Suits(ColumnEncoding encoding, parquet::Type::type type);

/// \brief The encodings of which one may be the smallest for a column whose `stored` is known; one
/// of them where there is nothing to choose. With `deltas` those of numbers are among them.
///
/// What only newer readers know is not: BYTE_STREAM_SPLIT of anything but floats and dense vectors.
arrow::Result<std::vector<ColumnEncoding>> ChoicesFor(const ColumnPlan& plan, bool deltas);

/// \brief kInvalidArgument where a leaf of the column cannot have the encoding that was asked for,
/// kNotSupported in a layout that has its own encodings only. `plan.stored` is known.
arrow::Status CheckEncoding(const ColumnOptions& column, const WriterOptions& options,
                            const ColumnPlan& plan);

}  // namespace packed
