#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "parquet/arrow/reader.h"

#include "projection.h"
#include "range_ahead.h"

namespace packed {

/// \brief Decodes the projected columns of one row group, from its first row to its last.
///
/// Each stream has Parquet readers of its own over the shared footer, so streams of one file
/// run in parallel. One thread at a time.
class RowGroupStream {
 public:
  /// With `whole` every column chunk is read in one piece; otherwise through a small buffer,
  /// so that a step holds little more than what it decodes. `ahead` reads the file, where it is
  /// remote; null = the file itself does.
  RowGroupStream(std::shared_ptr<const FileProjection> projection, int row_group, bool whole,
                 std::shared_ptr<RangeAhead> ahead);

  /// \brief Call `then` when decoding would wait for no request that is on its way: at once, or
  /// on another thread. Never, where the reader is closed before.
  void WhenReadable(std::function<void()> then) const;

  /// \brief Decode the next `rows` rows, restored to the types of the answer.
  ///
  /// Several batches where Arrow had to split a column (2 GiB of text). Fewer rows in the file
  /// than its footer has are kFileCorrupted. What it held of the file goes with the last row.
  arrow::Result<arrow::RecordBatchVector> Read(int64_t rows);

 private:
  arrow::Status Open();
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Decode(int64_t rows);
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> RestoreTypes(
      const arrow::RecordBatch& decoded) const;

  const std::shared_ptr<const FileProjection> projection_;
  const int row_group_;
  const bool whole_;
  const std::shared_ptr<RangeAhead> ahead_;
  int64_t rows_left_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // reads through reader_: dies first
};

}  // namespace packed
