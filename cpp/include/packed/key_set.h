#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "packed/bloom.h"

namespace packed {

/// Rows that have one of the keys that were looked for, and which one: as many of both.
struct FoundKeys {
  std::vector<int64_t> rows;
  std::vector<int32_t> keys;  ///< positions in the set
};

/// \brief Primary keys that rows are looked for by. Immutable, for any number of threads.
class KeySet {
 public:
  /// \brief Of a column of int64 or utf8 without nulls; of a key that is there twice the first
  /// position counts.
  ///
  /// kTypeMismatch for other columns; kInvalidData for nulls, wrong offsets or invalid UTF-8.
  static arrow::Result<std::shared_ptr<KeySet>> Make(const arrow::Array& keys);
  virtual ~KeySet() = default;

  virtual int64_t size() const = 0;

  /// \brief Add the rows of `column` that have a key of the set, `first_row` being its first row.
  ///
  /// A null is nobody's key. kTypeMismatch for a column of another type than the set's.
  virtual arrow::Status Find(const arrow::Array& column, int64_t first_row,
                             FoundKeys* found) const = 0;

  /// \brief Whether a key of the set lies in a range, its ends included. Strings are compared as
  /// bytes; true for a range of the other type.
  virtual bool AnyWithin(const KeyRange& range) const = 0;
};

}  // namespace packed
