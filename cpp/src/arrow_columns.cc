#include "arrow_columns.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "arrow/util/config.h"
#include "parquet/file_reader.h"

#include "arrow_meter.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "parquet_guard.h"

namespace packed {
namespace {

bool HasDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasDictionary(*field->type()); });
}

/// Decoders do not check the indices of a damaged page against the dictionary; whoever
/// follows them later would read beyond it.
arrow::Status CheckDecoded(const arrow::RecordBatch& batch) {
  ARROW_RETURN_NOT_OK(batch.Validate());
  for (const auto& column : batch.columns()) {
    if (HasDictionary(*column->type())) ARROW_RETURN_NOT_OK(column->ValidateFull());
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<std::shared_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    const Footer& footer, std::shared_ptr<arrow::io::RandomAccessFile> source, bool stream) {
  auto file = parquet::ParquetFileReader::Open(std::move(source), ParquetProperties(stream),
                                               footer.metadata);
#if ARROW_VERSION_MAJOR >= 23
  return parquet::arrow::FileReader::Make(Pool(), std::move(file), ArrowProperties());
#else  // no form with a Result
  std::unique_ptr<parquet::arrow::FileReader> reader;
  ARROW_RETURN_NOT_OK(
      parquet::arrow::FileReader::Make(Pool(), std::move(file), ArrowProperties(), &reader));
  return reader;
#endif
}

ArrowColumns::ArrowColumns(const FileProjection& projection, std::vector<int> columns,
                           RowGroupRun run, std::shared_ptr<parquet::arrow::FileReader> reader)
    : columns_(std::move(columns)),
      footer_(projection.footer),
      run_(run),
      reader_(std::move(reader)) {
  for (const int column : columns_) {
    const auto& leaves = footer_->columns[projection.columns[column]].leaves;
    leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
  }
  for (int i = run_.first; i < run_.end(); ++i) rows_left_ += footer_->info.row_groups[i].rows;
}

arrow::Status ArrowColumns::Plan(int64_t rows, StepBlock*, DecodeTasks* tasks) {
  reader_->set_batch_size(rows);  // not in the task: others share it
  decoded_.assign(columns_.size(), {});
  tasks->push_back([this, rows] { return Decode(rows); });
  return arrow::Status::OK();
}

arrow::Result<std::vector<ArrayDataVector>> ArrowColumns::Finish() { return std::move(decoded_); }

arrow::Status ArrowColumns::ReadBatch(std::shared_ptr<arrow::RecordBatch>* batch) {
  return GuardRead(footer_->path(), [&]() -> arrow::Status {
    if (!batches_) {
      std::vector<int> row_groups(run_.count);
      std::iota(row_groups.begin(), row_groups.end(), run_.first);
      ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader(row_groups, leaves_));
    }
    ARROW_RETURN_NOT_OK(batches_->ReadNext(batch));
    if (!*batch) return arrow::Status::OK();
    if ((*batch)->num_columns() != static_cast<int>(columns_.size())) {
      return arrow::Status::Invalid("Expected ", columns_.size(), " columns but received ",
                                    (*batch)->num_columns());
    }
    return CheckDecoded(**batch);
  });
}

arrow::Status ArrowColumns::Decode(int64_t rows) {
  const Stopwatch watch;
  ARROW_RETURN_NOT_OK(ReadRows(rows));
  elapsed_ += watch.elapsed();
  rows_left_ -= rows;
  return rows > 0 && rows_left_ == 0 ? Count() : arrow::Status::OK();
}

/// With the last row: whoever stops before is not counted.
arrow::Status ArrowColumns::Count() const {
  return GuardRead(footer_->path(), [this] {
    ArrowChunks chunks;
    for (int i = run_.first; i < run_.end(); ++i) {
      const auto row_group = footer_->metadata->RowGroup(i);
      for (const int leaf : leaves_) chunks.Add(*row_group->ColumnChunk(leaf));
    }
    chunks.Count(CompressionWay::kDecompress, elapsed_);
    return arrow::Status::OK();
  });
}

/// Several batches where Arrow had to split a column (2 GiB of text) or where dictionaries end.
arrow::Status ArrowColumns::ReadRows(int64_t rows) {
  for (int64_t left = rows; left > 0;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(ReadBatch(&batch));
    if (!batch || batch->num_rows() == 0 || batch->num_rows() > left) {
      const std::string& path = footer_->path();
      return MakeError(ErrorCode::kFileCorrupted,
                       "Expected " + std::to_string(rows) + " rows of row group " +
                           std::to_string(run_.first) + " for " + path + " but received " +
                           std::to_string(rows - left + (batch ? batch->num_rows() : 0)),
                       {path, ""});
    }
    left -= batch->num_rows();
    for (size_t i = 0; i < columns_.size(); ++i) {
      decoded_[i].push_back(batch->column_data(static_cast<int>(i)));
    }
  }
  return arrow::Status::OK();
}

}  // namespace packed
