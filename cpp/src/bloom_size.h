#pragma once

#include <cstdint>

#include "arrow/result.h"

#include "packed/bloom.h"

namespace packed {

/// Bits of one block of a blocked filter: a cache line.
inline constexpr uint64_t kBlockBits = 512;
/// A filter for one key has 355 hash functions; more than this is no filter.
inline constexpr uint64_t kMaxHashes = 4096;

struct BloomSize {
  uint64_t bits = 0;
  uint64_t k = 0;
};

/// \brief Bits and hash functions of a filter for `capacity` keys.
///
/// The choice of the libraries that Milvus uses, odd where theirs is: files are to be equal.
arrow::Result<BloomSize> SizeBloom(BloomKind kind, int64_t capacity, double false_positive);

}  // namespace packed
