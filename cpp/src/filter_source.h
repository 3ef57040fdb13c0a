#pragma once

#include <memory>
#include <vector>

#include "filter_bind.h"
#include "packed/batch_source.h"
#include "packed/filter.h"

namespace packed {

/// \brief A source that leaves out the rows of `inner` for which `filter` is not true, then keeps
/// the columns `output` of `inner`, in that order. Never yields a batch without rows.
///
/// Column i of the filter is column `columns[i]` of `inner`.
std::unique_ptr<BatchSource> FilterRows(std::unique_ptr<BatchSource> inner, BoundFilter filter,
                                        std::vector<int> columns, std::vector<int> output,
                                        std::shared_ptr<FilterMeter> meter);

}  // namespace packed
