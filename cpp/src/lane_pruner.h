#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "filter_bind.h"
#include "filter_prune.h"
#include "packed/filter.h"
#include "projection.h"
#include "read_lane.h"
#include "row_ranges.h"

namespace packed {

/// What statistics say of the rows of a window, for each column of a filter that the file has.
using WindowBounds = std::vector<BoundedColumn>;

/// \brief Finds the rows that a filter cannot want, by what footers say. Thread-safe.
class LanePruner {
 public:
  /// Column i of `filter` is column `first` + i of `projection`, whose files are the lanes.
  LanePruner(BoundFilter filter, const Projection& projection, int first, int count);

  /// \brief What the footer of a file of lane `lane` says of its rows [begin, end).
  WindowBounds BoundsOf(int lane, const FileProjection& file, int64_t begin, int64_t end) const;

  /// \brief The rows, of [0, rows), that the filter may want; `windows` by lane, each in row order.
  RowRanges Kept(const std::vector<std::vector<WindowBounds>>& windows, int64_t rows) const;

 private:
  /// Where a lane has a column of the filter.
  struct Place {
    int column = 0;
    int slot = 0;
  };

  const BoundFilter filter_;
  std::vector<std::vector<Place>> lanes_;
  std::vector<BoundedColumn> constants_;  ///< by column; nothing of those that a lane has
};

/// \brief Leave in the lanes, which have all rows, only `kept`; of files without any nothing stays.
///
/// Row groups (of `files`, lane by lane) without one of the rows count as skipped.
void LeaveOnly(const RowRanges& kept, const std::vector<const FileInfo*>& files,
               std::vector<LaneFiles>* lanes, FilterMeter* meter);

}  // namespace packed
