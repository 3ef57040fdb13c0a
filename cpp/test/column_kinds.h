#pragma once

#include <cstdint>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/type.h"

namespace packed::testing {

/// \brief A column of each kind that layout fast treats in its own way.
std::shared_ptr<arrow::Schema> SchemaOf(bool nulls);

/// \brief Rows of SchemaOf, the same ones for the same arguments.
std::shared_ptr<arrow::RecordBatch> BatchOfKinds(int64_t rows, bool nulls);

}  // namespace packed::testing
