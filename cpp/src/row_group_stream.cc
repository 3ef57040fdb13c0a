#include "row_group_stream.h"

#include <algorithm>
#include <utility>

#include "parquet/file_reader.h"

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

RowGroupStream::RowGroupStream(std::shared_ptr<const FileProjection> projection, int row_group,
                               bool whole, std::shared_ptr<RangeAhead> ahead)
    : projection_(std::move(projection)),
      row_group_(row_group),
      whole_(whole),
      ahead_(std::move(ahead)),
      rows_left_(projection_->footer->info.row_groups[row_group].rows) {}

void RowGroupStream::WhenReadable(std::function<void()> then) const {
  // One that is read step by step need not be here as a whole.
  if (!ahead_ || !whole_) return then();
  ahead_->WhenHere(*projection_, row_group_, std::move(then));
}

arrow::Status RowGroupStream::Open() {
  const Footer& footer = *projection_->footer;
  ARROW_RETURN_NOT_OK(footer.file->CheckUnchanged());
  auto source = ahead_ ? ahead_->Source(projection_, row_group_) : footer.file->file();
  auto file = parquet::ParquetFileReader::Open(std::move(source), ParquetProperties(!whole_),
                                               footer.metadata);
  ARROW_ASSIGN_OR_RAISE(
      reader_, parquet::arrow::FileReader::Make(Pool(), std::move(file), ArrowProperties()));
  ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader({row_group_}, projection_->leaves));
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowGroupStream::Decode(int64_t rows) {
  std::shared_ptr<arrow::RecordBatch> batch;
  ARROW_RETURN_NOT_OK(GuardRead(projection_->footer->path(), [&]() -> arrow::Status {
    if (!batches_) ARROW_RETURN_NOT_OK(Open());
    reader_->set_batch_size(rows);
    ARROW_RETURN_NOT_OK(batches_->ReadNext(&batch));
    if (!batch) return arrow::Status::OK();
    if (batch->num_columns() != static_cast<int>(projection_->columns.size())) {
      return arrow::Status::Invalid("Expected ", projection_->columns.size(),
                                    " columns but received ", batch->num_columns());
    }
    return CheckDecoded(*batch);
  }));
  return batch;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowGroupStream::RestoreTypes(
    const arrow::RecordBatch& decoded) const {
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (const auto& output : projection_->outputs) {
    std::shared_ptr<arrow::ArrayData> data = decoded.column_data(output.decoded);
    const ErrorContext context{projection_->footer->path(), output.field->name()};
    if (!output.field->nullable() && data->GetNullCount() > 0) {
      return MakeError(ErrorCode::kInvalidData,
                       "Expected no nulls for field " + output.field->name() +
                           " but received some from " + context.path,
                       context);
    }
    if (output.restore) {
      auto restored = output.restore(data);
      if (!restored.ok()) {
        const bool memory = restored.status().IsOutOfMemory();
        return WithContext(restored.status(),
                           memory ? ErrorCode::kOutOfMemory : ErrorCode::kInvalidData, context);
      }
      data = restored.MoveValueUnsafe();
    }
    fields.push_back(output.field);
    columns.push_back(std::move(data));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), decoded.num_rows(),
                                  std::move(columns));
}

arrow::Result<arrow::RecordBatchVector> RowGroupStream::Read(int64_t rows) {
  arrow::RecordBatchVector batches;
  int64_t left = rows;
  while (left > 0) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, Decode(left));
    if (!batch || batch->num_rows() == 0 || batch->num_rows() > left) {
      const std::string& path = projection_->footer->path();
      return MakeError(ErrorCode::kFileCorrupted,
                       "Expected " + std::to_string(rows) + " rows of row group " +
                           std::to_string(row_group_) + " for " + path + " but received " +
                           std::to_string(rows - left + (batch ? batch->num_rows() : 0)),
                       {path, ""});
    }
    left -= batch->num_rows();
    ARROW_ASSIGN_OR_RAISE(auto restored, RestoreTypes(*batch));
    batches.push_back(std::move(restored));
  }
  rows_left_ -= rows;
  if (rows_left_ == 0) {
    batches_.reset();
    reader_.reset();
  }
  return batches;
}

}  // namespace packed
