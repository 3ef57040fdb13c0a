#include "page_list.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "parquet/exception.h"
#include "parquet/metadata.h"

namespace packed {
namespace {

/// Statistics are the only part of a header that may be long.
constexpr int64_t kHeaderBytes = 512;
constexpr int64_t kMostHeaderBytes = 1 << 20;

/// The page whose header is at `offset`, which ends before `end`; nullopt = not one we know.
arrow::Result<std::optional<PageAt>> PageOf(int64_t offset, int64_t end, ChunkBytes* bytes) {
  const int64_t most = std::min(end - offset, kMostHeaderBytes);
  for (int64_t size = std::min(kHeaderBytes, most);; size = std::min(size * 8, most)) {
    ARROW_ASSIGN_OR_RAISE(const auto head, bytes->Get(offset, size));
    PageAt page;
    const auto state = ParsePageHeader(head, &page.header);
    if (state == ThriftCompactReader::State::kGood) {
      page.body_offset = offset + page.header.header_bytes;
      if (page.header.compressed_bytes > end - page.body_offset) break;
      return page;
    }
    if (state == ThriftCompactReader::State::kBad || size == most) break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ColumnShape> ShapeOfColumn(const FileProjection& projection, int column) {
  const Footer& footer = *projection.footer;
  const FileColumn& own = footer.columns[projection.columns[column]];
  if (!projection.own_pages || own.leaves.size() != 1) return std::nullopt;
  return ShapeOf(*footer.metadata->schema()->Column(own.leaves.front()), *own.field->type());
}

std::optional<PageChunk> ChunkOfColumn(const FileProjection& projection, int column,
                                       int row_group) {
  const Footer& footer = *projection.footer;
  const int leaf = footer.columns[projection.columns[column]].leaves.front();
  // Parquet throws for a codec that there is not: Arrow's reader then says so.
  std::unique_ptr<parquet::ColumnChunkMetaData> metadata;
  PageChunk chunk;
  try {
    metadata = footer.metadata->RowGroup(row_group)->ColumnChunk(leaf);
    if (!MayDecode(*metadata)) return std::nullopt;
    chunk = {ChunkOffset(*metadata), metadata->total_compressed_size(),
             footer.info.row_groups[row_group].rows, metadata->compression()};
  } catch (const parquet::ParquetException&) {
    return std::nullopt;
  }
  int64_t end = 0;
  const bool sound = chunk.offset >= 0 && chunk.bytes >= 0 &&
                     !__builtin_add_overflow(chunk.offset, chunk.bytes, &end);
  return sound ? std::optional(chunk) : std::nullopt;
}

arrow::Result<std::optional<PageList>> ListPages(const PageChunk& chunk, const ColumnShape& shape,
                                                 ChunkBytes* bytes) {
  PageList list;
  int64_t offset = chunk.offset;
  const int64_t end = chunk.offset + chunk.bytes;
  for (int64_t rows = 0; rows < chunk.rows;) {
    if (offset >= end) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const auto page, PageOf(offset, end, bytes));
    if (!page || !KnowsPage(page->header, shape)) return std::nullopt;
    offset = page->body_offset + page->header.compressed_bytes;
    if (page->header.kind == PageKind::kDictionary) {
      if (list.dictionary || !list.pages.empty()) return std::nullopt;
      list.dictionary = page;
      continue;
    }
    if (page->header.values > chunk.rows - rows) return std::nullopt;
    rows += page->header.values;
    if (page->header.values > 0) list.pages.push_back(*page);
  }
  return list;
}

}  // namespace packed
