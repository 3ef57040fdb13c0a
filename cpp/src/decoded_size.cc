#include "decoded_size.h"

#include <algorithm>

#include "parquet/size_statistics.h"

#include "mapped_column.h"

namespace packed {
namespace {

/// Bounds every term, so that lying footers cannot overflow the sums below.
constexpr int64_t kMostBytes = int64_t{1} << 50;

int64_t Bounded(int64_t bytes) { return std::clamp<int64_t>(bytes, 0, kMostBytes); }

int64_t Product(int64_t values, int64_t width) {
  int64_t bytes = 0;
  if (__builtin_mul_overflow(Bounded(values), width, &bytes)) return kMostBytes;
  return Bounded(bytes);
}

/// Decoded bytes of one value; 0 for values of any length.
int64_t FixedWidth(const parquet::ColumnDescriptor& leaf) {
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN:
      return 1;
    case parquet::Type::INT32:
    case parquet::Type::FLOAT:
      return 4;
    case parquet::Type::INT64:
    case parquet::Type::INT96:
    case parquet::Type::DOUBLE:
      return 8;
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return std::max(1, leaf.type_length());
    default:
      return 0;
  }
}

struct LeafSize {
  int64_t fixed = 0;     // values of known width, validity, offsets
  int64_t variable = 0;  // bytes of text and binary
  bool known = true;
};

LeafSize EstimateLeaf(const parquet::ColumnDescriptor& leaf,
                      const parquet::ColumnChunkMetaData& chunk) {
  constexpr int64_t kOffsetBytes = 4;
  const int64_t values = chunk.num_values();
  LeafSize size;
  const int64_t width = FixedWidth(leaf);
  const int64_t lists = leaf.max_repetition_level() > 0 ? kOffsetBytes : 0;
  const int64_t validity = leaf.max_definition_level() > 0 ? Bounded(values) / 8 : 0;
  size.fixed = Product(values, (width > 0 ? width : kOffsetBytes) + lists) + validity;
  if (width > 0) return size;
  const auto statistics = chunk.size_statistics();
  if (statistics && statistics->unencoded_byte_array_data_bytes) {
    size.variable = Bounded(*statistics->unencoded_byte_array_data_bytes);
    return size;
  }
  size.variable = Bounded(chunk.total_uncompressed_size());
  size.known = !chunk.has_dictionary_page();
  return size;
}

}  // namespace

DecodedSize EstimateDecodedSize(const FileProjection& projection, int row_group) {
  const Footer& footer = *projection.footer;
  const auto metadata = footer.metadata->RowGroup(row_group);
  const auto estimate = [&](int leaf) {
    return EstimateLeaf(*footer.metadata->schema()->Column(leaf), *metadata->ColumnChunk(leaf));
  };
  int64_t fixed = 0;
  int64_t variable = 0;
  bool known = true;
  for (size_t i = 0; i < projection.columns.size(); ++i) {
    if (RowsHandedOut(projection, static_cast<int>(i), row_group) > 0) continue;
    for (const int leaf : footer.columns[projection.columns[i]].leaves) {
      const LeafSize size = estimate(leaf);
      fixed = Bounded(fixed + size.fixed);
      variable = Bounded(variable + size.variable);
      known = known && size.known;
    }
  }
  if (known || footer.info.layout == FileLayout::kPlain) {
    return {Bounded(fixed + variable), known, variable};
  }
  // The writer noted the decoded bytes of all columns: what fixed widths do not explain is
  // text, and at most all of it is ours.
  int64_t all_fixed = 0;
  for (int leaf = 0; leaf < metadata->num_columns(); ++leaf) {
    all_fixed = Bounded(all_fixed + estimate(leaf).fixed);
  }
  const int64_t text = Bounded(footer.info.row_groups[row_group].memory_bytes) - all_fixed;
  return {Bounded(fixed + std::max(variable, text)), true, 0};
}

}  // namespace packed
