#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "parquet/arrow/reader.h"

#include "column_rows.h"
#include "loop_board.h"
#include "packed/cancel.h"
#include "projection.h"
#include "range_ahead.h"

namespace packed {

/// Rows that were decoded.
struct DecodedRows {
  arrow::RecordBatchVector batches;
  int64_t bytes = 0;  ///< that they hold, parts of a mapping aside
};

/// \brief Decodes the projected columns of a run of row groups, from its first row to its last.
///
/// Each column is decoded by own code or by a Parquet reader over the shared footer, columns and
/// pages in parallel. One thread at a time.
class RowGroupStream {
 public:
  /// With `whole` one call reads everything, and column chunks are read in one piece; otherwise
  /// the run is one row group that is read through small buffers, so that a step holds little more
  /// than what it decodes. `rows` of the run are read, from its first. `ahead` reads the file,
  /// where it is remote; null = the file itself does. Once `cancel` is raised reading is kAborted,
  /// at the latest behind a page.
  RowGroupStream(std::shared_ptr<const FileProjection> projection, RowGroupRun run, int64_t rows,
                 bool whole, std::shared_ptr<RangeAhead> ahead, CancelToken cancel = {});

  /// \brief Call `then` when decoding would wait for no request that is on its way: at once, or
  /// on another thread. Never, where the reader is closed before.
  void WhenReadable(std::function<void()> then) const;

  /// \brief Decode the next `rows` rows, restored to the types of the answer.
  ///
  /// Several batches where a column comes in parts: 2 GiB of text, pages of a mapped file. Fewer
  /// rows in the file than its footer has are kFileCorrupted. What it held of the file goes with
  /// the last of the rows. `board` shows what other threads can take.
  arrow::Result<DecodedRows> Read(int64_t rows, LoopBoard* board = nullptr);

  RowGroupRun run() const { return run_; }
  /// Of the file.
  const std::vector<RowGroupInfo>& row_groups() const {
    return projection_->footer->info.row_groups;
  }

  /// \brief The same of one row group of the run, as a whole.
  std::shared_ptr<RowGroupStream> Single(int row_group) const;

 private:
  arrow::Status Open();
  arrow::Status OpenOwn(int column);
  arrow::Result<std::shared_ptr<parquet::arrow::FileReader>> Reader();
  arrow::Status Decode(int64_t rows);
  arrow::Status Run(const DecodeTasks& tasks);
  arrow::Result<DecodedRows> Assemble(int64_t rows);

  const std::shared_ptr<const FileProjection> projection_;
  const RowGroupRun run_;
  const bool whole_;
  const std::shared_ptr<RangeAhead> ahead_;
  const CancelToken cancel_;
  int64_t rows_left_;
  std::shared_ptr<parquet::arrow::FileReader> reader_;
  std::vector<std::unique_ptr<ColumnRows>> columns_;
  LoopBoard* board_ = nullptr;  ///< of the Read that goes on
};

}  // namespace packed
