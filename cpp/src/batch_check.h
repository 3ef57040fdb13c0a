#pragma once

#include "arrow/record_batch.h"
#include "arrow/status.h"
#include "arrow/type.h"

#include "write_plan.h"

namespace packed {

/// \brief Whether a batch has the columns of `schema`: names and types (metadata aside), equally
/// many rows in each.
arrow::Status CheckBatchShape(const arrow::Schema& schema, const arrow::RecordBatch& batch);

/// \brief Everything that can be wrong with a batch, found before any of it is taken.
///
/// Names and types against the schema (metadata aside), column lengths, Arrow's own full
/// validation (offsets, UTF-8, ranges), nulls in required fields at any depth, vector lengths.
/// The columns of a batch that is worth it on `concurrency` threads (as ParallelFor has it); the
/// first one at fault, in file order, is the one reported.
arrow::Status CheckBatch(const WritePlan& plan, const arrow::RecordBatch& batch,
                         int concurrency = 1);

/// \brief The same of columns whose shape is checked; null = one that is not there yet.
arrow::Status CheckColumns(const WritePlan& plan, const arrow::ArrayVector& arrays, int64_t rows,
                           int concurrency);

/// \brief The same against a schema alone, of a batch that goes into no file.
arrow::Status CheckBatch(const arrow::Schema& schema, const arrow::RecordBatch& batch);

/// \brief Only nulls in required fields, at any depth, of a batch that is valid: kInvalidData.
arrow::Status CheckNulls(const arrow::RecordBatch& batch);

}  // namespace packed
