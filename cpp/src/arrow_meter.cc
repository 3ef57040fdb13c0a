#include "arrow_meter.h"

#include <algorithm>

#include "parquet/schema.h"

namespace packed {
namespace {

/// What a damaged footer claims must not overflow a sum of them.
int64_t Plausible(int64_t bytes) {
  constexpr int64_t kMost = int64_t{1} << 40;
  return std::clamp<int64_t>(bytes, 0, kMost);
}

}  // namespace

void ArrowChunks::Add(const parquet::ColumnChunkMetaData& chunk) {
  CompressionKind kind;
  kind.source = CompressionSource::kArrow;
  kind.codec = chunk.compression();
  kind.type = chunk.type();
  const int64_t original = Plausible(chunk.total_uncompressed_size());
  chunks_.push_back({kind, original, Plausible(chunk.total_compressed_size())});
  original_bytes_ += original;
}

void ArrowChunks::Count(CompressionWay way, std::chrono::nanoseconds elapsed) const {
  for (auto [kind, original, compressed] : chunks_) {
    const double share = original_bytes_ == 0
                             ? 1.0 / static_cast<double>(chunks_.size())
                             : static_cast<double>(original) / static_cast<double>(original_bytes_);
    const auto part = static_cast<int64_t>(static_cast<double>(elapsed.count()) * share);
    kind.way = way;
    CountCompression(kind, original, compressed, std::chrono::nanoseconds(part));
  }
}

void ArrowWriteMeter::Count(const parquet::FileMetaData& metadata) const {
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  for (size_t column = 0; column < elapsed_.size(); ++column) {
    const auto& root = schema.group_node()->field(static_cast<int>(column));
    ArrowChunks chunks;
    for (int r = 0; r < metadata.num_row_groups(); ++r) {
      const auto row_group = metadata.RowGroup(r);
      for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
        if (schema.GetColumnRoot(leaf) != root.get()) continue;
        chunks.Add(*row_group->ColumnChunk(leaf));
      }
    }
    chunks.Count(CompressionWay::kCompress, elapsed_[column]);
  }
}

}  // namespace packed
