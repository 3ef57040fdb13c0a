#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "column_rows.h"
#include "page_list.h"
#include "projection.h"

namespace packed {

/// \brief One column of a mapped file whose pages are handed out where they are: stored, aligned,
/// and long enough that batches may end with them.
class MappedColumn final : public ColumnRows {
 public:
  /// \brief Null where a page of the run is not one to hand out.
  static arrow::Result<std::unique_ptr<MappedColumn>> Make(const FileProjection& projection,
                                                           int column, RowGroupRun run);

  const std::vector<int>& columns() const override { return columns_; }
  arrow::Status Plan(int64_t rows, StepBlock* block, DecodeTasks* tasks) override;
  arrow::Result<std::vector<ArrayDataVector>> Finish() override;
  bool mapped() const override { return true; }

 private:
  struct Page {
    int64_t offset = 0;  ///< of its first row, in the file
    int64_t rows = 0;
  };

  MappedColumn(const FileProjection& projection, int column, int64_t width);

  const std::vector<int> columns_;
  const std::shared_ptr<arrow::Field> field_;
  const std::shared_ptr<arrow::Buffer> mapping_;
  const int64_t width_;
  std::vector<Page> pages_;
  size_t page_ = 0;
  int64_t page_row_ = 0;
  int64_t rows_ = 0;
};

/// \brief Rows of the first page of a row group of a projected column whose pages are handed out: a
/// batch ends with it, and reading it takes no memory. 0 where they are not handed out.
int64_t RowsHandedOut(const FileProjection& projection, int column, int row_group);

}  // namespace packed
