#include "packed/gather_rows.h"

#include <string>
#include <utility>

#include "arrow/array/array_primitive.h"
#include "arrow/buffer.h"
#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"
#include "arrow/table.h"

#include "catch.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

arrow::Status Check(const arrow::RecordBatchVector& batches, const std::vector<int64_t>& rows) {
  int64_t count = 0;
  for (const auto& batch : batches) {
    const arrow::Status valid = batch->ValidateFull();
    if (!valid.ok()) return WithContext(valid, ErrorCode::kInvalidData, {});
    count += batch->num_rows();
  }
  for (const int64_t row : rows) {
    if (row >= 0 && row < count) continue;
    return MakeError(ErrorCode::kInvalidArgument, "Expected rows from 0 to " +
                                                      std::to_string(count - 1) + " but received " +
                                                      std::to_string(row));
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatch>> GatherRows(
    const std::shared_ptr<arrow::Schema>& schema, const arrow::RecordBatchVector& batches,
    const std::vector<int64_t>& rows) {
  return CatchAll([&]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
    ARROW_RETURN_NOT_OK(Check(batches, rows));
    if (rows.empty()) return arrow::RecordBatch::MakeEmpty(schema, Pool());
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(schema, batches));
    const auto positions = std::make_shared<arrow::Int64Array>(
        static_cast<int64_t>(rows.size()),
        std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(rows.data()),
                                        static_cast<int64_t>(rows.size() * sizeof(int64_t))));
    arrow::compute::ExecContext context(Pool());
    context.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        const auto taken,
        arrow::compute::Take(arrow::Datum(table), arrow::Datum(positions),
                             arrow::compute::TakeOptions::NoBoundsCheck(), &context));
    return taken.table()->CombineChunksToBatch(Pool());
  });
}

}  // namespace packed
