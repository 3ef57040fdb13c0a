#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/result.h"
#include "arrow/type_fwd.h"

namespace packed {

/// \brief Rows of one column group that wait for their row group: compact copies in Pool().
///
/// Neighbouring pieces of similar size are merged, so that n one-row appends cost O(n log n)
/// copied bytes and leave O(log n) pieces.
class PendingRows {
 public:
  /// \brief Copy the columns, all of one length; nothing of them is referenced afterwards.
  arrow::Status Append(const std::vector<std::shared_ptr<arrow::ArrayData>>& columns, int64_t bits);

  void Clear();

  int64_t rows() const { return rows_; }
  /// Decoded size, as RowSizer has it.
  int64_t bits() const { return bits_; }
  /// Pieces of one column, in row order.
  arrow::ArrayVector Chunks(int column) const;

 private:
  struct Piece {
    arrow::ArrayVector columns;
    int64_t rows;
    int64_t bits;
  };

  static arrow::Result<Piece> Merge(const Piece& first, const Piece& second);

  std::vector<Piece> pieces_;
  int64_t rows_ = 0;
  int64_t bits_ = 0;
};

}  // namespace packed
