#include "row_ranges.h"

#include <algorithm>

namespace packed {

RowRanges RangesWithin(const RowRanges& ranges, int64_t begin, int64_t end, int64_t shift) {
  RowRanges within;
  auto range = std::upper_bound(ranges.begin(), ranges.end(), begin,
                                [](int64_t row, const RowRange& other) { return row < other.end; });
  for (; range != ranges.end() && range->begin < end; ++range) {
    const int64_t first = std::max(range->begin, begin);
    const int64_t last = std::min(range->end, end);
    if (first < last) within.push_back({first + shift, last + shift});
  }
  return within;
}

int64_t CountRows(const RowRanges& ranges) {
  int64_t rows = 0;
  for (const RowRange& range : ranges) rows += range.end - range.begin;
  return rows;
}

void AppendRange(RowRanges* ranges, RowRange rows) {
  if (!ranges->empty() && ranges->back().end == rows.begin) {
    ranges->back().end = rows.end;
  } else {
    ranges->push_back(rows);
  }
}

}  // namespace packed
