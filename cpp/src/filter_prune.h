#pragma once

#include <cstdint>
#include <vector>

#include "filter_bind.h"
#include "filter_bounds.h"
#include "row_ranges.h"

namespace packed {

/// Bounds of a column for the rows up to `end`, from where those before end.
struct BoundedRows {
  int64_t end = 0;
  ColumnBounds bounds;
};

/// Of all rows of a reader, in their order; empty = nothing is known.
using BoundedColumn = std::vector<BoundedRows>;

/// \brief The rows, of [0, rows), for which `filter` may be true. Row groups of files that are
/// joined end at different rows: it is judged from each such end to the next.
RowRanges RowsThatMayMatch(const BoundFilter& filter, const std::vector<BoundedColumn>& columns,
                           int64_t rows);

}  // namespace packed
