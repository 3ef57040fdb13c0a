#pragma once

#include "arrow/record_batch.h"
#include "arrow/status.h"

#include "write_plan.h"

namespace packed {

/// \brief Everything that can be wrong with a batch, found before any of it is taken.
///
/// Names and types against the schema (metadata aside), column lengths, Arrow's own full
/// validation (offsets, UTF-8, ranges), nulls in required fields at any depth, vector lengths.
arrow::Status CheckBatch(const WritePlan& plan, const arrow::RecordBatch& batch);

}  // namespace packed
