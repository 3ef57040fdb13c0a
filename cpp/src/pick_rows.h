#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "projection.h"

namespace packed {

/// \brief Chosen rows of one row group, restored to the types of the answer: positions within the
/// row group, ascending, none twice.
///
/// Columns of own pages: only the pages that have such rows, and only the rows where these are
/// stored. Others are decoded whole by Arrow's reader.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> PickRows(
    const std::shared_ptr<const FileProjection>& projection, int row_group,
    std::span<const int64_t> rows);

}  // namespace packed
