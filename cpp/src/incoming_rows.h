#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "row_sizer.h"
#include "write_plan.h"

namespace packed {

/// \brief The columns that a group has of the caller's batch, and its rows that are still to be
/// taken. Borrows the batch.
struct IncomingRows {
  IncomingRows(const GroupPlan& plan, const arrow::RecordBatch& batch);

  int64_t rows() const { return end - begin; }
  int64_t bits() const { return sizer.Bits(begin, end); }

  /// Rows `begin` to `to` of one column, as stored.
  arrow::Result<std::shared_ptr<arrow::ArrayData>> Stored(size_t column, int64_t to) const;

  const GroupPlan& plan;
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  RowSizer sizer;
  int64_t begin = 0;
  int64_t end;
};

/// Bytes that hold so many bits.
inline int64_t BytesOfBits(int64_t bits) { return (bits + 7) / 8; }

/// \brief Bits of decoded rows at which a row group is full: the target, less what a row group
/// takes whatever rows it has (see TrailingOffsetBits).
int64_t FullRowGroupBits(const GroupPlan& plan);
int64_t TrailingBits(const GroupPlan& plan);

}  // namespace packed
