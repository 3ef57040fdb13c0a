#pragma once

#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/scalar.h"
#include "arrow/type.h"

namespace packed {

/// \brief The value of a field that is not stored: that of its column in `defaults` (one row; may
/// be null), else null. A field whose value is null becomes nullable.
///
/// kTypeMismatch where the default has another type.
arrow::Result<std::shared_ptr<arrow::Scalar>> DefaultValue(const arrow::RecordBatch* defaults,
                                                           std::shared_ptr<arrow::Field>* field);

}  // namespace packed
