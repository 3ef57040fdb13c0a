#include "quantizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "arrow/array.h"
#include "arrow/util/checked_cast.h"
#include "arrow/util/key_value_metadata.h"

#include "batch_check.h"
#include "dense_vector.h"
#include "field_error.h"
#include "packed/error.h"
#include "packed/format.h"
#include "packed/memory.h"
#include "quantize_kernel.h"
#include "quantize_rows.h"
#include "stored_type.h"

namespace packed {
namespace {

using arrow::Result;
using arrow::Status;
using arrow::internal::checked_cast;

constexpr int32_t kFloatBytes = sizeof(float);

bool IsListOfFloats(const arrow::DataType& type) {
  return (type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST) &&
         type.field(0)->type()->id() == arrow::Type::FLOAT;
}

/// Numbers in a vector of float32, `said` for lists alone; 0 for a type that is none.
int32_t DimOf(const arrow::DataType& type, std::optional<int32_t> said) {
  if (said || IsListOfFloats(type)) {
    const bool fits = said && IsListOfFloats(type) && *said <= INT32_MAX / kFloatBytes;
    return fits ? std::max(*said, 0) : 0;
  }
  if (type.id() == arrow::Type::FIXED_SIZE_BINARY) {
    const auto bytes = checked_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
    return bytes % kFloatBytes == 0 ? bytes / kFloatBytes : 0;
  }
  if (type.id() != arrow::Type::FIXED_SIZE_LIST) return 0;
  const auto& list = checked_cast<const arrow::FixedSizeListType&>(type);
  const bool fits =
      list.value_type()->id() == arrow::Type::FLOAT && list.list_size() <= INT32_MAX / kFloatBytes;
  return fits ? list.list_size() : 0;
}

std::shared_ptr<arrow::Field> FieldOf(const std::string& name, int64_t id, bool nullable,
                                      std::shared_ptr<arrow::DataType> type) {
  return arrow::field(name, std::move(type), nullable,
                      arrow::key_value_metadata({std::string(kFieldIdKey)}, {std::to_string(id)}));
}

/// What the core takes on trust elsewhere, where batches come from its own boundary.
Status CheckVectors(const arrow::Field& field, const arrow::Array& column) {
  const Status valid = column.ValidateFull();
  if (!valid.ok()) {
    return FieldError(ErrorCode::kInvalidData,
                      "Expected valid Arrow data for field '" + field.name() +
                          "' but received: " + valid.message(),
                      field.name());
  }
  if (field.nullable() || column.null_count() == 0) return Status::OK();
  return FieldError(
      ErrorCode::kInvalidData,
      "Expected values for the non-nullable field '" + field.name() + "' but received a null",
      field.name());
}

}  // namespace

struct Quantizer::Quantized {
  std::shared_ptr<arrow::Array> codes;
  std::shared_ptr<arrow::Array> scales;  ///< null with a scale of all
};

Result<std::unique_ptr<Quantizer>> Quantizer::Make(std::shared_ptr<arrow::Schema> schema,
                                                   std::vector<QuantizeField> fields) {
  if (schema == nullptr) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected a schema but received null");
  }
  std::unique_ptr<Quantizer> quantizer(new Quantizer(std::move(schema)));
  ARROW_ASSIGN_OR_RAISE(quantizer->input_ids_, FieldIdsOf(*quantizer->input_));
  for (auto& field : fields) ARROW_RETURN_NOT_OK(quantizer->Add(std::move(field)));
  quantizer->Plan();
  return quantizer;
}

Status Quantizer::CheckId(const Field& field, int64_t id, const char* what) const {
  const bool taken = std::find(input_ids_.begin(), input_ids_.end(), id) != input_ids_.end();
  if (!taken && id >= 0 && id <= INT32_MAX) return Status::OK();
  const std::string& name = field.options.field;
  return FieldError(ErrorCode::kInvalidArgument,
                    std::string("Expected a field id of their own for the ") + what +
                        " of field '" + name + "' but received " + std::to_string(id) +
                        (taken ? ", which a field of the schema has" : ""),
                    name);
}

Status Quantizer::Add(QuantizeField options) {
  Field field{std::move(options)};
  const std::string name = field.options.field;
  field.column = input_->GetFieldIndex(name);
  if (field.column < 0) {
    return FieldError(
        ErrorCode::kInvalidArgument,
        "Expected vectors to quantize in one field of the schema but received '" + name + "'",
        name);
  }
  for (const Field& other : fields_) {
    if (other.column != field.column) continue;
    return FieldError(ErrorCode::kInvalidArgument,
                      "Expected field '" + name + "' to be quantized once but received it twice",
                      name);
  }
  const auto& declared = *input_->field(field.column);
  field.dim = DimOf(*declared.type(), field.options.dim);
  if (field.dim == 0) {
    return FieldError(
        ErrorCode::kTypeMismatch,
        "Expected vectors of float32 (FixedSizeBinary of 4 * dim bytes, "
        "FixedSizeList<float32> or, with a dim, List<float32>) to quantize for field '" +
            name + "' but received " + declared.type()->ToString(),
        name);
  }
  ARROW_RETURN_NOT_OK(CheckId(field, field.options.field_id, "codes"));
  QuantizedField described{field.options.field_id,
                           field.options.name,
                           input_ids_[field.column],
                           name,
                           field.dim,
                           {},
                           0,
                           0,
                           0};
  if (field.options.max_abs) {
    const float bound = *field.options.max_abs;
    if (!std::isfinite(bound) || !(bound > 0)) {
      return FieldError(ErrorCode::kInvalidArgument,
                        "Expected a finite bound above 0 for the magnitudes of field '" + name +
                            "' but received " + std::to_string(bound),
                        name);
    }
    field.scale = ScaleFor(bound);
    described.scale = field.scale;
    described.max_abs = bound;
  } else {
    ARROW_RETURN_NOT_OK(CheckId(field, field.options.scale_field_id, "scales"));
    described.scale_field_id = field.options.scale_field_id;
  }
  row_bytes_ += field.dim + (field.options.max_abs ? 0 : kFloatBytes);
  fields_.push_back(std::move(field));
  described_.push_back(std::move(described));
  return Status::OK();
}

void Quantizer::Plan() {
  arrow::FieldVector stored;
  const auto put = [&](Column::Kind kind, int index, std::shared_ptr<arrow::Field> field) {
    columns_.push_back({kind, index});
    stored.push_back(std::move(field));
  };
  const auto put_codes = [&](int index) {
    const Field& field = fields_[index];
    const bool nullable = input_->field(field.column)->nullable();
    put(Column::Kind::kCodes, index,
        FieldOf(field.options.name, field.options.field_id, nullable,
                arrow::fixed_size_binary(field.dim)));
  };
  for (int i = 0; i < input_->num_fields(); ++i) {
    const auto replaced = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) {
      return field.column == i && !field.options.keep_original;
    });
    if (replaced == fields_.end()) {
      put(Column::Kind::kInput, i, input_->field(i));
    } else {
      put_codes(static_cast<int>(replaced - fields_.begin()));
    }
  }
  for (int i = 0; i < static_cast<int>(fields_.size()); ++i) {
    const Field& field = fields_[i];
    if (field.options.keep_original) put_codes(i);
    if (field.options.max_abs) continue;
    put(Column::Kind::kScales, i,
        FieldOf(field.options.scale_name, field.options.scale_field_id,
                input_->field(field.column)->nullable(), arrow::float32()));
  }
  stored_ = arrow::schema(std::move(stored), input_->metadata());
}

Result<std::shared_ptr<arrow::ArrayData>> Quantizer::DenseRows(const Field& field,
                                                               const arrow::Array& column) {
  return ToDenseVectors(column.data(), arrow::fixed_size_binary(field.dim * kFloatBytes));
}

Status Quantizer::CheckShape(const arrow::RecordBatch& batch) const {
  ARROW_RETURN_NOT_OK(CheckBatchShape(*input_, batch));
  for (const Field& field : fields_) {
    const arrow::Field& declared = *input_->field(field.column);
    const auto column = batch.column(field.column);
    ARROW_RETURN_NOT_OK(CheckVectors(declared, *column));
    const auto bytes = arrow::fixed_size_binary(field.dim * kFloatBytes);
    ARROW_RETURN_NOT_OK(CheckDenseVectors(declared, *column, *bytes));
  }
  return Status::OK();
}

Status Quantizer::CheckNumbers(const arrow::RecordBatch& batch, int64_t step,
                               const CancelToken& cancel, int concurrency) const {
  for (const Field& field : fields_) {
    for (int64_t first = 0; first < batch.num_rows(); first += step) {
      const auto rows = batch.column(field.column)->Slice(first, step);
      ARROW_ASSIGN_OR_RAISE(const auto vectors, DenseRows(field, *rows));
      const RowQuantizing how{field.scale,         field.options.max_abs.value_or(0),
                              field.options.field, first,
                              concurrency,         cancel};
      ARROW_RETURN_NOT_OK(LargestMagnitude(VectorRows(*vectors), how).status());
    }
  }
  return Status::OK();
}

arrow::ArrayVector Quantizer::Unchanged(const arrow::RecordBatch& batch) const {
  arrow::ArrayVector columns;
  for (const Column& column : columns_) {
    const bool is_input = column.kind == Column::Kind::kInput;
    columns.push_back(is_input ? batch.column(column.index) : nullptr);
  }
  return columns;
}

Result<Quantizer::Quantized> Quantizer::Quantize(Field* field, const arrow::Array& column,
                                                 const CancelToken& cancel, int concurrency) const {
  ARROW_ASSIGN_OR_RAISE(const auto vectors, DenseRows(*field, column));
  const VectorRows rows(*vectors);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> codes,
                        arrow::AllocateBuffer(rows.rows() * field->dim, Pool()));
  std::shared_ptr<arrow::Buffer> scales;
  const bool each = !field->options.max_abs.has_value();
  if (each) {
    ARROW_ASSIGN_OR_RAISE(scales, arrow::AllocateBuffer(rows.rows() * kFloatBytes, Pool()));
  }
  const RowQuantizing how{field->scale,         field->options.max_abs.value_or(0),
                          field->options.field, 0,
                          concurrency,          cancel};
  ARROW_ASSIGN_OR_RAISE(
      field->max_error,
      QuantizeRows(rows, how, reinterpret_cast<int8_t*>(codes->mutable_data()),
                   each ? reinterpret_cast<float*>(scales->mutable_data()) : nullptr));
  ARROW_ASSIGN_OR_RAISE(const auto validity, SliceValidity(*vectors));
  Quantized quantized;
  quantized.codes = arrow::MakeArray(
      arrow::ArrayData::Make(arrow::fixed_size_binary(field->dim), rows.rows(), {validity, codes}));
  if (each) {
    quantized.scales =
        arrow::MakeArray(arrow::ArrayData::Make(arrow::float32(), rows.rows(), {validity, scales}));
  }
  return quantized;
}

Result<std::shared_ptr<arrow::RecordBatch>> Quantizer::Apply(const arrow::RecordBatch& batch,
                                                             const CancelToken& cancel,
                                                             int concurrency) {
  std::vector<Quantized> quantized;
  for (Field& field : fields_) {
    ARROW_ASSIGN_OR_RAISE(auto column,
                          Quantize(&field, *batch.column(field.column), cancel, concurrency));
    quantized.push_back(std::move(column));
  }
  arrow::ArrayVector columns;
  for (const Column& column : columns_) {
    switch (column.kind) {
      case Column::Kind::kInput:
        columns.push_back(batch.column(column.index));
        break;
      case Column::Kind::kCodes:
        columns.push_back(quantized[column.index].codes);
        break;
      case Column::Kind::kScales:
        columns.push_back(quantized[column.index].scales);
        break;
    }
  }
  return arrow::RecordBatch::Make(stored_, batch.num_rows(), std::move(columns));
}

void Quantizer::Accept() {
  for (size_t i = 0; i < fields_.size(); ++i) {
    float& most = described_[i].max_error;
    most = std::max(most, std::exchange(fields_[i].max_error, 0.0F));
  }
}

Result<std::shared_ptr<arrow::Schema>> QuantizedSchema(const std::shared_ptr<arrow::Schema>& schema,
                                                       const std::vector<QuantizeField>& fields) {
  ARROW_ASSIGN_OR_RAISE(const auto quantizer, Quantizer::Make(schema, fields));
  return quantizer->stored();
}

}  // namespace packed
