#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "column_rows.h"
#include "page_cursor.h"

namespace packed {

/// \brief Own pages of one column of text or bytes: every page is a task, and then another one,
/// which copies its values to their place in the one buffer of the step.
///
/// How many bytes there are is known when all pages are decoded. Pages that the end of a step cuts
/// are decoded once and kept for the next step.
class TextColumn final : public ColumnRows {
 public:
  /// \brief Null where the column or one of its chunks is left to Arrow's reader. `whole`: one
  /// step takes all rows.
  static arrow::Result<std::unique_ptr<TextColumn>> Make(const FileProjection& projection,
                                                         int column, RowGroupRun run, bool whole);

  const std::vector<int>& columns() const override { return columns_; }
  arrow::Status Plan(int64_t rows, StepBlock* block, DecodeTasks* tasks) override;
  arrow::Status PlanJoin(DecodeTasks* tasks) override;
  arrow::Result<std::vector<ArrayDataVector>> Finish() override;
  bool foreign() const override { return foreign_; }

 private:
  /// A page: its rows, or the indices of a page that a step cuts.
  struct Page {
    TextRows text;
    std::shared_ptr<arrow::Buffer> indices;
    PageValidity validity;
    bool decoded = false;
  };
  /// Rows of one page, in row order; each task has pieces of its own.
  struct Piece {
    TextRows text;
    int64_t from = 0;  ///< first row, in the text
    int64_t rows = 0;
    std::shared_ptr<arrow::Buffer> validity;  ///< null = all rows
    int64_t bit = 0;                          ///< of the first row, in the validity

    const int64_t* starts() const { return text.starts() + from; }
    int64_t bytes() const { return starts()[rows] - starts()[0]; }
  };
  using Pieces = std::vector<Piece>;
  /// Rows that become one array.
  struct Joined {
    Pieces pieces;
    int64_t rows = 0;
    int64_t bytes = 0;
    std::shared_ptr<arrow::Buffer> offsets;
    std::shared_ptr<arrow::Buffer> values;
  };

  TextColumn(int column, std::unique_ptr<PageCursor> pages);

  arrow::Status DecodeChunk(const PageCursor::Chunk& chunk, Pieces* pieces);
  arrow::Status DecodePart(const PageCursor::Part& part, Page* page, Pieces* pieces);
  arrow::Result<TextRows> GatherPart(const PageCursor::Part& part, const Page& page) const;
  /// Pieces in arrays whose offsets hold them.
  void CutArrays();
  arrow::Status PlanArray(Joined* joined, DecodeTasks* tasks);
  arrow::Result<std::shared_ptr<arrow::Buffer>> JoinValidity(const Joined& joined) const;

  const std::vector<int> columns_;
  const std::unique_ptr<PageCursor> pages_;
  const bool large_;  ///< offsets of 64 bits
  std::atomic<bool> foreign_{false};
  std::shared_ptr<Page> cut_;  ///< of the page that the next step begins in, if any

  // The step.
  std::vector<std::unique_ptr<Pieces>> parts_;
  std::vector<std::unique_ptr<Joined>> arrays_;
};

}  // namespace packed
