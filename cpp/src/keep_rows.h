#pragma once

#include <memory>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace packed {

/// \brief The rows of `batch` that `mask` (without nulls) keeps, copied into `Pool()`.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> KeepRows(
    const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<arrow::BooleanArray>& mask);

}  // namespace packed
