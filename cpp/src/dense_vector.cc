#include "dense_vector.h"

#include <cstring>
#include <string>
#include <utility>

#include "arrow/util/bitmap_ops.h"
#include "arrow/util/checked_cast.h"

#include "packed/error.h"
#include "packed/memory.h"
#include "stored_type.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::ArrayData;
using arrow::DataType;
using arrow::Result;
using arrow::Status;
using arrow::internal::checked_cast;

bool IsVectorElement(const DataType& type) {
  return type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::HALF_FLOAT ||
         type.id() == arrow::Type::INT8;
}

bool IsVariableList(const DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
}

int32_t VectorBytes(const DataType& stored) {
  return checked_cast<const arrow::FixedSizeBinaryType&>(stored).byte_width();
}

Result<std::shared_ptr<DataType>> VectorOf(const arrow::Field& field, const DataType& element,
                                           int64_t dim) {
  const int64_t bytes = dim * element.byte_width();
  if (dim < 1 || bytes > INT32_MAX) {
    return MakeError(ErrorCode::kInvalidSchema,
                     "Expected a vector dimension of at least 1 and at most " +
                         std::to_string(INT32_MAX / element.byte_width()) + " for field '" +
                         field.name() + "' but received " + std::to_string(dim),
                     {"", field.name()});
  }
  return arrow::fixed_size_binary(static_cast<int32_t>(bytes));
}

/// First element and element count of row i, within the child.
struct Extent {
  int64_t start;
  int64_t length;
};

Extent ExtentOf(const ArrayData& data, int64_t i) {
  switch (data.type->id()) {
    case arrow::Type::LIST: {
      const auto* offsets = data.GetValues<int32_t>(1);
      return {offsets[i], offsets[i + 1] - offsets[i]};
    }
    case arrow::Type::LARGE_LIST: {
      const auto* offsets = data.GetValues<int64_t>(1);
      return {offsets[i], offsets[i + 1] - offsets[i]};
    }
    default: {
      const int64_t size = checked_cast<const arrow::FixedSizeListType&>(*data.type).list_size();
      return {(data.offset + i) * size, size};
    }
  }
}

/// True when the vectors of the slice lie one after another, null rows included.
bool IsContiguous(const ArrayData& data, int64_t dim) {
  for (int64_t i = 0; i < data.length; ++i) {
    if (ExtentOf(data, i).length != dim) return false;
  }
  return true;
}

Result<std::shared_ptr<arrow::Buffer>> CopyVectors(const ArrayData& data, int64_t dim,
                                                   int64_t vector_bytes) {
  const ArrayData& child = *data.child_data[0];
  const int64_t width = vector_bytes / dim;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(data.length * vector_bytes, Pool()));
  std::memset(values->mutable_data(), 0, values->size());
  for (int64_t i = 0; i < data.length; ++i) {
    if (data.IsNull(i)) continue;
    const int64_t start = ExtentOf(data, i).start + child.offset;
    std::memcpy(values->mutable_data() + i * vector_bytes, child.buffers[1]->data() + start * width,
                vector_bytes);
  }
  return values;
}

}  // namespace

Result<std::shared_ptr<DataType>> DenseVectorType(const arrow::Field& field,
                                                  std::optional<int32_t> dim) {
  const DataType& type = *field.type();
  if (dim.has_value()) {
    if (!IsVariableList(type) || !IsVectorElement(*type.field(0)->type())) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected a list of float32, float16 or int8 for field '" + field.name() +
                           "' with a vector dimension but received " + type.ToString(),
                       {"", field.name()});
    }
    return VectorOf(field, *type.field(0)->type(), *dim);
  }
  if (type.id() == arrow::Type::FIXED_SIZE_BINARY) return field.type();
  if (type.id() == arrow::Type::FIXED_SIZE_LIST && IsVectorElement(*type.field(0)->type())) {
    return VectorOf(field, *type.field(0)->type(),
                    checked_cast<const arrow::FixedSizeListType&>(type).list_size());
  }
  return nullptr;
}

Status CheckDenseVectors(const arrow::Field& field, const Array& array, const DataType& stored) {
  const ArrayData& data = *array.data();
  if (data.type->id() == arrow::Type::FIXED_SIZE_BINARY) return Status::OK();
  const ArrayData& child = *data.child_data[0];
  const int64_t dim = VectorBytes(stored) / child.type->byte_width();
  const bool elements_may_be_null = child.GetNullCount() != 0;
  if (!IsVariableList(*data.type) && !elements_may_be_null) return Status::OK();
  for (int64_t i = 0; i < data.length; ++i) {
    if (data.IsNull(i)) continue;
    const Extent extent = ExtentOf(data, i);
    const auto where = "row " + std::to_string(i) + " of field '" + field.name() + "'";
    if (extent.length != dim) {
      return MakeError(ErrorCode::kInvalidData,
                       "Expected " + std::to_string(dim) + " elements for " + where +
                           " but received " + std::to_string(extent.length),
                       {"", field.name()});
    }
    if (elements_may_be_null &&
        arrow::internal::CountSetBits(child.buffers[0]->data(), child.offset + extent.start, dim) !=
            dim) {
      return MakeError(ErrorCode::kInvalidData,
                       "Expected a vector without nulls for " + where + " but received a null",
                       {"", field.name()});
    }
  }
  return Status::OK();
}

Result<std::shared_ptr<ArrayData>> ToDenseVectors(const std::shared_ptr<ArrayData>& data,
                                                  const std::shared_ptr<DataType>& stored) {
  if (data->type->id() == arrow::Type::FIXED_SIZE_BINARY) return data;
  const ArrayData& child = *data->child_data[0];
  const int64_t vector_bytes = VectorBytes(*stored);
  const int64_t width = child.type->byte_width();
  const int64_t dim = vector_bytes / width;
  std::shared_ptr<arrow::Buffer> values;
  if (data->length > 0 && IsContiguous(*data, dim)) {
    const int64_t start = ExtentOf(*data, 0).start;
    values = arrow::SliceBuffer(child.buffers[1], (child.offset + start) * width,
                                data->length * vector_bytes);
  } else {
    ARROW_ASSIGN_OR_RAISE(values, CopyVectors(*data, dim, vector_bytes));
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, SliceValidity(*data));
  return ArrayData::Make(stored, data->length, {std::move(validity), std::move(values)});
}

}  // namespace packed
