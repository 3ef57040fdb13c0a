#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace packed {

/// \brief Rows of several batches of one schema, counted through all of them, as one batch in
/// `Pool()`: in this order and as often as they occur.
///
/// kInvalidArgument for a row that is not there, kInvalidData for batches that are not well formed.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> GatherRows(
    const std::shared_ptr<arrow::Schema>& schema, const arrow::RecordBatchVector& batches,
    const std::vector<int64_t>& rows);

}  // namespace packed
