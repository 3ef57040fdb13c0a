#include "range_plan.h"

#include <algorithm>

namespace packed {
namespace {

/// What one more request costs where a handful is on the way, as bytes that could be read in the
/// meantime: some 50 ms of a connection with 40 MB/s, shared by eight.
constexpr int64_t kMostHoleBytes = 256 << 10;

/// Bytes of one column chunk, or of a part of it.
struct Piece {
  int64_t offset = 0;
  int64_t bytes = 0;
  int64_t first_row = 0;
  int row_group = 0;

  int64_t end() const { return offset + bytes; }
};

/// A chunk that is longer than a request is wanted piece by piece, while others of its row group
/// are: each piece belongs to the rows that lie as far in.
void CutChunk(const parquet::ColumnChunkMetaData& chunk, const RowGroupInfo& rows, int row_group,
              int64_t file_bytes, int64_t request_bytes, std::vector<Piece>* pieces) {
  int64_t start = chunk.data_page_offset();
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0) {
    start = std::min(start, chunk.dictionary_page_offset());
  }
  if (start < 0 || start >= file_bytes) return;
  const int64_t bytes = std::min(chunk.total_compressed_size(), file_bytes - start);
  if (bytes <= 0) return;
  const int64_t count = (bytes - 1) / request_bytes + 1;
  const int64_t step = (bytes - 1) / count + 1;
  for (int64_t i = 0; i * step < bytes; ++i) {
    pieces->push_back({start + i * step, std::min(step, bytes - i * step),
                       rows.row_offset + i * (rows.rows / count), row_group});
  }
}

/// In the order of the file, none over another: a footer that says so lies.
void PutInOrder(std::vector<Piece>* pieces) {
  std::sort(pieces->begin(), pieces->end(),
            [](const Piece& a, const Piece& b) { return a.offset < b.offset; });
  int64_t end = 0;
  for (Piece& piece : *pieces) {
    const int64_t covered = std::clamp<int64_t>(end - piece.offset, 0, piece.bytes);
    piece.offset += covered;
    piece.bytes -= covered;
    end = std::max(end, piece.end());
  }
  std::erase_if(*pieces, [](const Piece& piece) { return piece.bytes == 0; });
}

std::vector<PlannedRange> Join(const std::vector<Piece>& pieces, int64_t request_bytes) {
  std::vector<PlannedRange> ranges;
  for (const Piece& piece : pieces) {
    const bool join = !ranges.empty() &&
                      piece.offset - ranges.back().offset - ranges.back().bytes <= kMostHoleBytes &&
                      piece.end() - ranges.back().offset <= request_bytes;
    if (!join) ranges.push_back({piece.offset, 0, 0, piece.first_row, {}});
    PlannedRange& range = ranges.back();
    range.bytes = piece.end() - range.offset;
    range.needed_bytes += piece.bytes;
    range.first_row = std::min(range.first_row, piece.first_row);
    auto& groups = range.row_groups;
    const auto place = std::lower_bound(groups.begin(), groups.end(), piece.row_group);
    if (place == groups.end() || *place != piece.row_group) groups.insert(place, piece.row_group);
  }
  return ranges;
}

}  // namespace

std::vector<PlannedRange> PlanRanges(const FileProjection& projection,
                                     const std::vector<int>& row_groups, int64_t request_bytes) {
  const Footer& footer = *projection.footer;
  std::vector<Piece> pieces;
  for (const int i : row_groups) {
    const auto row_group = footer.metadata->RowGroup(i);
    for (const int leaf : projection.leaves) {
      CutChunk(*row_group->ColumnChunk(leaf), footer.info.row_groups[i], i, footer.file->size(),
               request_bytes, &pieces);
    }
  }
  PutInOrder(&pieces);
  std::vector<PlannedRange> ranges = Join(pieces, request_bytes);
  std::stable_sort(ranges.begin(), ranges.end(), [](const PlannedRange& a, const PlannedRange& b) {
    return a.first_row < b.first_row;
  });
  return ranges;
}

}  // namespace packed
