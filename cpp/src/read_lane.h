#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "packed/filter.h"
#include "read_step.h"
#include "row_ranges.h"

namespace packed {

/// A file of a lane, or some rows of one.
struct LaneFile {
  LaneFile() = default;
  /// All of a file.
  LaneFile(std::shared_ptr<const FileProjection> all);

  /// Null where `open` gives it when its turn comes: never of the first file, and of all behind
  /// one such.
  std::shared_ptr<const FileProjection> file;
  std::function<arrow::Result<std::shared_ptr<const FileProjection>>()> open;
  RowRanges rows;

  /// Row groups that have one of the rows, ascending.
  std::vector<int> RowGroups() const;
};

/// The files whose rows a lane has, one after the other; at least one.
using LaneFiles = std::vector<LaneFile>;

/// What the first step of a local file may decode to: somebody waits for the first batch.
inline constexpr int64_t kMostFirstBytes = 8 << 20;

/// Where the steps of a lane end.
struct StepBounds {
  /// What one step may decode to; a larger row group is read in several.
  int64_t share_bytes = 0;
  /// Steps end at multiples of so many rows, about, and the first one behind `first_rows`: together
  /// with those of other lanes. 0 = there are no others.
  int64_t grid_rows = 0;
  int64_t first_rows = 0;
};

/// \brief The rows of one file, or of several one after the other, on their way to the consumer:
/// planned steps in row order, then the decoded batches of the front step.
///
/// Only the thread that calls ReadNext touches it; steps carry the work to other threads.
class ReadLane {
 public:
  /// `ahead` has the remote files already that are open, as those of lane `number`; it may be null
  /// where none is. `meter` counts row groups.
  ReadLane(int number, LaneFiles files, StepBounds bounds, std::shared_ptr<RangeAhead> ahead,
           std::shared_ptr<FilterMeter> meter, CancelToken cancel);

  /// \brief Cut the next step, without starting it; null when every row is planned or the
  /// next rows wait for the step before them in the same row group.
  std::shared_ptr<ReadStep> Plan();

  /// What Plan would add to `held_bytes`; 0 when there is nothing to plan now.
  int64_t NextBytes();

  /// First row that no step covers yet.
  int64_t planned_rows() const { return planned_rows_; }
  /// Bytes of all steps and batches that were not handed out whole yet.
  int64_t held_bytes() const;
  /// Nothing is decoded or on its way.
  bool empty() const { return steps_.empty() && batches_.empty(); }
  /// Front would decode nothing.
  bool has_front() const { return !batches_.empty(); }

  /// \brief The batch that holds the next row to hand out, decoded if need be; null after the
  /// last row. Row groups before a damaged one come out, however many a step took.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Front();
  int64_t front_offset() const { return front_offset_; }
  /// \brief Note that `rows` rows of the front batch were handed out.
  void Advance(int64_t rows);

  /// \brief Drop everything; waits for the step that is being decoded, if any.
  void Abandon();

 private:
  /// The row group, or the run of small ones, that the next step is cut from.
  struct Cursor {
    std::shared_ptr<RowGroupStream> stream;
    int64_t rows_left = 0;  ///< to decode: up to the end of the rows that are wanted
    int64_t skip = 0;       ///< of those: rows that come before
    bool cut = false;       ///< the last row group has others behind them
    int64_t row_bytes = 0;  ///< decoded bytes per row, rounded up
    bool known = true;
    int64_t longest_value = 0;  ///< bound on one value where the size is not known
    RowRanges pieces;           ///< of a row group of which not all is wanted
    size_t piece = 0;           ///< the one that rows_left leads to

    bool NextPiece();
  };

  struct PlannedStep {
    std::shared_ptr<ReadStep> step;
    int64_t skip = 0;  ///< rows at its start that are not wanted
  };

  void EnterFile();
  bool OpenNextRowGroup();
  size_t ExtendRun(size_t first);
  bool SplitFailed(const RowGroupStream& stream);
  /// Go on to the file behind the current one; false while it has to wait, or is the last.
  bool OpenNextFile();
  arrow::Status OpenLate(LaneFile* file);
  int64_t RowBytes() const;
  int64_t NextRows() const;
  int64_t RowsToGrid() const;
  bool IsFirst() const;
  bool CanPlan();
  arrow::Status TakeStep();
  void Drop(int64_t rows);

  const int number_;
  std::deque<LaneFile> files_;  ///< the current one is the first
  const StepBounds bounds_;
  std::shared_ptr<RangeAhead> ahead_;
  const std::shared_ptr<FilterMeter> meter_;
  const CancelToken cancel_;
  std::vector<int> row_groups_;  ///< of the current file, those that have wanted rows
  size_t next_row_group_ = 0;    ///< position among them
  Cursor cursor_;
  arrow::Status failure_;  ///< why the next file could not be opened
  int64_t planned_rows_ = 0;
  int64_t seen_row_bytes_ = 0;  ///< per row, of the last step that was taken; 0 = none yet
  std::deque<PlannedStep> steps_;
  arrow::RecordBatchVector batches_;  ///< of the step that was taken last, in reverse
  int64_t batches_bytes_ = 0;
  int64_t front_offset_ = 0;
};

}  // namespace packed
