#pragma once

#include <cstdint>

#include "arrow/array.h"
#include "arrow/result.h"

#include "filter_bind.h"
#include "filter_mask.h"

namespace packed {

/// \brief What `filter` is for each of `rows` rows, whose values `columns` has in the order and in
/// the types of the schema that it was bound to.
arrow::Result<FilterMask> EvaluateFilter(const BoundFilter& filter,
                                         const arrow::ArrayVector& columns, int64_t rows);

}  // namespace packed
