#include "lane_join.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "arrow/util/byte_size.h"

#include "catch.h"
#include "decoded_size.h"
#include "mapped_column.h"
#include "packed/error.h"

namespace packed {
namespace {

/// Smaller steps cost more in page headers than they save in memory.
constexpr int64_t kLeastShareBytes = 64 << 10;
/// Larger ones would only delay the first batch, whatever the budget.
constexpr int64_t kMostShareBytes = 256 << 20;
/// Rows of one batch when no lane bounds it (only fields that the files do not have).
constexpr int64_t kMostConstantRows = 1 << 20;

/// Steps of lanes with tiny rows end together no further apart.
constexpr int64_t kMostGridRows = int64_t{1} << 40;

/// A first step of fewer would come no sooner, and says too little of what rows take.
constexpr int64_t kLeastFirstRows = 1024;

/// Row groups of a lane that say how many bytes its rows have.
constexpr int kSampledRowGroups = 8;

/// Decoded bytes of a row of the lane, as its first file says; at least 1.
double RowBytesOf(const LaneFiles& files) {
  const FileProjection& file = *files.front().file;
  const auto& row_groups = file.footer->info.row_groups;
  const int count = std::min(static_cast<int>(row_groups.size()), kSampledRowGroups);
  int64_t rows = 0;
  int64_t bytes = 0;
  for (int i = 0; i < count; ++i) {
    rows += row_groups[i].rows;
    bytes += EstimateDecodedSize(file, i).bytes;
  }
  return rows == 0 ? 1.0 : std::max(1.0, static_cast<double>(bytes) / static_cast<double>(rows));
}

/// Rows of the batch that comes first, at most: it ends where a page does that is handed out.
int64_t FirstBatchRows(const std::vector<LaneFiles>& lanes, int64_t batch_rows) {
  int64_t rows = batch_rows;
  for (const auto& files : lanes) {
    const FileProjection& file = *files.front().file;
    const std::vector<int> row_groups = files.front().RowGroups();
    if (row_groups.empty()) continue;
    for (size_t i = 0; i < file.columns.size(); ++i) {
      const int64_t page = RowsHandedOut(file, static_cast<int>(i), row_groups.front());
      if (page > 0) rows = std::min(rows, page);
    }
  }
  return std::max(rows, kLeastFirstRows);
}

/// Where the steps of each lane end. Together they decode to half the budget, so that one step
/// decodes while another is consumed; as many rows in each, up to the same rows, so that a batch,
/// which ends where a step of any lane does, has all rows of one.
std::vector<StepBounds> BoundsOf(const std::vector<LaneFiles>& lanes, const JoinLimits& limits) {
  const auto budget_bytes = static_cast<double>(limits.buffer_bytes);
  std::vector<double> row_bytes;
  row_bytes.reserve(lanes.size());
  for (const auto& files : lanes) row_bytes.push_back(RowBytesOf(files));
  const double sum = std::accumulate(row_bytes.begin(), row_bytes.end(), 0.0);
  StepBounds common;
  if (lanes.size() > 1) {
    common.grid_rows = kMostGridRows;
    common.first_rows = FirstBatchRows(lanes, limits.batch_rows);
  }
  std::vector<StepBounds> bounds;
  bounds.reserve(lanes.size());
  for (const double bytes : row_bytes) {
    const auto share = static_cast<int64_t>(budget_bytes / 2 * (bytes / sum));
    bounds.push_back({.share_bytes = std::clamp(share, kLeastShareBytes, kMostShareBytes)});
    const auto share_bytes = static_cast<double>(bounds.back().share_bytes);
    const auto rows = [bytes](double of) {
      return std::max<int64_t>(1, static_cast<int64_t>(of / bytes));
    };
    common.grid_rows = std::min(common.grid_rows, rows(share_bytes));
    common.first_rows =
        std::min(common.first_rows, rows(std::min<double>(share_bytes, kMostFirstBytes)));
  }
  for (auto& of : bounds) {
    of.grid_rows = common.grid_rows;
    of.first_rows = common.first_rows;
  }
  return bounds;
}

/// What reads the remote files of the lanes; null where there are none.
std::shared_ptr<RangeAhead> ReadRemoteAhead(const std::vector<LaneFiles>& lanes,
                                            int64_t budget_bytes, const CancelToken& cancel) {
  std::shared_ptr<RangeAhead> ahead;
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    for (const auto& window : lanes[lane]) {
      if (!window.file || !window.file->footer->file->remote()) continue;
      if (!ahead) ahead = std::make_shared<RangeAhead>(budget_bytes, cancel);
      ahead->Add(static_cast<int>(lane), window.file, window.RowGroups());
    }
  }
  return ahead;
}

}  // namespace

LaneJoin::LaneJoin(std::shared_ptr<arrow::Schema> schema, std::vector<OutputColumn> columns,
                   std::vector<LaneFiles> lanes, int64_t rows, JoinLimits limits,
                   std::shared_ptr<FilterMeter> meter, CancelToken cancel)
    : schema_(std::move(schema)),
      columns_(std::move(columns)),
      rows_(rows),
      limits_(limits),
      meter_(std::move(meter)),
      cancel_(std::move(cancel)),
      ahead_(ReadRemoteAhead(lanes, limits.ahead_bytes, cancel_)) {
  const std::vector<StepBounds> bounds = BoundsOf(lanes, limits);
  for (size_t i = 0; i < lanes.size(); ++i) {
    lanes_.emplace_back(static_cast<int>(i), std::move(lanes[i]), bounds[i], ahead_, meter_,
                        cancel_);
  }
  for (const auto& column : columns_) constants_.emplace_back(column.value);
}

LaneJoin::~LaneJoin() { Close(); }

arrow::Result<std::shared_ptr<arrow::RecordBatch>> LaneJoin::ReadNext() {
  if (closed_) {
    return MakeError(ErrorCode::kClosed, "Expected an open reader but received a closed one");
  }
  ARROW_RETURN_NOT_OK(failure_);
  auto batch = CatchAll([this] { return NextBatch(); });
  if (!batch.ok()) failure_ = batch.status();
  return batch;
}

bool LaneJoin::Ready() const {
  if (closed_ || !failure_.ok() || position_ == rows_ || lanes_.empty()) return false;
  return std::ranges::all_of(lanes_, [](const ReadLane& lane) { return lane.has_front(); });
}

void LaneJoin::Close() noexcept {
  closed_ = true;
  if (ahead_) ahead_->Close();  // wakes the steps that the lanes are about to wait for
  for (auto& lane : lanes_) lane.Abandon();
  lanes_.clear();  // with them the files are closed
  constants_.clear();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> LaneJoin::NextBatch() {
  ARROW_RETURN_NOT_OK(cancel_.Check());
  if (position_ == rows_) return nullptr;
  ReadAhead();
  int64_t rows = std::min(limits_.batch_rows, rows_ - position_);
  if (lanes_.empty()) rows = std::min(rows, kMostConstantRows);
  for (auto& lane : lanes_) {
    ARROW_ASSIGN_OR_RAISE(const auto front, lane.Front());
    if (!front) return MakeError(ErrorCode::kInternal, "Expected rows in every file");
    rows = std::min(rows, front->num_rows() - lane.front_offset());
  }
  // Steps that waited for the one just taken decode while the caller works on its rows.
  ReadAhead();
  ARROW_ASSIGN_OR_RAISE(auto columns, Gather(rows));
  if (limits_.batch_bytes > 0) {
    ARROW_ASSIGN_OR_RAISE(rows, FitRows(rows, &columns));
  }
  for (auto& lane : lanes_) lane.Advance(rows);
  position_ += rows;
  meter_->rows_read.fetch_add(rows, std::memory_order_relaxed);
  return arrow::RecordBatch::Make(schema_, rows, std::move(columns));
}

/// Every lane gets a step on its way, whatever the budget; beyond that, the lane that is behind
/// goes first for as long as its next step fits.
void LaneJoin::ReadAhead() {
  for (auto& lane : lanes_) {
    if (lane.empty()) StartAhead(lane.Plan());
  }
  while (true) {
    ReadLane* behind = nullptr;
    int64_t held = 0;
    for (auto& lane : lanes_) {
      held += lane.held_bytes();
      if (lane.NextBytes() == 0) continue;
      if (!behind || lane.planned_rows() < behind->planned_rows()) behind = &lane;
    }
    if (!behind || held + behind->NextBytes() > limits_.buffer_bytes) return;
    StartAhead(behind->Plan());
  }
}

/// The next `rows` rows of every output column, as slices.
arrow::Result<arrow::ArrayVector> LaneJoin::Gather(int64_t rows) {
  arrow::ArrayVector columns;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const OutputColumn& column = columns_[i];
    if (column.file < 0) {
      ARROW_ASSIGN_OR_RAISE(auto constant, constants_[i].Slice(rows));
      columns.push_back(std::move(constant));
      continue;
    }
    ReadLane& lane = lanes_[column.file];
    ARROW_ASSIGN_OR_RAISE(const auto front, lane.Front());
    columns.push_back(front->column(column.slot)->Slice(lane.front_offset(), rows));
  }
  return columns;
}

/// The most rows, at least one, whose bytes are within `batch_bytes`; cuts the columns.
arrow::Result<int64_t> LaneJoin::FitRows(int64_t rows, arrow::ArrayVector* columns) const {
  const auto fits = [&](int64_t count) -> arrow::Result<bool> {
    int64_t bytes = count * limits_.extra_row_bytes;
    for (const auto& column : *columns) {
      ARROW_ASSIGN_OR_RAISE(const int64_t slice,
                            arrow::util::ReferencedBufferSize(*column->Slice(0, count)));
      bytes += slice;
    }
    return bytes <= limits_.batch_bytes;
  };
  ARROW_ASSIGN_OR_RAISE(const bool all, fits(rows));
  if (all) return rows;
  int64_t least = 1;
  int64_t most = rows - 1;
  while (least < most) {
    const int64_t middle = least + (most - least + 1) / 2;
    ARROW_ASSIGN_OR_RAISE(const bool fitting, fits(middle));
    (fitting ? least : most) = fitting ? middle : middle - 1;
  }
  for (auto& column : *columns) column = column->Slice(0, least);
  return least;
}

}  // namespace packed
