#pragma once

#include <memory>

#include "arrow/array.h"
#include "arrow/status.h"
#include "parquet/properties.h"
#include "parquet/schema.h"
#include "parquet/statistics.h"

namespace packed {

/// \brief Statistics of the values of one page, which may come in pieces.
///
/// For INT32, INT64, FLOAT, DOUBLE and BYTE_ARRAY; kNotSupported otherwise. Throws as Parquet
/// does.
arrow::Status UpdateStatistics(const arrow::Array& values, parquet::Statistics* statistics);

/// \brief Add those of the next page to those of the chunk so far; null adds nothing.
void MergeStatistics(const std::shared_ptr<parquet::Statistics>& page,
                     std::shared_ptr<parquet::Statistics>* chunk);

/// \brief As Parquet's own writer would store them.
parquet::EncodedStatistics EncodeStatistics(parquet::Statistics& statistics,
                                            const parquet::WriterProperties& properties);

}  // namespace packed
