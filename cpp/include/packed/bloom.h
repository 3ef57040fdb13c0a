#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arrow/array.h"
#include "arrow/result.h"

namespace packed {

enum class BloomKind { kBasic, kBlocked };

/// A filter in parts, as its JSON form has them.
struct BloomParts {
  BloomKind kind = BloomKind::kBlocked;
  uint64_t k = 0;     ///< number of hash functions as stored
  uint64_t bits = 0;  ///< basic: m; blocked: 512 per block
  /// Basic: 64-bit length, then 64-bit words, all big-endian. Blocked: blocks of 16 little-endian
  /// 32-bit words. What the JSON form holds in base64url.
  std::vector<uint8_t> bytes;
};

/// Least and greatest key of a column; strings are compared as bytes.
using KeyBound = std::variant<int64_t, std::string>;
struct KeyRange {
  KeyBound min;
  KeyBound max;
};

/// \brief A bloom filter over primary keys, bit for bit the one of Milvus's statistics files.
///
/// Keys are int64 (hashed as 8 little-endian bytes) or utf8 (hashed as its bytes). Whole columns
/// only: nothing is looked up or called through a pointer per key. Any number of threads may
/// call const functions, none meanwhile `Add`.
class BloomFilter {
 public:
  /// \brief An empty filter for `capacity` keys (at least 1), sized as Milvus sizes it.
  ///
  /// kInvalidArgument unless 0 < false_positive < 1 and the filter stays below 2 GiB.
  static arrow::Result<std::unique_ptr<BloomFilter>> Make(BloomKind kind, int64_t capacity,
                                                          double false_positive);
  /// \brief A stored one; kInvalidData where the parts contradict each other.
  static arrow::Result<std::unique_ptr<BloomFilter>> FromParts(const BloomParts& parts);

  virtual ~BloomFilter() = default;

  /// \brief Add every key of a column; empty result without rows.
  ///
  /// kTypeMismatch for other columns; kInvalidData for nulls, wrong offsets or invalid UTF-8, and
  /// then nothing was added.
  virtual arrow::Result<std::optional<KeyRange>> Add(const arrow::Array& keys) = 0;
  /// \brief One byte per row: 1 where the key may have been added. Fails as `Add` does.
  virtual arrow::Result<std::vector<uint8_t>> Test(const arrow::Array& keys) const = 0;

  virtual arrow::Result<BloomParts> ToParts() const = 0;
};

}  // namespace packed
