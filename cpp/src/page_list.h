#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arrow/result.h"

#include "chunk_bytes.h"
#include "column_shape.h"
#include "page_decoder.h"
#include "projection.h"

namespace packed {

/// Where the pages of a column chunk are.
struct PageChunk {
  int64_t offset = 0;  ///< in the file
  int64_t bytes = 0;
  int64_t rows = 0;
  parquet::Compression::type codec = parquet::Compression::UNCOMPRESSED;
};

struct PageList {
  std::optional<PageAt> dictionary;
  std::vector<PageAt> pages;  ///< those with rows; together they have those of the chunk
};

/// \brief The shape of a projected column (a position in FileProjection::columns); nullopt where
/// own code does not decode it.
std::optional<ColumnShape> ShapeOfColumn(const FileProjection& projection, int column);

/// \brief Where a chunk of a flat column is; nullopt where its footer entry is not one to go by.
std::optional<PageChunk> ChunkOfColumn(const FileProjection& projection, int column, int row_group);

/// \brief Go from page header to page header of a chunk.
///
/// nullopt where anything is not as PageDecoder knows it, damage included: Arrow's reader decides
/// then what it is. Fails only where the file cannot be read.
arrow::Result<std::optional<PageList>> ListPages(const PageChunk& chunk, const ColumnShape& shape,
                                                 ChunkBytes* bytes);

}  // namespace packed
