#include "incoming_rows.h"

#include "dense_vector.h"
#include "stored_type.h"

namespace packed {
namespace {

std::vector<std::shared_ptr<arrow::ArrayData>> ColumnsOf(const GroupPlan& plan,
                                                         const arrow::RecordBatch& batch) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  columns.reserve(plan.columns.size());
  for (const auto& column : plan.columns) columns.push_back(batch.column_data(column.index));
  return columns;
}

RowSizer SizerOf(const GroupPlan& plan,
                 const std::vector<std::shared_ptr<arrow::ArrayData>>& columns) {
  std::vector<RowSizer::Column> sized;
  for (size_t i = 0; i < columns.size(); ++i) {
    const ColumnPlan& column = plan.columns[i];
    sized.push_back({columns[i].get(), column.declared.get(), column.vector_bytes()});
  }
  return RowSizer(sized);
}

}  // namespace

IncomingRows::IncomingRows(const GroupPlan& group, const arrow::RecordBatch& batch)
    : plan(group),
      columns(ColumnsOf(group, batch)),
      sizer(SizerOf(group, columns)),
      end(batch.num_rows()) {}

arrow::Result<std::shared_ptr<arrow::ArrayData>> IncomingRows::Stored(size_t column,
                                                                      int64_t to) const {
  const ColumnPlan& chosen = plan.columns[column];
  auto slice = columns[column]->Slice(begin, to - begin);
  if (!chosen.dense_vector) return ToStored(slice, chosen.stored->type());
  ARROW_ASSIGN_OR_RAISE(auto plain, ToStored(slice, StoredType(chosen.declared->type())));
  return ToDenseVectors(plain, chosen.stored->type());
}

int64_t TrailingBits(const GroupPlan& plan) {
  int64_t bits = 0;
  for (const auto& column : plan.columns) bits += TrailingOffsetBits(*column.stored->type());
  return bits;
}

int64_t FullRowGroupBits(const GroupPlan& plan) {
  return 8 * plan.row_group_bytes - TrailingBits(plan);
}

}  // namespace packed
