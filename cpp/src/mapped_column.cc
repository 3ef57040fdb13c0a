#include "mapped_column.h"

#include <algorithm>
#include <utility>

namespace packed {
namespace {

/// What typed arrays of JavaScript need for any type; writers that mean it pad to 64.
constexpr int64_t kAlignment = 8;
/// Batches end where pages do: short pages are worth the copy.
constexpr int64_t kLeastPageBytes = 64 << 10;

/// The pages of a chunk where all can be handed out.
arrow::Result<std::optional<PageList>> PagesToHandOut(const FileProjection& projection, int column,
                                                      int row_group, const ColumnShape& shape) {
  const auto chunk = ChunkOfColumn(projection, column, row_group);
  if (!chunk) return std::nullopt;
  ChunkBytes bytes(*projection.footer->file);
  ARROW_ASSIGN_OR_RAISE(auto list, ListPages(*chunk, shape, &bytes));
  if (!list) return std::nullopt;
  const auto count = static_cast<int64_t>(list->pages.size());
  const bool fits = std::all_of(list->pages.begin(), list->pages.end(), [&](const PageAt& page) {
    return StoresRows(page.header, shape, chunk->codec) && page.body_offset % kAlignment == 0;
  });
  if (!fits || chunk->rows * shape.width < count * kLeastPageBytes) return std::nullopt;
  return list;
}

}  // namespace

MappedColumn::MappedColumn(const FileProjection& projection, int column, int64_t width)
    : columns_{column},
      field_(projection.footer->columns[projection.columns[column]].field),
      mapping_(projection.footer->file->mapping()),
      width_(width) {}

arrow::Result<std::unique_ptr<MappedColumn>> MappedColumn::Make(const FileProjection& projection,
                                                                int column, RowGroupRun run) {
  const auto shape = ShapeOfColumn(projection, column);
  if (!shape || shape->form != ColumnShape::Form::kBytes) return nullptr;
  if (!projection.footer->file->mapping()) return nullptr;
  std::unique_ptr<MappedColumn> made(new MappedColumn(projection, column, shape->width));
  for (int i = run.first; i < run.end(); ++i) {
    if (projection.footer->info.row_groups[i].rows == 0) continue;
    ARROW_ASSIGN_OR_RAISE(const auto list, PagesToHandOut(projection, column, i, *shape));
    if (!list) return nullptr;
    for (const PageAt& page : list->pages) {
      made->pages_.push_back({page.body_offset, page.header.values});
    }
  }
  return made;
}

arrow::Status MappedColumn::Plan(int64_t rows, StepBlock*, DecodeTasks*) {
  rows_ = rows;
  return arrow::Status::OK();
}

arrow::Result<std::vector<ArrayDataVector>> MappedColumn::Finish() {
  ArrayDataVector arrays;
  for (int64_t left = rows_; left > 0;) {
    if (page_ == pages_.size()) {
      return arrow::Status::IOError("Expected ", rows_, " rows but received ", rows_ - left);
    }
    const Page& page = pages_[page_];
    const int64_t rows = std::min(left, page.rows - page_row_);
    auto values = arrow::SliceBuffer(mapping_, page.offset + page_row_ * width_, rows * width_);
    arrays.push_back(arrow::ArrayData::Make(field_->type(), rows, {nullptr, std::move(values)}, 0));
    left -= rows;
    page_row_ += rows;
    if (page_row_ < page.rows) continue;
    page_row_ = 0;
    ++page_;
  }
  return std::vector<ArrayDataVector>{std::move(arrays)};
}

int64_t RowsHandedOut(const FileProjection& projection, int column, int row_group) {
  if (!projection.footer->file->mapping()) return 0;
  const auto shape = ShapeOfColumn(projection, column);
  if (!shape || shape->form != ColumnShape::Form::kBytes) return 0;
  const auto list = PagesToHandOut(projection, column, row_group, *shape);
  if (!list.ok() || !list->has_value() || (*list)->pages.empty()) return 0;
  return (*list)->pages.front().header.values;
}

}  // namespace packed
