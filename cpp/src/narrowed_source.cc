#include "narrowed_source.h"

#include <utility>

#include "catch.h"
#include "keep_rows.h"

namespace packed {

NarrowedSource::NarrowedSource(std::unique_ptr<BatchSource> inner, std::vector<int> output)
    : inner_(std::move(inner)), output_(std::move(output)) {
  arrow::FieldVector fields;
  for (const int column : output_) fields.push_back(inner_->schema()->field(column));
  schema_ = arrow::schema(std::move(fields), inner_->schema()->metadata());
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> NarrowedSource::ReadNext() {
  ARROW_RETURN_NOT_OK(failure_);
  auto batch = CatchAll([this] { return NextKept(); });
  if (!batch.ok()) failure_ = batch.status();
  return batch;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> NarrowedSource::NextKept() {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, inner_->ReadNext());
    if (!batch) return nullptr;
    if (batch->num_rows() == 0) continue;
    ARROW_ASSIGN_OR_RAISE(const auto mask, Judge(*batch));
    if (mask && mask->true_count() == 0) continue;
    auto output =
        arrow::RecordBatch::Make(schema_, batch->num_rows(), ChooseColumns(*batch, output_));
    return mask ? KeepRows(output, mask) : output;
  }
}

arrow::ArrayVector ChooseColumns(const arrow::RecordBatch& batch, const std::vector<int>& places) {
  arrow::ArrayVector columns;
  columns.reserve(places.size());
  for (const int column : places) columns.push_back(batch.column(column));
  return columns;
}

}  // namespace packed
