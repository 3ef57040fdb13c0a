#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "parquet/metadata.h"

#include "packed/writer.h"
#include "writer_harness.h"

namespace packed::testing {

/// The columns of SchemaOf in three files, the vector in one of its own.
const std::vector<std::vector<int>>& Groups();

/// A batch as batches of so many rows.
arrow::RecordBatchVector Cut(const std::shared_ptr<arrow::RecordBatch>& batch, int64_t rows);

/// \brief Writes `batches`, whose rows are those of `whole`, and reads them back by Arrow's reader.
void ExpectReadsBack(const arrow::RecordBatchVector& batches,
                     const std::shared_ptr<arrow::RecordBatch>& whole, bool nulls,
                     const WriterOptions& options);

/// Of the first row group.
std::shared_ptr<parquet::ColumnChunkMetaData> ChunkOf(const StoredFile& file, int column);
bool Has(const parquet::ColumnChunkMetaData& chunk, parquet::Encoding::type encoding);

}  // namespace packed::testing
