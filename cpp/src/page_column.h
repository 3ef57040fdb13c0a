#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "column_rows.h"
#include "page_cursor.h"

namespace packed {

/// Bits of some rows of a step. Tasks write bits of their own, which are joined afterwards: side by
/// side in one bitmap they would share bytes.
struct PageBits {
  int64_t row = 0;  ///< in the step
  int64_t rows = 0;
  int64_t offset = 0;  ///< first bit
  PageValidity validity;
  std::shared_ptr<arrow::Buffer> values;  ///< of a column of bits
};

/// \brief Own pages of one column: every page is a task, which decodes it to its place in the one
/// buffer of the step; small chunks are one task.
///
/// Pages that the end of a step cuts are decoded once and kept for the next step.
class PageColumn final : public ColumnRows {
 public:
  /// \brief Null where the column or one of its chunks is left to Arrow's reader. `whole`: one
  /// step takes all rows.
  static arrow::Result<std::unique_ptr<PageColumn>> Make(const FileProjection& projection,
                                                         int column, RowGroupRun run, bool whole);

  const std::vector<int>& columns() const override { return columns_; }
  int64_t BlockBytes(int64_t rows) const override;
  arrow::Status Plan(int64_t rows, StepBlock* block, DecodeTasks* tasks) override;
  arrow::Result<std::vector<ArrayDataVector>> Finish() override;
  bool foreign() const override { return foreign_; }

 private:
  /// A page of which a step takes a part.
  struct CutPage {
    std::optional<bool> raw;  ///< its rows are read as they are needed; else it is decoded once
    std::shared_ptr<arrow::Buffer> values;
    PageValidity validity;
  };
  using Pieces = std::vector<PageBits>;

  PageColumn(int column, std::unique_ptr<PageCursor> pages);

  /// Every task has pieces of its own.
  Pieces* AddPieces();
  void PlanPart(const PageCursor::Part& part, DecodeTasks* tasks);
  arrow::Status DecodeChunk(PageCursor::Chunk* chunk, int64_t row, Pieces* pieces);
  arrow::Status DecodePage(PageDecoder* decoder, const PageAt& page,
                           const PageDictionary& dictionary, int64_t row, Pieces* pieces);
  arrow::Status TakePart(const PageCursor::Part& part, CutPage* cut, Pieces* pieces);
  arrow::Result<std::shared_ptr<arrow::Buffer>> JoinValues() const;
  arrow::Result<std::shared_ptr<arrow::Buffer>> JoinValidity() const;

  const std::vector<int> columns_;
  const std::unique_ptr<PageCursor> pages_;
  const ColumnShape shape_;
  std::atomic<bool> foreign_{false};

  std::shared_ptr<CutPage> cut_;  ///< of the page that the next step begins in, if any

  // The step.
  int64_t rows_ = 0;
  std::shared_ptr<arrow::Buffer> values_;
  std::vector<std::unique_ptr<Pieces>> pieces_;
};

}  // namespace packed
