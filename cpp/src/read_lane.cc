#include "read_lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "decoded_size.h"

namespace packed {
namespace {

/// First step of a file whose values hide behind dictionaries: enough rows to learn their
/// size, few enough that even the longest possible values stay within some shares.
constexpr int64_t kProbeRows = 1024;
constexpr int64_t kProbeShares = 4;
/// An estimate is not believed beyond this multiple of what rows of the file took before.
constexpr int64_t kEstimateTrust = 16;
/// Decoders round their buffers up, whatever the number of rows.
constexpr int64_t kLeastStepBytes = 1024;
/// Every step that waits keeps its file open, so that many small files are not all opened ahead.
constexpr size_t kStepsBeforeNextFile = 2;
/// Row groups that one step may take: what is known of each is looked at before any is read.
constexpr int kMostRunRowGroups = 1024;
/// A step of less than this part of another is none.
constexpr int64_t kSliver = 4;

}  // namespace

LaneFile::LaneFile(std::shared_ptr<const FileProjection> all) : file(std::move(all)) {
  const int64_t count = file->footer->info.rows;
  if (count > 0) rows = {{0, count}};
}

std::vector<int> LaneFile::RowGroups() const {
  const auto& row_groups = file->footer->info.row_groups;
  std::vector<int> wanted;
  auto range = rows.begin();
  for (size_t i = 0; i < row_groups.size(); ++i) {
    const RowGroupInfo& group = row_groups[i];
    while (range != rows.end() && range->end <= group.row_offset) ++range;
    if (range == rows.end()) break;
    const bool has_rows = group.rows > 0 && range->begin < group.row_offset + group.rows;
    if (has_rows) wanted.push_back(static_cast<int>(i));
  }
  return wanted;
}

ReadLane::ReadLane(int number, LaneFiles files, StepBounds bounds,
                   std::shared_ptr<RangeAhead> ahead, std::shared_ptr<FilterMeter> meter,
                   CancelToken cancel)
    : number_(number),
      files_(std::make_move_iterator(files.begin()), std::make_move_iterator(files.end())),
      bounds_(bounds),
      ahead_(std::move(ahead)),
      meter_(std::move(meter)),
      cancel_(std::move(cancel)) {
  EnterFile();
}

void ReadLane::EnterFile() {
  row_groups_ = files_.front().RowGroups();
  next_row_group_ = 0;
}

int64_t ReadLane::RowBytes() const {
  if (seen_row_bytes_ == 0) return cursor_.row_bytes;
  return std::max(seen_row_bytes_, std::min(cursor_.row_bytes, seen_row_bytes_ * kEstimateTrust));
}

/// Of a remote file row groups are fetched in one piece: a small step would not come sooner.
bool ReadLane::IsFirst() const {
  return planned_rows_ == 0 && !files_.front().file->footer->file->remote();
}

/// Rows of a step that ends where those of other lanes do, as far as the row group goes; 0 without
/// others. Slivers, before the next multiple or behind it, are not worth a step of all columns.
int64_t ReadLane::RowsToGrid() const {
  const int64_t grid = bounds_.grid_rows;
  if (grid == 0) return 0;
  const int64_t sliver = grid / kSliver;
  int64_t end = IsFirst() ? bounds_.first_rows : (planned_rows_ / grid + 1) * grid;
  if (planned_rows_ > 0 && end - planned_rows_ < sliver) end += grid;
  const int64_t rows = cursor_.skip + end - planned_rows_;
  return cursor_.rows_left - rows < sliver ? cursor_.rows_left : rows;
}

int64_t ReadLane::NextRows() const {
  const int64_t bytes =
      IsFirst() ? std::min(bounds_.share_bytes, kMostFirstBytes) : bounds_.share_bytes;
  const int64_t most = std::max<int64_t>(1, bytes / RowBytes());
  const bool sized = cursor_.known || seen_row_bytes_ > 0;
  const int64_t to_grid = RowsToGrid();
  if (sized && to_grid > 0 && to_grid <= most + most / kSliver) return to_grid;
  // Steps of one size: the last one costs as much as the others, however few rows are left for it.
  const int64_t steps = std::max<int64_t>(1, (cursor_.rows_left + most - 1) / most);
  const int64_t rows = (cursor_.rows_left + steps - 1) / steps;
  if (sized) return rows;
  const int64_t longest = std::max<int64_t>(1, cursor_.longest_value);
  const int64_t bounded = std::max<int64_t>(1, kProbeShares * bounds_.share_bytes / longest);
  return std::min({rows, kProbeRows, bounded});
}

bool ReadLane::OpenNextFile() {
  if (files_.size() < 2 || steps_.size() >= kStepsBeforeNextFile) return false;
  LaneFile& next = files_[1];
  if (!next.file && failure_.ok()) failure_ = OpenLate(&next);
  if (!failure_.ok()) return false;
  files_.pop_front();
  EnterFile();
  return true;
}

arrow::Status ReadLane::OpenLate(LaneFile* file) {
  ARROW_ASSIGN_OR_RAISE(file->file, file->open());
  if (!ahead_ || !file->file->footer->file->remote()) return arrow::Status::OK();
  ahead_->Add(number_, file->file, file->RowGroups());
  return arrow::Status::OK();
}

/// Goes on to the next rows of the row group that are wanted; false behind the last.
bool ReadLane::Cursor::NextPiece() {
  if (piece + 1 >= pieces.size()) return false;
  const int64_t decoded = pieces[piece++].end;
  rows_left = pieces[piece].end - decoded;
  skip = pieces[piece].begin - decoded;
  return true;
}

/// Points the cursor to the row group at position `first` and, of a local file, to those right
/// after it that fit into the same step; returns the position after the last. One of which not all
/// is wanted comes alone.
size_t ReadLane::ExtendRun(size_t first) {
  const LaneFile& window = files_.front();
  const FileProjection& file = *window.file;
  const size_t most = file.footer->file->remote() ? 1 : kMostRunRowGroups;
  const size_t end = std::min(row_groups_.size(), first + most);
  for (size_t i = first; i < end; ++i) {
    const RowGroupInfo& info = file.footer->info.row_groups[row_groups_[i]];
    const int64_t rows = info.rows;
    RowRanges wanted =
        RangesWithin(window.rows, info.row_offset, info.row_offset + rows, -info.row_offset);
    const bool alone = wanted.front() != RowRange{0, rows};
    const bool more = cursor_.rows_left > 0;
    if (more && (alone || row_groups_[i] != row_groups_[i - 1] + 1)) return i;
    const DecodedSize size = EstimateDecodedSize(file, row_groups_[i]);
    const int64_t row_bytes = std::max<int64_t>(1, (size.bytes + rows - 1) / rows);
    const int64_t run_rows = cursor_.rows_left + rows;
    const int64_t run_row_bytes = std::max(cursor_.row_bytes, row_bytes);
    if (more && (!size.known || !cursor_.known || run_rows > bounds_.share_bytes / run_row_bytes)) {
      return i;
    }
    cursor_ = {nullptr, run_rows, 0, false, run_row_bytes, size.known, size.longest_value, {}, 0};
    if (!alone) continue;
    cursor_.rows_left = wanted.front().end;
    cursor_.skip = wanted.front().begin;
    cursor_.cut = cursor_.rows_left < rows;
    cursor_.pieces = std::move(wanted);
    return i + 1;
  }
  return end;
}

bool ReadLane::OpenNextRowGroup() {
  while (cursor_.rows_left == 0) {
    if (next_row_group_ >= row_groups_.size()) {
      if (!OpenNextFile()) return false;
      continue;
    }
    const auto& file = files_.front().file;
    const size_t first = next_row_group_;
    cursor_ = {};
    next_row_group_ = ExtendRun(first);
    const auto count = static_cast<int>(next_row_group_ - first);
    meter_->row_groups_read.fetch_add(count, std::memory_order_relaxed);
    const bool whole = NextRows() == cursor_.rows_left && !cursor_.cut;
    // Up to the last row that is wanted: with it goes what decoding holds of the file.
    const int64_t rows = cursor_.pieces.empty() ? cursor_.rows_left : cursor_.pieces.back().end;
    cursor_.stream =
        std::make_shared<RowGroupStream>(file, RowGroupRun{row_groups_[first], count}, rows, whole,
                                         file->footer->file->remote() ? ahead_ : nullptr, cancel_);
  }
  return true;
}

bool ReadLane::CanPlan() {
  if (!OpenNextRowGroup()) return false;
  // A stream decodes one step at a time.
  const bool running = !steps_.empty() && steps_.back().step->stream() == cursor_.stream &&
                       !steps_.back().step->done();
  return !running;
}

int64_t ReadLane::NextBytes() {
  if (!CanPlan()) return 0;
  return std::max(kLeastStepBytes, NextRows() * RowBytes());
}

std::shared_ptr<ReadStep> ReadLane::Plan() {
  const int64_t bytes = NextBytes();
  if (bytes == 0) return nullptr;
  const int64_t rows = NextRows();
  auto step = std::make_shared<ReadStep>(cursor_.stream, rows, bytes, cancel_);
  const int64_t skip = std::min(rows, cursor_.skip);
  cursor_.skip -= skip;
  cursor_.rows_left -= rows;
  planned_rows_ += rows - skip;
  steps_.push_back({step, skip});
  // The steps have it; rows behind those that are wanted are not waited for.
  if (cursor_.rows_left == 0 && !cursor_.NextPiece()) cursor_.stream.reset();
  return step;
}

int64_t ReadLane::held_bytes() const {
  int64_t bytes = batches_bytes_;
  for (const auto& planned : steps_) bytes += planned.step->bytes();
  return bytes;
}

/// Puts steps of single row groups in the place of the front step, which failed.
bool ReadLane::SplitFailed(const RowGroupStream& stream) {
  const RowGroupRun run = stream.run();
  if (run.count == 1 || cancel_.cancelled()) return false;
  const auto& row_groups = stream.row_groups();
  const int64_t bytes = steps_.front().step->bytes() / run.count;
  steps_.pop_front();
  for (int i = run.end() - 1; i >= run.first; --i) {
    if (row_groups[i].rows == 0) continue;
    steps_.push_front(
        {std::make_shared<ReadStep>(stream.Single(i), row_groups[i].rows, bytes, cancel_)});
  }
  return true;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadLane::Front() {
  while (batches_.empty()) {
    if (steps_.empty() && !Plan()) {
      ARROW_RETURN_NOT_OK(failure_);
      return nullptr;
    }
    ARROW_RETURN_NOT_OK(TakeStep());
  }
  return batches_.back();
}

/// The batches of the front step, without the rows before those that are wanted: possibly none.
arrow::Status ReadLane::TakeStep() {
  std::shared_ptr<ReadStep> step = steps_.front().step;
  const std::shared_ptr<RowGroupStream> stream = step->stream();
  auto taken = step->Take();
  if (!taken.ok() && SplitFailed(*stream)) {
    step = steps_.front().step;
    taken = step->Take();
  }
  ARROW_ASSIGN_OR_RAISE(batches_, std::move(taken));
  std::reverse(batches_.begin(), batches_.end());
  batches_bytes_ = step->bytes();
  seen_row_bytes_ = std::max<int64_t>(1, (batches_bytes_ + step->rows() - 1) / step->rows());
  const int64_t skip = steps_.front().skip;
  steps_.pop_front();
  Drop(skip);
  return arrow::Status::OK();
}

void ReadLane::Drop(int64_t rows) {
  while (rows > 0) {
    const int64_t taken = std::min(rows, batches_.back()->num_rows());
    Advance(taken);
    rows -= taken;
  }
}

void ReadLane::Advance(int64_t rows) {
  front_offset_ += rows;
  if (front_offset_ < batches_.back()->num_rows()) return;
  batches_.pop_back();
  front_offset_ = 0;
  if (batches_.empty()) batches_bytes_ = 0;
}

void ReadLane::Abandon() {
  for (const auto& planned : steps_) planned.step->Abandon();
  steps_.clear();
  batches_.clear();
  batches_bytes_ = 0;
  cursor_.stream.reset();
  files_.clear();
}

}  // namespace packed
