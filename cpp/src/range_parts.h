#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"

namespace packed {

/// \brief What one request has of the bytes that somebody reads; fewer than `bytes` are there
/// where the file has ended.
struct RangePart {
  std::shared_ptr<arrow::Buffer> content;
  int64_t skip = 0;
  int64_t bytes = 0;
};

/// One behind the other, at least one.
using RangeParts = std::vector<RangePart>;

/// \brief Copy the parts to `out`, which has room for all of them; returns the bytes that were
/// there.
int64_t CopyParts(const RangeParts& parts, uint8_t* out);

/// \brief The parts as one buffer: a slice of the only one, or a copy of several.
arrow::Result<std::shared_ptr<arrow::Buffer>> JoinParts(const RangeParts& parts);

}  // namespace packed
