#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "column_rows.h"
#include "page_list.h"
#include "projection.h"

namespace packed {

/// \brief Goes through the pages of one column, in steps of so many rows.
class PageCursor {
 public:
  struct Chunk {
    PageChunk at;
    std::optional<PageList> list;  ///< absent: a small chunk, which whoever decodes it lists
    PageDictionary dictionary;     ///< until the last page that looks up in it is behind
    size_t indexed_pages = 0;      ///< up to the last page that looks up in the dictionary
  };
  /// Rows of a step that one page has, or a whole chunk that is not listed.
  struct Part {
    Chunk* chunk = nullptr;
    const PageAt* page = nullptr;  ///< null: the whole chunk
    int64_t from = 0;              ///< first row, in the page
    int64_t rows = 0;
    int64_t row = 0;  ///< first row, in the step

    /// The step takes only a part of the page.
    bool cut() const { return page != nullptr && rows < page->header.values; }
    /// No later step needs the page.
    bool last() const { return page == nullptr || from + rows == page->header.values; }
  };

  /// \brief Null where one of the chunks is left to Arrow's reader. `whole`: one step takes all
  /// rows.
  static arrow::Result<std::unique_ptr<PageCursor>> Make(const FileProjection& projection,
                                                         int column, RowGroupRun run, bool whole,
                                                         const ColumnShape& shape);

  /// \brief The parts of the next `rows` rows; what they point to stays as long as the cursor.
  arrow::Result<std::vector<Part>> Take(int64_t rows);

  /// \brief What went wrong with the pages, as an error of this column.
  arrow::Status Explain(const arrow::Status& status) const;

  const ColumnShape& shape() const { return shape_; }
  const ReadableFile& file() const { return *footer_->file; }
  const std::shared_ptr<arrow::DataType>& type() const { return field_->type(); }

 private:
  PageCursor(const FileProjection& projection, int column, const ColumnShape& shape);

  arrow::Result<bool> AddChunk(const PageChunk& at, bool whole);

  const ColumnShape shape_;
  const std::shared_ptr<const Footer> footer_;
  const std::shared_ptr<arrow::Field> field_;
  std::vector<std::unique_ptr<Chunk>> chunks_;

  // Where the next step begins.
  size_t chunk_ = 0;
  size_t page_ = 0;
  int64_t page_row_ = 0;
};

}  // namespace packed
