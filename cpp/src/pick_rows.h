#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "column_rows.h"
#include "pick_column.h"
#include "projection.h"

namespace packed {

/// \brief Picks chosen rows of one row group, restored to the types of the answer.
///
/// Columns of own pages: only the pages that have such rows, and only the rows where these are
/// stored. Others are decoded whole by Arrow's reader. Plan, its tasks, PlanPages, its tasks,
/// Finish; the tasks in any order, on any threads.
class RowPick {
 public:
  /// `rows`: positions within the row group, ascending, none twice.
  RowPick(std::shared_ptr<const FileProjection> projection, int row_group,
          std::vector<int64_t> rows);

  arrow::Status Plan(DecodeTasks* tasks);
  void PlanPages(DecodeTasks* tasks);

  /// \brief The rows, when every task has ended well.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  arrow::Status PickByArrow(const std::vector<int>& columns);

  const std::shared_ptr<const FileProjection> projection_;
  const int row_group_;
  const std::vector<int64_t> rows_;
  std::vector<std::unique_ptr<ColumnPick>> own_;  ///< null where Arrow's reader picks
  ArrayDataVector picked_;
};

}  // namespace packed
