#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "parquet/arrow/reader.h"

#include "column_rows.h"
#include "compression_meter.h"
#include "projection.h"

namespace packed {

/// \brief Arrow's reader of an open file over its parsed footer; `stream` bounds what one column
/// chunk holds of the file at a time. Throws as Parquet does.
arrow::Result<std::shared_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    const Footer& footer, std::shared_ptr<arrow::io::RandomAccessFile> source, bool stream);

/// \brief Columns that Arrow's reader decodes, by one task for all of them.
class ArrowColumns final : public ColumnRows {
 public:
  /// `reader` serves several of them at once, but only for steps of equally many rows.
  ArrowColumns(const FileProjection& projection, std::vector<int> columns, RowGroupRun run,
               std::shared_ptr<parquet::arrow::FileReader> reader);

  const std::vector<int>& columns() const override { return columns_; }
  arrow::Status Plan(int64_t rows, StepBlock* block, DecodeTasks* tasks) override;
  arrow::Result<std::vector<ArrayDataVector>> Finish() override;

 private:
  arrow::Status Decode(int64_t rows);
  arrow::Status ReadRows(int64_t rows);
  arrow::Status ReadBatch(std::shared_ptr<arrow::RecordBatch>* batch);
  arrow::Status Count() const;

  const std::vector<int> columns_;
  const std::shared_ptr<const Footer> footer_;
  const RowGroupRun run_;
  std::vector<int> leaves_;
  std::shared_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // reads through reader_: dies first
  std::vector<ArrayDataVector> decoded_;
  int64_t rows_left_ = 0;  // of the run
  std::chrono::nanoseconds elapsed_{0};
};

}  // namespace packed
