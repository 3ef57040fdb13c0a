#pragma once

#include <cstdint>
#include <vector>

#include "arrow/array.h"
#include "arrow/result.h"
#include "parquet/schema.h"

#include "encoded_chunk.h"
#include "packed/column_layout.h"
#include "parquet_properties.h"
#include "write_plan.h"

namespace packed {

/// A column whose rows choose its encoding, and all that it takes to encode them for trial.
struct SampledColumn {
  const ColumnPlan& plan;
  const parquet::ColumnDescriptor* leaf;  ///< null where there are several
  const PropertiesByEncoding& properties;
};

/// \brief Encode a sample, which is not empty, in each of the plan's choices that the rows allow,
/// the smallest first.
///
/// Depends on the rows alone. A dictionary is counted as in a long column chunk: with the part by
/// which it still grows in the second half of the rows. Throws as Parquet does.
arrow::Result<std::vector<EncodingTrial>> TryEncodings(const SampledColumn& column,
                                                       const arrow::ArrayVector& sample);

/// \brief A top-level column as Parquet has it; null where it is not a single leaf.
const parquet::ColumnDescriptor* LeafOf(const parquet::SchemaDescriptor& schema, size_t column);

/// \brief Bytes of a column in the file, of all its leaves.
int64_t StoredBytes(const std::vector<LiftedChunk>& chunks);

}  // namespace packed
