#include "filter_source.h"

#include <utility>

#include "filter_evaluate.h"
#include "narrowed_source.h"

namespace packed {
namespace {

class FilterSource final : public NarrowedSource {
 public:
  FilterSource(std::unique_ptr<BatchSource> inner, BoundFilter filter, std::vector<int> columns,
               std::vector<int> output, std::shared_ptr<FilterMeter> meter)
      : NarrowedSource(std::move(inner), std::move(output)),
        filter_(std::move(filter)),
        columns_(std::move(columns)),
        meter_(std::move(meter)) {}

 private:
  arrow::Result<std::shared_ptr<arrow::BooleanArray>> Judge(
      const arrow::RecordBatch& batch) override {
    const int64_t rows = batch.num_rows();
    ARROW_ASSIGN_OR_RAISE(FilterMask mask,
                          EvaluateFilter(filter_, ChooseColumns(batch, columns_), rows));
    const int64_t kept = CountBits(mask.is_true);
    meter_->rows_filtered.fetch_add(rows - kept, std::memory_order_relaxed);
    if (kept == rows) return nullptr;
    return ToBooleans(std::move(mask.is_true), rows);
  }

  const BoundFilter filter_;
  const std::vector<int> columns_;
  const std::shared_ptr<FilterMeter> meter_;
};

}  // namespace

std::unique_ptr<BatchSource> FilterRows(std::unique_ptr<BatchSource> inner, BoundFilter filter,
                                        std::vector<int> columns, std::vector<int> output,
                                        std::shared_ptr<FilterMeter> meter) {
  return std::make_unique<FilterSource>(std::move(inner), std::move(filter), std::move(columns),
                                        std::move(output), std::move(meter));
}

}  // namespace packed
