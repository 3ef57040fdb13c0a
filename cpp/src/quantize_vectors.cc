#include <cmath>
#include <utility>

#include "arrow/util/checked_cast.h"

#include "catch.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "packed/quantize.h"
#include "quantize_kernel.h"
#include "quantize_rows.h"

namespace packed {
namespace {

using arrow::Result;
using arrow::internal::checked_cast;

constexpr int32_t kFloatBytes = sizeof(float);

arrow::Status CheckBinary(const arrow::Array& column, const char* what) {
  if (column.type_id() == arrow::Type::FIXED_SIZE_BINARY) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument, std::string("Expected a FixedSizeBinary of ") +
                                                    what + " but received " +
                                                    column.type()->ToString());
}

Result<QuantizedVectors> Quantize(const arrow::Array& vectors, ScaleRule rule, float scale,
                                  const CancelToken& cancel) {
  ARROW_RETURN_NOT_OK(CheckBinary(vectors, "float32"));
  const VectorRows rows(*vectors.data());
  if (rows.bytes() == 0 || rows.bytes() % kFloatBytes != 0) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected vectors of whole float32 but received " +
                         std::to_string(rows.bytes()) + " bytes for each");
  }
  RowQuantizing how;
  how.cancel = cancel;
  if (rule == ScaleRule::kSegment) {
    ARROW_ASSIGN_OR_RAISE(how.limit, LargestMagnitude(rows, how));
    how.scale = ScaleFor(how.limit);
  } else if (rule == ScaleRule::kGiven) {
    how.scale = scale;
    how.limit = kMostCode * scale;
    if (!(scale > 0) || !std::isfinite(how.limit)) {
      return MakeError(
          ErrorCode::kInvalidArgument,
          "Expected a scale above 0, and 127 of it finite, but received " + std::to_string(scale));
    }
  }
  const bool each = rule == ScaleRule::kVector;
  const int64_t values = rows.rows() * (rows.bytes() / kFloatBytes);
  QuantizedVectors quantized;
  ARROW_ASSIGN_OR_RAISE(quantized.codes, arrow::AllocateBuffer(values, Pool()));
  ARROW_ASSIGN_OR_RAISE(quantized.scales,
                        arrow::AllocateBuffer((each ? rows.rows() : 1) * kFloatBytes, Pool()));
  auto* const scales = reinterpret_cast<float*>(quantized.scales->mutable_data());
  if (!each) *scales = how.scale;
  auto* const codes = reinterpret_cast<int8_t*>(quantized.codes->mutable_data());
  ARROW_ASSIGN_OR_RAISE(quantized.max_error,
                        QuantizeRows(rows, how, codes, each ? scales : nullptr));
  return quantized;
}

Result<std::shared_ptr<arrow::Buffer>> Dequantize(const arrow::Array& codes,
                                                  const arrow::Array* scales, float scale,
                                                  const CancelToken& cancel) {
  ARROW_RETURN_NOT_OK(CheckBinary(codes, "codes"));
  const VectorRows rows(*codes.data());
  const float* of_rows = nullptr;
  if (scales != nullptr) {
    const bool fits = scales->type_id() == arrow::Type::FLOAT && scales->null_count() == 0 &&
                      scales->length() == rows.rows();
    if (!fits) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected a float32 for each of " + std::to_string(rows.rows()) +
                           " rows but received " + std::to_string(scales->length()) + " of " +
                           scales->type()->ToString());
    }
    of_rows = checked_cast<const arrow::FloatArray&>(*scales).raw_values();
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(rows.rows() * rows.bytes() * kFloatBytes, Pool()));
  ARROW_RETURN_NOT_OK(DequantizeRows(rows, of_rows, scale, cancel,
                                     reinterpret_cast<float*>(values->mutable_data())));
  return values;
}

}  // namespace

Result<QuantizedVectors> QuantizeVectors(const arrow::Array& vectors, ScaleRule rule, float scale,
                                         const CancelToken& cancel) {
  return CatchAll([&] { return Quantize(vectors, rule, scale, cancel); });
}

Result<std::shared_ptr<arrow::Buffer>> DequantizeVectors(const arrow::Array& codes,
                                                         const arrow::Array* scales, float scale,
                                                         const CancelToken& cancel) {
  return CatchAll([&] { return Dequantize(codes, scales, scale, cancel); });
}

}  // namespace packed
