#pragma once

#include <cstdint>
#include <vector>

namespace packed {

/// Rows [begin, end); at least one.
struct RowRange {
  int64_t begin = 0;
  int64_t end = 0;

  bool operator==(const RowRange&) const = default;
};

/// Rows of a file, or of a whole reader: ascending, none twice, none adjacent to the next.
using RowRanges = std::vector<RowRange>;

/// \brief What `ranges` have of [begin, end), moved by `shift`.
RowRanges RangesWithin(const RowRanges& ranges, int64_t begin, int64_t end, int64_t shift = 0);

int64_t CountRows(const RowRanges& ranges);

/// \brief Add rows behind those of `ranges`.
void AppendRange(RowRanges* ranges, RowRange rows);

}  // namespace packed
