#include "quantize_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <sstream>
#include <vector>

#include "packed/error.h"
#include "packed/executor.h"
#include "quantize_kernel.h"

namespace packed {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);
/// Values of one task: enough to be worth a thread, few enough to be polled between.
constexpr int64_t kTaskValues = 128 << 10;

/// Rows of a part, the same for any number of threads.
int64_t RowsOfPart(int64_t dim) {
  return std::max<int64_t>(1, kTaskValues / std::max<int64_t>(1, dim));
}

int PartsOf(int64_t rows, int64_t dim) {
  const int64_t step = RowsOfPart(dim);
  return static_cast<int>((rows + step - 1) / step);
}

/// \brief Run `task(part, first, end)` for the rows of every part.
arrow::Status ForParts(int64_t rows, int64_t dim, int concurrency, const CancelToken& cancel,
                       const std::function<arrow::Status(int, int64_t, int64_t)>& task) {
  const int64_t step = RowsOfPart(dim);
  return ParallelFor(PartsOf(rows, dim), concurrency, [&](int part) -> arrow::Status {
    ARROW_RETURN_NOT_OK(cancel.Check());
    const int64_t first = part * step;
    return task(part, first, std::min(first + step, rows));
  });
}

std::string Where(const RowQuantizing& how, int64_t row) {
  const std::string text = "row " + std::to_string(how.first_row + row);
  return how.field.empty() ? text : text + " of field '" + how.field + "'";
}

std::string TextOf(float value) {
  std::ostringstream text;
  text << value;
  return std::isnan(value) ? "NaN" : text.str();
}

/// The first value of a row that is not finite or beyond the limit.
arrow::Status Refuse(const VectorRows& vectors, const RowQuantizing& how, int64_t row) {
  const uint8_t* const values = vectors.row(row);
  float found = 0;
  for (int64_t i = 0; i < vectors.bytes() / kFloatBytes; ++i) {
    std::memcpy(&found, values + i * kFloatBytes, sizeof(found));
    if (!std::isfinite(found) || (how.scale > 0 && std::fabs(found) > how.limit)) break;
  }
  const std::string expected = std::isfinite(found) ? "magnitudes of at most " + TextOf(how.limit)
                                                    : std::string("finite values");
  return MakeError(
      ErrorCode::kInvalidData,
      "Expected " + expected + " for " + Where(how, row) + " but received " + TextOf(found),
      {"", how.field});
}

/// Of the largest magnitude of a row, as MagnitudeBits gives it.
bool IsRefused(uint32_t bits, const RowQuantizing& how) {
  return bits >= kNotFiniteBits || (how.scale > 0 && std::bit_cast<float>(bits) > how.limit);
}

/// The largest error of the rows [first, end).
arrow::Result<float> QuantizePart(const VectorRows& vectors, const RowQuantizing& how,
                                  int64_t first, int64_t end, int8_t* codes, float* scales) {
  const int64_t dim = vectors.bytes() / kFloatBytes;
  float error = 0;
  for (int64_t row = first; row < end; ++row) {
    int8_t* const out = codes + row * dim;
    if (vectors.IsNull(row)) {
      std::memset(out, 0, static_cast<size_t>(dim));
      if (scales != nullptr) scales[row] = 0;
      continue;
    }
    const uint32_t bits = MagnitudeBits(vectors.row(row), dim);
    const auto magnitude = std::bit_cast<float>(bits);
    if (IsRefused(bits, how)) return Refuse(vectors, how, row);
    const float scale = how.scale > 0 ? how.scale : ScaleFor(magnitude);
    if (scales != nullptr) scales[row] = scale;
    error = std::max(error, QuantizeValues(vectors.row(row), dim, scale, out));
  }
  return error;
}

/// The largest of what `part(first, end)` gives.
arrow::Result<float> LargestOf(const VectorRows& vectors, const RowQuantizing& how,
                               const std::function<arrow::Result<float>(int64_t, int64_t)>& part) {
  const int64_t dim = vectors.bytes() / kFloatBytes;
  std::vector<float> largest(static_cast<size_t>(PartsOf(vectors.rows(), dim)) + 1, 0);
  ARROW_RETURN_NOT_OK(ForParts(vectors.rows(), dim, how.concurrency, how.cancel,
                               [&](int index, int64_t first, int64_t end) -> arrow::Status {
                                 return part(first, end).Value(&largest[index]);
                               }));
  return *std::max_element(largest.begin(), largest.end());
}

}  // namespace

arrow::Result<float> QuantizeRows(const VectorRows& vectors, const RowQuantizing& how,
                                  int8_t* codes, float* scales) {
  return LargestOf(vectors, how, [&](int64_t first, int64_t end) {
    return QuantizePart(vectors, how, first, end, codes, scales);
  });
}

arrow::Result<float> LargestMagnitude(const VectorRows& vectors, const RowQuantizing& how) {
  return LargestOf(vectors, how, [&](int64_t first, int64_t end) -> arrow::Result<float> {
    uint32_t most = 0;
    for (int64_t row = first; row < end; ++row) {
      if (vectors.IsNull(row)) continue;
      const uint32_t bits = MagnitudeBits(vectors.row(row), vectors.bytes() / kFloatBytes);
      if (IsRefused(bits, how)) return Refuse(vectors, how, row);
      most = std::max(most, bits);
    }
    return std::bit_cast<float>(most);
  });
}

arrow::Status DequantizeRows(const VectorRows& codes, const float* scales, float scale,
                             const CancelToken& cancel, float* values) {
  const int64_t dim = codes.bytes();
  const auto decode = [&](int, int64_t first, int64_t end) -> arrow::Status {
    for (int64_t row = first; row < end; ++row) {
      float* const out = values + row * dim;
      if (codes.IsNull(row)) {
        std::fill_n(out, dim, 0.0F);
        continue;
      }
      const float own = scales == nullptr ? scale : scales[row];
      if (!std::isfinite(own)) {
        return MakeError(ErrorCode::kInvalidData, "Expected a finite scale for row " +
                                                      std::to_string(row) + " but received " +
                                                      TextOf(own));
      }
      DequantizeValues(reinterpret_cast<const int8_t*>(codes.row(row)), dim, own, out);
    }
    return arrow::Status::OK();
  };
  return ForParts(codes.rows(), dim, 0, cancel, decode);
}

}  // namespace packed
