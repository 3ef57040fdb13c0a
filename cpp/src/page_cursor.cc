#include "page_cursor.h"

#include <algorithm>
#include <utility>

#include "packed/error.h"
#include "page_support.h"

namespace packed {
namespace {

/// Chunks up to this size are read in one piece and decoded by one task.
constexpr int64_t kSmallChunkBytes = 1 << 20;
/// A footer's rows are believed up to this many bytes, or up to what codecs can make of a chunk.
constexpr int64_t kTrustedBytes = 64 << 20;
constexpr int64_t kTrustedExpansion = 4096;

bool Believable(const PageChunk& chunk, const ColumnShape& shape) {
  const int64_t width = std::max<int64_t>(1, shape.width);
  if (chunk.rows <= kTrustedBytes / width) return true;
  return chunk.rows / kTrustedExpansion <= chunk.bytes / width;
}

}  // namespace

PageCursor::PageCursor(const FileProjection& projection, int column, const ColumnShape& shape)
    : shape_(shape),
      footer_(projection.footer),
      field_(footer_->columns[projection.columns[column]].field) {}

arrow::Result<std::unique_ptr<PageCursor>> PageCursor::Make(const FileProjection& projection,
                                                            int column, RowGroupRun run, bool whole,
                                                            const ColumnShape& shape) {
  std::unique_ptr<PageCursor> made(new PageCursor(projection, column, shape));
  for (int i = run.first; i < run.end(); ++i) {
    const auto chunk = ChunkOfColumn(projection, column, i);
    if (!chunk || !Believable(*chunk, shape)) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const bool known, made->AddChunk(*chunk, whole));
    if (!known) return nullptr;
  }
  return made;
}

/// False where it is not one for own code.
arrow::Result<bool> PageCursor::AddChunk(const PageChunk& at, bool whole) {
  if (at.rows == 0) return true;
  auto chunk = std::make_unique<Chunk>();
  chunk->at = at;
  if (!whole || at.bytes > kSmallChunkBytes) {
    ChunkBytes bytes(*footer_->file);
    ARROW_ASSIGN_OR_RAISE(chunk->list, ListPages(at, shape_, &bytes));
    if (!chunk->list) return false;
    if (chunk->list->dictionary) {
      PageDecoder decoder(shape_, at.codec, &bytes);
      auto dictionary = decoder.DecodeDictionary(*chunk->list->dictionary);
      if (!dictionary.ok()) return Explain(dictionary.status());
      chunk->dictionary = dictionary.MoveValueUnsafe();
      const auto& pages = chunk->list->pages;
      const auto last = std::find_if(pages.rbegin(), pages.rend(),
                                     [](const PageAt& page) { return HasIndices(page.header); });
      chunk->indexed_pages = static_cast<size_t>(pages.rend() - last);
    }
  }
  chunks_.push_back(std::move(chunk));
  return true;
}

arrow::Result<std::vector<PageCursor::Part>> PageCursor::Take(int64_t rows) {
  std::vector<Part> parts;
  // No task of the step before runs any more: a dictionary that writers gave up, as large as they
  // let it grow, need not stay for the rest of the file.
  if (chunk_ < chunks_.size() && page_ >= chunks_[chunk_]->indexed_pages) {
    chunks_[chunk_]->dictionary = {};
  }
  for (int64_t row = 0; row < rows;) {
    if (chunk_ == chunks_.size()) {
      return arrow::Status::IOError("Expected ", rows, " rows but received ", row);
    }
    Chunk& chunk = *chunks_[chunk_];
    if (!chunk.list) {
      parts.push_back({&chunk, nullptr, 0, chunk.at.rows, row});
      row += chunk.at.rows;
      ++chunk_;
      continue;
    }
    const PageAt& page = chunk.list->pages[page_];
    const int64_t taken = std::min(rows - row, page.header.values - page_row_);
    parts.push_back({&chunk, &page, page_row_, taken, row});
    row += taken;
    page_row_ += taken;
    if (page_row_ < page.header.values) continue;
    page_row_ = 0;
    if (++page_ < chunk.list->pages.size()) continue;
    page_ = 0;
    ++chunk_;
  }
  return parts;
}

arrow::Status PageCursor::Explain(const arrow::Status& status) const {
  if (status.ok()) return status;
  const auto code = status.IsOutOfMemory() ? ErrorCode::kOutOfMemory : ErrorCode::kFileCorrupted;
  return WithContext(status, code, {footer_->path(), field_->name()});
}

}  // namespace packed
