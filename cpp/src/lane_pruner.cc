#include "lane_pruner.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "arrow/array/util.h"

namespace packed {
namespace {

/// One after the other, in row order; ends count from `begin`.
BoundedColumn BoundsOfRows(const FileProjection& file, int slot, int64_t begin, int64_t end) {
  BoundedColumn column;
  const auto& row_groups = file.footer->info.row_groups;
  for (size_t i = 0; i < row_groups.size(); ++i) {
    const int64_t first = std::max(row_groups[i].row_offset, begin);
    const int64_t last = std::min(row_groups[i].row_offset + row_groups[i].rows, end);
    if (first >= last) continue;
    column.push_back({last - begin, packed::BoundsOf(file, slot, static_cast<int>(i))});
  }
  return column;
}

/// All rows have this value.
BoundedColumn BoundsOfScalar(const arrow::Scalar& value) {
  BoundedRows rows{std::numeric_limits<int64_t>::max(), {}};
  rows.bounds.may_be_null = !value.is_valid;
  rows.bounds.may_have_value = value.is_valid;
  rows.bounds.may_be_nan = true;
  auto array = arrow::MakeArrayFromScalar(value, 1);
  if (array.ok()) rows.bounds.value = array.MoveValueUnsafe();
  return {std::move(rows)};
}

int64_t CountSkipped(const FileInfo& file, const RowRanges& kept) {
  return std::count_if(file.row_groups.begin(), file.row_groups.end(), [&](const auto& group) {
    return group.rows > 0 &&
           RangesWithin(kept, group.row_offset, group.row_offset + group.rows).empty();
  });
}

}  // namespace

LanePruner::LanePruner(BoundFilter filter, const Projection& projection, int first, int count)
    : filter_(std::move(filter)),
      lanes_(projection.files.size()),
      constants_(static_cast<size_t>(count)) {
  for (int i = 0; i < count; ++i) {
    const OutputColumn& column = projection.columns[first + i];
    if (column.file < 0) {
      constants_[i] = BoundsOfScalar(*column.value);
    } else {
      lanes_[column.file].push_back({i, column.slot});
    }
  }
}

WindowBounds LanePruner::BoundsOf(int lane, const FileProjection& file, int64_t begin,
                                  int64_t end) const {
  WindowBounds bounds;
  for (const Place& place : lanes_[lane]) {
    bounds.push_back(BoundsOfRows(file, place.slot, begin, end));
  }
  return bounds;
}

RowRanges LanePruner::Kept(const std::vector<std::vector<WindowBounds>>& windows,
                           int64_t rows) const {
  std::vector<BoundedColumn> columns = constants_;
  for (size_t lane = 0; lane < windows.size(); ++lane) {
    for (size_t i = 0; i < lanes_[lane].size(); ++i) {
      BoundedColumn& column = columns[lanes_[lane][i].column];
      for (const WindowBounds& window : windows[lane]) {
        const int64_t before = column.empty() ? 0 : column.back().end;
        for (const BoundedRows& part : window[i]) {
          column.push_back({before + part.end, part.bounds});
        }
      }
    }
  }
  return RowsThatMayMatch(filter_, columns, rows);
}

void LeaveOnly(const RowRanges& kept, const std::vector<const FileInfo*>& files,
               std::vector<LaneFiles>* lanes, FilterMeter* meter) {
  auto info = files.begin();
  for (LaneFiles& lane : *lanes) {
    int64_t offset = 0;
    for (LaneFile& file : lane) {
      const int64_t begin = file.rows.empty() ? 0 : file.rows.front().begin;
      const int64_t count = CountRows(file.rows);
      file.rows = RangesWithin(kept, offset, offset + count, begin - offset);
      meter->row_groups_skipped += CountSkipped(**info++, file.rows);
      offset += count;
    }
    // The first says what rows are like, and is open in any case.
    const auto empty = std::remove_if(lane.begin() + 1, lane.end(),
                                      [](const LaneFile& file) { return file.rows.empty(); });
    lane.erase(empty, lane.end());
  }
}

}  // namespace packed
