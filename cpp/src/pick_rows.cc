#include "pick_rows.h"

#include <span>
#include <utility>

#include "arrow/array/concatenate.h"
#include "arrow/array/util.h"
#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"

#include "arrow_columns.h"
#include "packed/memory.h"
#include "parquet_guard.h"
#include "restore_batch.h"

namespace packed {
namespace {

using Rows = std::span<const int64_t>;

arrow::Result<std::shared_ptr<arrow::Array>> TakeOf(const ArrayDataVector& arrays, Rows rows) {
  arrow::ArrayVector parts;
  for (const auto& data : arrays) parts.push_back(arrow::MakeArray(data));
  const auto positions = std::make_shared<arrow::Int64Array>(
      static_cast<int64_t>(rows.size()),
      std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(rows.data()),
                                      static_cast<int64_t>(rows.size_bytes())));
  arrow::compute::ExecContext context(Pool());
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      const auto taken,
      arrow::compute::Take(arrow::Datum(std::make_shared<arrow::ChunkedArray>(std::move(parts))),
                           arrow::Datum(positions), arrow::compute::TakeOptions::NoBoundsCheck(),
                           &context));
  if (taken.is_array()) return taken.make_array();
  return arrow::Concatenate(taken.chunked_array()->chunks(), Pool());
}

}  // namespace

RowPick::RowPick(std::shared_ptr<const FileProjection> projection, int row_group,
                 std::vector<int64_t> rows)
    : projection_(std::move(projection)),
      row_group_(row_group),
      rows_(std::move(rows)),
      own_(projection_->columns.size()),
      picked_(projection_->columns.size()) {}

arrow::Status RowPick::Plan(DecodeTasks* tasks) {
  const Footer& footer = *projection_->footer;
  ARROW_RETURN_NOT_OK(GuardRead(footer.path(), [&] { return footer.file->CheckUnchanged(); }));
  for (size_t i = 0; i < own_.size(); ++i) {
    own_[i] = ColumnPick::Make(projection_, static_cast<int>(i), row_group_, rows_);
    if (own_[i]) tasks->push_back([own = own_[i].get()] { return own->Open(); });
  }
  return arrow::Status::OK();
}

void RowPick::PlanPages(DecodeTasks* tasks) {
  std::vector<int> others;
  for (size_t i = 0; i < own_.size(); ++i) {
    if (own_[i] && own_[i]->foreign()) own_[i].reset();
    if (own_[i]) {
      own_[i]->PlanPages(tasks);
    } else {
      others.push_back(static_cast<int>(i));
    }
  }
  if (others.empty()) return;
  tasks->push_back([this, others = std::move(others)] { return PickByArrow(others); });
}

/// What own code does not pick: decoded whole, all columns by one reader.
arrow::Status RowPick::PickByArrow(const std::vector<int>& columns) {
  const Footer& footer = *projection_->footer;
  return GuardRead(footer.path(), [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          OpenArrowReader(footer, footer.file->file(), /*stream=*/false));
    ArrowColumns decoder(*projection_, columns, {row_group_, 1}, std::move(reader));
    DecodeTasks tasks;
    StepBlock none;
    ARROW_RETURN_NOT_OK(decoder.Plan(footer.info.row_groups[row_group_].rows, &none, &tasks));
    for (const auto& task : tasks) ARROW_RETURN_NOT_OK(task());
    ARROW_ASSIGN_OR_RAISE(const auto decoded, decoder.Finish());
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto taken, TakeOf(decoded[i], rows_));
      picked_[columns[i]] = taken->data();
    }
    return arrow::Status::OK();
  });
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowPick::Finish() {
  for (size_t i = 0; i < own_.size(); ++i) {
    if (!own_[i]) continue;
    ARROW_ASSIGN_OR_RAISE(picked_[i], own_[i]->Finish());
    own_[i].reset();
  }
  return RestoreBatch(*projection_, picked_, static_cast<int64_t>(rows_.size()));
}

}  // namespace packed
