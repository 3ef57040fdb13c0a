#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "step_block.h"

namespace packed {

/// Arrays of one column, one after the other.
using ArrayDataVector = std::vector<std::shared_ptr<arrow::ArrayData>>;

/// Work that any thread may do, in any order.
using DecodeTasks = std::vector<std::function<arrow::Status()>>;

/// Consecutive row groups of a file.
struct RowGroupRun {
  int first = 0;
  int count = 1;

  int end() const { return first + count; }
};

/// \brief Decodes some projected columns of a run of row groups, from its first row to its last.
///
/// Plan, the tasks, PlanJoin, its tasks, Finish, and so on: one step at a time.
class ColumnRows {
 public:
  virtual ~ColumnRows() = default;

  /// Which columns: positions in FileProjection::columns.
  virtual const std::vector<int>& columns() const = 0;

  /// Of the values of `rows` rows, as Plan will take them of its block; 0 = it takes none.
  virtual int64_t BlockBytes(int64_t /*rows*/) const { return 0; }

  /// \brief Prepare the next `rows` rows, in memory of `block`; `tasks` gets what there is to do.
  virtual arrow::Status Plan(int64_t rows, StepBlock* block, DecodeTasks* tasks) = 0;

  /// \brief More to do when every task has ended well, before Finish.
  virtual arrow::Status PlanJoin(DecodeTasks* /*tasks*/) { return arrow::Status::OK(); }

  /// \brief The rows, when every task has ended well: for each of the columns its arrays.
  virtual arrow::Result<std::vector<ArrayDataVector>> Finish() = 0;

  /// True when the tasks found pages that only Arrow's reader knows: then nothing was decoded.
  virtual bool foreign() const { return false; }

  /// True where arrays are parts of the file's mapping: they take no memory.
  virtual bool mapped() const { return false; }
};

}  // namespace packed
