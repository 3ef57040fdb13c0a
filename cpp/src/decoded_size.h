#pragma once

#include <cstdint>

#include "projection.h"

namespace packed {

/// What decoding a row group will take; parts of a mapping take nothing.
struct DecodedSize {
  int64_t bytes = 0;
  /// False when dictionaries hide how long the values are and nothing in the footer tells.
  bool known = true;
  /// Where they are not known: no value is longer than this.
  int64_t longest_value = 0;
};

/// \brief Estimate the Arrow bytes of the projected columns of one row group.
///
/// An estimate for pacing only: footers may lie, so correctness never rests on it.
DecodedSize EstimateDecodedSize(const FileProjection& projection, int row_group);

}  // namespace packed
