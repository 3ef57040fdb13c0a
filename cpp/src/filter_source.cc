#include "filter_source.h"

#include <utility>

#include "catch.h"
#include "filter_evaluate.h"
#include "keep_rows.h"

namespace packed {
namespace {

class FilterSource final : public BatchSource {
 public:
  FilterSource(std::unique_ptr<BatchSource> inner, BoundFilter filter, std::vector<int> columns,
               std::vector<int> output, std::shared_ptr<FilterMeter> meter)
      : inner_(std::move(inner)),
        filter_(std::move(filter)),
        columns_(std::move(columns)),
        output_(std::move(output)),
        meter_(std::move(meter)) {
    arrow::FieldVector fields;
    for (const int column : output_) fields.push_back(inner_->schema()->field(column));
    schema_ = arrow::schema(std::move(fields), inner_->schema()->metadata());
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() override {
    ARROW_RETURN_NOT_OK(failure_);
    auto batch = CatchAll([this] { return NextKept(); });
    if (!batch.ok()) failure_ = batch.status();
    return batch;
  }

  void Close() noexcept override { inner_->Close(); }

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> NextKept() {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, inner_->ReadNext());
      if (!batch) return nullptr;
      const int64_t rows = batch->num_rows();
      if (rows == 0) continue;
      ARROW_ASSIGN_OR_RAISE(FilterMask mask,
                            EvaluateFilter(filter_, Choose(*batch, columns_), rows));
      const int64_t kept = CountBits(mask.is_true);
      meter_->rows_filtered.fetch_add(rows - kept, std::memory_order_relaxed);
      if (kept == 0) continue;
      auto output = arrow::RecordBatch::Make(schema_, rows, Choose(*batch, output_));
      if (kept == rows) return output;
      return KeepRows(output, ToBooleans(std::move(mask.is_true), rows));
    }
  }

  static arrow::ArrayVector Choose(const arrow::RecordBatch& batch,
                                   const std::vector<int>& places) {
    arrow::ArrayVector columns;
    columns.reserve(places.size());
    for (const int column : places) columns.push_back(batch.column(column));
    return columns;
  }

  const std::unique_ptr<BatchSource> inner_;
  const BoundFilter filter_;
  const std::vector<int> columns_;
  const std::vector<int> output_;
  const std::shared_ptr<FilterMeter> meter_;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::Status failure_;
};

}  // namespace

std::unique_ptr<BatchSource> FilterRows(std::unique_ptr<BatchSource> inner, BoundFilter filter,
                                        std::vector<int> columns, std::vector<int> output,
                                        std::shared_ptr<FilterMeter> meter) {
  return std::make_unique<FilterSource>(std::move(inner), std::move(filter), std::move(columns),
                                        std::move(output), std::move(meter));
}

}  // namespace packed
