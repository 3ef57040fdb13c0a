#include "packed/column_layout.h"

#include <algorithm>
#include <utility>

#include "batch_check.h"
#include "catch.h"
#include "distinct_values.h"
#include "encoding_trials.h"
#include "incoming_rows.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "page_cut.h"
#include "page_encode.h"
#include "parquet/arrow/schema.h"
#include "write_plan.h"

namespace packed {
namespace {

using arrow::ArrayVector;
using arrow::Result;
using arrow::Status;

/// Runs of rows that a sample is made of.
constexpr int64_t kRuns = 4;

/// Rows of the batches from `begin` on, as batches.
arrow::RecordBatchVector SliceBatches(const arrow::RecordBatchVector& batches, int64_t begin,
                                      int64_t rows) {
  arrow::RecordBatchVector slices;
  int64_t first = 0;
  for (const auto& batch : batches) {
    const int64_t from = std::clamp<int64_t>(begin - first, 0, batch->num_rows());
    const int64_t to = std::clamp<int64_t>(begin + rows - first, 0, batch->num_rows());
    if (from < to) slices.push_back(batch->Slice(from, to - from));
    first += batch->num_rows();
  }
  return slices;
}

int64_t RowsOf(const arrow::RecordBatchVector& batches) {
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  return rows;
}

/// Chooses for the columns of one plan, whose only group has all of them.
class Optimizer {
 public:
  Optimizer(WritePlan plan, const WriterOptions& options, const arrow::RecordBatchVector& batches)
      : plan_(std::move(plan)), group_(plan_.groups[0]), options_(options), rows_(RowsOf(batches)) {
    for (auto& column : group_.columns) {
      if (!column.choices.empty()) continue;
      column.choices = {column.encoding};
      column.sampled = true;  // so that properties of its one choice are made
    }
    const int64_t runs = rows_ > SampleRows() ? kRuns : 1;
    for (int64_t run = 0; run < runs; ++run) {
      runs_.push_back(SliceBatches(batches, rows_ / runs * run, SampleRows() / runs));
    }
  }

  Result<std::vector<ColumnLayout>> Run() {
    for (const auto& run : runs_) {
      for (const auto& batch : run) {
        ARROW_RETURN_NOT_OK(CheckBatch(plan_, *batch, options_.concurrency));
      }
    }
    ARROW_ASSIGN_OR_RAISE(properties_, MakePropertiesByEncoding(group_, options_.compatibility));
    const auto schema = group_.StoredSchema();
    ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(schema.get(), *properties_.begin()->second,
                                                        *MakeArrowWriterProperties(), &leaves_));
    std::vector<ColumnLayout> layouts(group_.columns.size());
    ARROW_RETURN_NOT_OK(
        ParallelFor(static_cast<int>(layouts.size()), options_.concurrency, [&](int i) -> Status {
          ARROW_RETURN_NOT_OK(options_.cancel.Check());
          return CatchAll([&] { return Choose(i).Value(&layouts[i]); });
        }));
    return layouts;
  }

 private:
  int64_t SampleRows() const {
    int64_t rows = kRuns;
    for (const auto& column : group_.columns) rows = std::max(rows, column.sample_rows);
    return rows;
  }

  /// The column's rows of every run, as stored; its own share of them.
  Result<ArrayVector> SampleOf(size_t column) const {
    const int64_t wanted = std::max<int64_t>(kRuns, group_.columns[column].sample_rows);
    const auto share = wanted / static_cast<int64_t>(runs_.size());
    ArrayVector sample;
    for (const auto& run : runs_) {
      for (const auto& batch : SliceBatches(run, 0, share)) {
        const IncomingRows rows(group_, *batch);
        ARROW_ASSIGN_OR_RAISE(auto stored, rows.Stored(column, rows.end));
        sample.push_back(arrow::MakeArray(stored));
      }
    }
    return sample;
  }

  Result<ColumnLayout> Choose(size_t index) const {
    const ColumnPlan& plan = group_.columns[index];
    ColumnLayout layout;
    layout.name = plan.declared->name();
    layout.encoding = plan.choices.front();
    ARROW_ASSIGN_OR_RAISE(const auto sample, SampleOf(index));
    if (sample.empty()) {
      layout.trials = {{layout.encoding, 0}};
      return layout;
    }
    const SampledColumn column{plan, LeafOf(*leaves_, index), properties_};
    auto trials = TryEncodings(column, sample);
    if (!trials.ok()) {
      return WithContext(trials.status(), ErrorCode::kInvalidData, {"", layout.name});
    }
    layout.trials = trials.MoveValueUnsafe();
    layout.encoding = layout.trials.front().encoding;
    layout.sample_rows = packed::RowsOf(sample);
    if (IsPageType(*plan.stored->type()) && !plan.dense_vector) {
      layout.distinct_ratio = DistinctRatio(sample);
    }
    return layout;
  }

  WritePlan plan_;
  GroupPlan& group_;
  const WriterOptions& options_;
  const int64_t rows_;
  std::vector<arrow::RecordBatchVector> runs_;
  PropertiesByEncoding properties_;
  std::shared_ptr<parquet::SchemaDescriptor> leaves_;
};

}  // namespace

Result<std::vector<ColumnLayout>> OptimizeColumnLayout(std::shared_ptr<arrow::Schema> schema,
                                                       const arrow::RecordBatchVector& batches,
                                                       WriterOptions options) {
  options.layout = Layout::kSmall;
  return CatchAll([&]() -> Result<std::vector<ColumnLayout>> {
    ColumnGroup all{0, "sample", {}};
    for (int i = 0; schema != nullptr && i < schema->num_fields(); ++i) all.columns.push_back(i);
    ARROW_ASSIGN_OR_RAISE(auto plan, MakeWritePlan(schema, {all}, options));
    return Optimizer(std::move(plan), options, batches).Run();
  });
}

}  // namespace packed
