#pragma once

#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "projection.h"

namespace packed {

/// \brief One batch of the outputs of a file, of batches of these; of no rows where there are none.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> JoinBatches(
    const FileProjection& plan, const arrow::RecordBatchVector& batches);

}  // namespace packed
