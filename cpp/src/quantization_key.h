#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"

namespace packed {

/// \brief What `kQuantizationKey` says of one field of codes.
struct QuantizedField {
  int64_t field_id = 0;
  std::string name;
  int64_t source_id = 0;  ///< of the vectors, whether they are stored or not
  std::string source_name;
  int32_t dim = 0;
  /// Of all vectors, and the bound it was made from; unset where every vector has a scale.
  std::optional<float> scale;
  float max_abs = 0;
  int64_t scale_field_id = 0;  ///< of the scales, where every vector has one
  float max_error = 0;         ///< of all values of the file's writer
};

std::string SerializeQuantization(const std::vector<QuantizedField>& fields);

/// \brief kMetadataCorrupted for what is no such key, kNotSupported for a later version or other
/// widths of codes.
arrow::Result<std::vector<QuantizedField>> ParseQuantization(std::string_view text);

}  // namespace packed
