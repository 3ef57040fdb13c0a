#include "constant_column.h"

#include "arrow/array/util.h"

#include "packed/memory.h"

namespace packed {

arrow::Result<std::shared_ptr<arrow::Array>> ConstantColumn::Slice(int64_t rows) {
  if (!array_ || array_->length() < rows) {
    ARROW_ASSIGN_OR_RAISE(array_, value_->is_valid
                                      ? arrow::MakeArrayFromScalar(*value_, rows, Pool())
                                      : arrow::MakeArrayOfNull(value_->type, rows, Pool()));
  }
  return array_->Slice(0, rows);
}

}  // namespace packed
