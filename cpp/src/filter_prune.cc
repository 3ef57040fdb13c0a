#include "filter_prune.h"

#include <algorithm>

#include "filter_outcomes.h"

namespace packed {

RowRanges RowsThatMayMatch(const BoundFilter& filter, const std::vector<BoundedColumn>& columns,
                           int64_t rows) {
  ColumnBounds unknown;
  unknown.may_be_nan = true;
  RowRanges kept;
  std::vector<size_t> next(columns.size());
  std::vector<const ColumnBounds*> bounds(columns.size());
  for (int64_t begin = 0; begin < rows;) {
    int64_t end = rows;
    for (size_t i = 0; i < columns.size(); ++i) {
      const BoundedColumn& column = columns[i];
      while (next[i] < column.size() && column[next[i]].end <= begin) ++next[i];
      const bool known = next[i] < column.size();
      bounds[i] = known ? &column[next[i]].bounds : &unknown;
      if (known) end = std::min(end, column[next[i]].end);
    }
    if ((OutcomesOf(filter, bounds) & kMayBeTrue) != 0) AppendRange(&kept, {begin, end});
    begin = end;
  }
  return kept;
}

}  // namespace packed
