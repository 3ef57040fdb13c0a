#include "dequantize.h"

#include <algorithm>
#include <string>
#include <utility>

#include "arrow/util/checked_cast.h"

#include "catch.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "packed/quantize.h"
#include "quantize_rows.h"
#include "stored_type.h"

namespace packed {
namespace {

using arrow::ArrayData;
using arrow::Result;
using arrow::internal::checked_cast;

constexpr int32_t kFloatBytes = sizeof(float);

const std::string* FindKey(const Footer& footer) {
  for (const auto& [name, value] : footer.info.key_values) {
    if (name == kQuantizationKey) return &value;
  }
  return nullptr;
}

arrow::Status CheckColumn(const Footer& footer, const FileColumn& column,
                          const QuantizedField& quantized) {
  const auto& type = *column.field->type();
  const bool fits =
      type.id() == arrow::Type::FIXED_SIZE_BINARY &&
      checked_cast<const arrow::FixedSizeBinaryType&>(type).byte_width() == quantized.dim;
  if (fits) return arrow::Status::OK();
  return MakeError(ErrorCode::kMetadataCorrupted,
                   "Expected the codes of " + std::to_string(quantized.dim) +
                       " numbers (by the footer key " + std::string(kQuantizationKey) +
                       ") for field " + column.field->name() + " of " + footer.path() +
                       " but received " + type.ToString(),
                   {footer.path(), column.field->name()});
}

/// Decoded values below the type of the answer.
std::shared_ptr<ArrayData> Wrap(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                std::shared_ptr<arrow::Buffer> validity,
                                std::shared_ptr<arrow::Buffer> values) {
  if (type->id() == arrow::Type::FIXED_SIZE_BINARY) {
    return ArrayData::Make(type, rows, {std::move(validity), std::move(values)});
  }
  const auto& list = checked_cast<const arrow::FixedSizeListType&>(*type);
  auto items = ArrayData::Make(list.value_type(), rows * list.list_size(),
                               {nullptr, std::move(values)}, /*null_count=*/0);
  return ArrayData::Make(type, rows, {std::move(validity)}, {std::move(items)});
}

Result<std::shared_ptr<ArrayData>> Decode(const ArrayData& codes, const float* scales, float scale,
                                          const std::shared_ptr<arrow::DataType>& type) {
  const VectorRows rows(codes);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(rows.rows() * rows.bytes() * kFloatBytes, Pool()));
  ARROW_RETURN_NOT_OK(DequantizeRows(rows, scales, scale, CancelToken(),
                                     reinterpret_cast<float*>(values->mutable_data())));
  ARROW_ASSIGN_OR_RAISE(auto validity, SliceValidity(codes));
  return Wrap(type, rows.rows(), std::move(validity), std::move(values));
}

class DecodingSource final : public BatchSource {
 public:
  DecodingSource(std::unique_ptr<BatchSource> inner, Dequantization dequantization)
      : inner_(std::move(inner)), dequantization_(std::move(dequantization)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return dequantization_.schema; }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() override {
    ARROW_RETURN_NOT_OK(failure_);
    auto batch = CatchAll([this]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
      ARROW_ASSIGN_OR_RAISE(const auto joined, inner_->ReadNext());
      if (!joined) return nullptr;
      return dequantization_.Apply(joined);
    });
    if (!batch.ok()) failure_ = batch.status();
    return batch;
  }

  void Close() noexcept override {
    inner_->Close();
    failure_ = arrow::Status::OK();  // later reads are what the closed source says
  }

 private:
  const std::unique_ptr<BatchSource> inner_;
  const Dequantization dequantization_;
  arrow::Status failure_;
};

}  // namespace

Result<std::vector<QuantizedField>> QuantizedColumns(const Footer& footer) {
  std::vector<QuantizedField> columns;
  const std::string* const text = FindKey(footer);
  if (text == nullptr) return columns;
  auto fields = ParseQuantization(*text);
  if (!fields.ok()) {
    return WithContext(fields.status(), ErrorCode::kMetadataCorrupted, {footer.path(), ""});
  }
  for (QuantizedField& field : *fields) {
    const auto found =
        std::find_if(footer.columns.begin(), footer.columns.end(),
                     [&](const FileColumn& column) { return column.id == field.field_id; });
    if (found == footer.columns.end()) continue;
    ARROW_RETURN_NOT_OK(CheckColumn(footer, *found, field));
    columns.push_back(std::move(field));
  }
  return columns;
}

std::shared_ptr<arrow::DataType> DecodedType(const std::shared_ptr<arrow::DataType>& requested,
                                             int32_t dim) {
  if (requested->id() == arrow::Type::FIXED_SIZE_BINARY) {
    const auto& binary = checked_cast<const arrow::FixedSizeBinaryType&>(*requested);
    return binary.byte_width() == dim * kFloatBytes ? requested : nullptr;
  }
  if (requested->id() != arrow::Type::FIXED_SIZE_LIST) return nullptr;
  const auto& list = checked_cast<const arrow::FixedSizeListType&>(*requested);
  const bool fits = list.list_size() == dim && list.value_type()->id() == arrow::Type::FLOAT;
  return fits ? requested : nullptr;
}

Restore DequantizeBy(float scale, std::shared_ptr<arrow::DataType> type) {
  return [scale, type = std::move(type)](const std::shared_ptr<ArrayData>& codes) {
    return Decode(*codes, nullptr, scale, type);
  };
}

Result<std::shared_ptr<arrow::Array>> DequantizeColumn(const arrow::Array& codes,
                                                       const arrow::Array& scales,
                                                       const arrow::Field& field) {
  const auto corrupted = [&](const std::string& received) {
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected a finite scale for every vector of field " + field.name() +
                         " but received " + received,
                     {"", field.name()});
  };
  const float* const numbers = checked_cast<const arrow::FloatArray&>(scales).raw_values();
  for (int64_t i = 0; scales.null_count() > 0 && i < scales.length(); ++i) {
    if (scales.IsNull(i) && codes.IsValid(i)) return corrupted("a null");
  }
  auto decoded = Decode(*codes.data(), numbers, 0, field.type());
  if (decoded.ok()) return arrow::MakeArray(*decoded);
  if (DescribeError(decoded.status()).code != ErrorCode::kInvalidData) return decoded.status();
  return corrupted("another (" + DescribeError(decoded.status()).message + ")");
}

void Dequantization::SetAnswer(const arrow::Schema& joined, int count) {
  arrow::FieldVector fields(joined.fields().begin(), joined.fields().begin() + count);
  for (const Column& column : columns) {
    fields[column.codes] = fields[column.codes]->WithType(column.type);
  }
  schema = arrow::schema(std::move(fields), joined.metadata());
}

Result<std::shared_ptr<arrow::RecordBatch>> Dequantization::Apply(
    const std::shared_ptr<arrow::RecordBatch>& joined) const {
  if (empty()) return joined;
  arrow::ArrayVector decoded(joined->columns().begin(),
                             joined->columns().begin() + schema->num_fields());
  for (const Column& column : columns) {
    ARROW_ASSIGN_OR_RAISE(decoded[column.codes], DequantizeColumn(*joined->column(column.codes),
                                                                  *joined->column(column.scales),
                                                                  *schema->field(column.codes)));
  }
  return arrow::RecordBatch::Make(schema, joined->num_rows(), std::move(decoded));
}

std::unique_ptr<BatchSource> DequantizeSource(std::unique_ptr<BatchSource> inner,
                                              Dequantization dequantization) {
  return std::make_unique<DecodingSource>(std::move(inner), std::move(dequantization));
}

}  // namespace packed
