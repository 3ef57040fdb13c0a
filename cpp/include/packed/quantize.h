#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/array.h"
#include "arrow/buffer.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/cancel.h"

namespace packed {

/// Footer key that says which columns are codes of vectors, and how they are decoded: JSON, see
/// docs/compression.md. In every file of a writer that quantizes.
inline constexpr std::string_view kQuantizationKey = "arrow-packed.quantization";

/// \brief A vector field that a writer stores as codes: one int8 for each float32.
///
/// A value is `code * scale` in float32 arithmetic, codes are from -127 to 127, and no value is
/// further from what it is decoded to than half a scale, but for rounding.
struct QuantizeField {
  /// FixedSizeBinary of 4 * dim bytes, FixedSizeList<float32>(dim), or with `dim` a list.
  std::string field;
  std::string name;  ///< of the field of codes, a FixedSizeBinary of dim bytes
  int64_t field_id = 0;
  bool keep_original = false;  ///< store the vectors, too
  /// Scale of all vectors: this over 127, and no value may be beyond it. Unset: every vector has a
  /// scale, its own largest magnitude over 127, in a float32 field of this name and id.
  std::optional<float> max_abs;
  std::string scale_name;
  int64_t scale_field_id = 0;
  /// List and LargeList of float32 only: every list has this many elements.
  std::optional<int32_t> dim{};
};

/// \brief What a writer of `schema` that quantizes `fields` stores.
///
/// Codes take the place of their vectors. Behind the other fields come, by the order of `fields`,
/// the codes of vectors that are stored as well, and scales. kInvalidArgument (unknown field, one
/// named twice, an id of the schema, a bound that is none) or kTypeMismatch, naming the field.
arrow::Result<std::shared_ptr<arrow::Schema>> QuantizedSchema(
    const std::shared_ptr<arrow::Schema>& schema, const std::vector<QuantizeField>& fields);

/// Where the scale of vectors in memory comes from.
enum class ScaleRule {
  kVector,   ///< each vector's own largest magnitude
  kSegment,  ///< the largest magnitude of all
  kGiven,    ///< the caller
};

struct QuantizedVectors {
  std::shared_ptr<arrow::Buffer> codes;   ///< int8, row by row
  std::shared_ptr<arrow::Buffer> scales;  ///< float32: one for each row, or one
  float max_error = 0;                    ///< of all values, exactly
};

/// \brief Quantize a column of `FixedSizeBinary` over float32, on all threads of the executor.
///
/// Null rows have codes and scales of 0. `scale` counts with kGiven only. kInvalidData naming the
/// row: a value that is not finite, one beyond 127 * `scale`. kInvalidArgument: a width that is no
/// multiple of 4, a scale that is not finite or not above 0. kAborted.
arrow::Result<QuantizedVectors> QuantizeVectors(const arrow::Array& vectors, ScaleRule rule,
                                                float scale = 0, const CancelToken& cancel = {});

/// \brief The float32 of a column of codes (`FixedSizeBinary`), as float32 of one scale for each
/// row (no nulls) or, where `scales` is null, of `scale`.
///
/// Null rows are zeros. kInvalidArgument, kInvalidData naming the row: a scale that is not finite.
arrow::Result<std::shared_ptr<arrow::Buffer>> DequantizeVectors(const arrow::Array& codes,
                                                                const arrow::Array* scales,
                                                                float scale = 0,
                                                                const CancelToken& cancel = {});

}  // namespace packed
