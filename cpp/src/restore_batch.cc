#include "restore_batch.h"

#include <utility>

#include "packed/error.h"

namespace packed {

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RestoreBatch(const FileProjection& projection,
                                                                const ArrayDataVector& decoded,
                                                                int64_t rows) {
  arrow::FieldVector fields;
  ArrayDataVector columns;
  for (const auto& output : projection.outputs) {
    std::shared_ptr<arrow::ArrayData> data = decoded[output.decoded];
    const ErrorContext context{projection.footer->path(), output.field->name()};
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
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

}  // namespace packed
