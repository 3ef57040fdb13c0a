#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/type.h"

namespace packed {

/// \brief Bits that one offset too many costs per list or string level: n rows have n + 1
/// offsets. Independent of the rows, so counted once per row group.
int64_t TrailingOffsetBits(const arrow::DataType& stored);

/// \brief Answers how much memory a range of rows takes once it is decoded.
///
/// The figure depends on types and values alone: one validity bit per row of a nullable field,
/// offsets, values, recursively, of the `StoredType`. How the caller's buffers are laid out,
/// shared, sliced or dictionary-encoded does not matter, and ranges add up. Counted in bits so
/// that they do so exactly. A probe costs O(1) per level of nesting; dictionaries and views
/// pay once for a prefix sum.
///
/// Borrows the arrays; one thread at a time.
class RowSizer {
 public:
  struct Column {
    const arrow::ArrayData* data;
    const arrow::Field* field;
    /// Of the stored type where that is a dense vector; 0 = size by the data's own type.
    int64_t vector_bytes = 0;
  };

  explicit RowSizer(const std::vector<Column>& columns);
  ~RowSizer();
  RowSizer(RowSizer&&) noexcept;
  RowSizer& operator=(RowSizer&&) noexcept;

  int64_t Bits(int64_t begin, int64_t end) const;

  /// \brief End of the shortest run of at least one row from `begin` that has `bits` or more;
  /// -1 when the rows up to `end` have less.
  int64_t ShortestRun(int64_t begin, int64_t end, int64_t bits) const;

  class Node;

 private:
  std::vector<std::unique_ptr<Node>> columns_;
};

}  // namespace packed
