#include "join_batches.h"

#include <utility>

#include "arrow/array/concatenate.h"

#include "packed/memory.h"

namespace packed {

arrow::Result<std::shared_ptr<arrow::RecordBatch>> JoinBatches(
    const FileProjection& plan, const arrow::RecordBatchVector& batches) {
  if (batches.size() == 1) return batches.front();
  arrow::FieldVector fields;
  for (const auto& output : plan.outputs) fields.push_back(output.field);
  const auto schema = arrow::schema(std::move(fields));
  if (batches.empty()) return arrow::RecordBatch::MakeEmpty(schema, Pool());
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  arrow::ArrayVector columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    arrow::ArrayVector parts;
    for (const auto& batch : batches) parts.push_back(batch->column(i));
    ARROW_ASSIGN_OR_RAISE(auto joined, arrow::Concatenate(parts, Pool()));
    columns.push_back(std::move(joined));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

}  // namespace packed
