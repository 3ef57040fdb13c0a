#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "column_rows.h"
#include "column_shape.h"
#include "page_list.h"
#include "projection.h"

namespace packed {

/// \brief Picks chosen rows of one column chunk of a local file: only the pages that have such
/// rows, and only the rows where these are stored.
///
/// Open, PlanPages, its tasks, Finish; Open and the tasks on any thread.
class ColumnPick {
 public:
  /// \brief Of a projected column (a position in FileProjection::columns); `rows` are positions
  /// within the row group, ascending, and outlive it. Null where own code does not pick them.
  static std::unique_ptr<ColumnPick> Make(std::shared_ptr<const FileProjection> projection,
                                          int column, int row_group, std::span<const int64_t> rows);

  /// \brief Find the pages, and pick the rows of those that are little work.
  arrow::Status Open();

  /// True when Open found that the pages are Arrow's to read: nothing was picked.
  bool foreign() const { return foreign_; }

  /// \brief The pages that are more work, each a task.
  void PlanPages(DecodeTasks* tasks);

  /// \brief The rows, when Open and every task have ended well.
  arrow::Result<std::shared_ptr<arrow::ArrayData>> Finish();

 private:
  using Rows = std::span<const int64_t>;

  /// What is picked of a page.
  struct Part {
    PageAt page;
    int64_t first = 0;  ///< row of the page, in the row group
    int64_t out = 0;    ///< first row of the answer
    Rows rows;
    TextRows text;               ///< of a column of text
    std::vector<int64_t> nulls;  ///< rows of the answer
  };

  ColumnPick(std::shared_ptr<const FileProjection> projection, int column, int row_group,
             const ColumnShape& shape, Rows rows);

  arrow::Status OpenChunk();
  void CutParts(const PageList& list);
  bool IsLittleWork() const;
  arrow::Status PickPart(PageDecoder* decoder, const ChunkBytes& bytes, Part* part);
  arrow::Status PickText(PageDecoder* decoder, Part* part) const;
  arrow::Result<bool> ReadsRaw(const PageDecoder& decoder, const Part& part) const;
  arrow::Result<std::shared_ptr<arrow::Buffer>> JoinValidity() const;
  arrow::Status JoinText(std::shared_ptr<arrow::Buffer>* offsets);
  arrow::Status Explain(const arrow::Status& status) const;

  const std::shared_ptr<const FileProjection> projection_;
  const int column_;
  const int row_group_;
  const ColumnShape shape_;
  const Rows rows_;
  const std::shared_ptr<arrow::Field> field_;
  PageChunk chunk_;
  bool foreign_ = false;
  PageDictionary dictionary_;
  std::vector<Part> parts_;
  bool picked_ = false;                    ///< all parts, by Open
  std::shared_ptr<arrow::Buffer> values_;  ///< of text its bytes
};

}  // namespace packed
