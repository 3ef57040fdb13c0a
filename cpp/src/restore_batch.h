#pragma once

#include <cstdint>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "column_rows.h"
#include "projection.h"

namespace packed {

/// \brief The outputs of a file over its decoded columns (one array for each), in the types of
/// the answer. Nulls where the answer has none are kInvalidData naming the field.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> RestoreBatch(const FileProjection& projection,
                                                                const ArrayDataVector& decoded,
                                                                int64_t rows);

}  // namespace packed
