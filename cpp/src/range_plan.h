#pragma once

#include <cstdint>
#include <vector>

#include "projection.h"

namespace packed {

/// \brief One request: bytes that column chunks of some row groups need, and the small holes
/// between them.
struct PlannedRange {
  int64_t offset = 0;
  int64_t bytes = 0;
  int64_t needed_bytes = 0;     ///< without the holes
  int64_t first_row = 0;        ///< row of the file whose decoding needs the range first
  std::vector<int> row_groups;  ///< that need some of it, ascending
};

/// \brief The requests for some row groups (ascending) of a file, in the order in which decoding
/// comes to need them.
///
/// Chunks are joined into requests of up to `request_bytes`, and longer ones are cut. What a
/// footer places outside of its file is left out: reading it fails as it does without a plan.
/// Throws as Parquet does.
std::vector<PlannedRange> PlanRanges(const FileProjection& projection,
                                     const std::vector<int>& row_groups, int64_t request_bytes);

}  // namespace packed
