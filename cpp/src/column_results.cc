#include "column_results.h"

#include <set>
#include <string>

#include "parquet/schema.h"
#include "parquet/types.h"

namespace packed {
namespace {

using Encodings = std::set<parquet::Encoding::type>;

/// Encodings of the data pages of one chunk.
Encodings PagesOf(const parquet::ColumnChunkMetaData& chunk) {
  Encodings encodings;
  for (const auto& pages : chunk.encoding_stats()) {
    const bool data = pages.page_type == parquet::PageType::DATA_PAGE ||
                      pages.page_type == parquet::PageType::DATA_PAGE_V2;
    if (data && pages.count > 0) encodings.insert(pages.encoding);
  }
  return encodings;
}

/// The column of the plan that each leaf belongs to.
std::vector<size_t> OwnersOf(const parquet::SchemaDescriptor& schema) {
  std::vector<size_t> owners;
  size_t owner = 0;
  for (int i = 0; i < schema.num_columns(); ++i) {
    if (i > 0 && schema.GetColumnRoot(i) != schema.GetColumnRoot(i - 1)) ++owner;
    owners.push_back(owner);
  }
  return owners;
}

}  // namespace

std::vector<ColumnResult> DescribeColumns(const parquet::FileMetaData& metadata,
                                          const GroupPlan& plan) {
  std::vector<ColumnResult> results(plan.columns.size());
  std::vector<Encodings> encodings(results.size());
  const auto owners = OwnersOf(*metadata.schema());
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto row_group = metadata.RowGroup(group);
    for (size_t leaf = 0; leaf < owners.size(); ++leaf) {
      const auto chunk = row_group->ColumnChunk(static_cast<int>(leaf));
      const Encodings pages = PagesOf(*chunk);
      ColumnResult& result = results[owners[leaf]];
      result.compressed_bytes += chunk->total_compressed_size();
      result.uncompressed_bytes += chunk->total_uncompressed_size();
      if (chunk->has_dictionary_page() && pages.size() > 1) result.dictionary_fallback = true;
      encodings[owners[leaf]].insert(pages.begin(), pages.end());
    }
  }
  for (size_t i = 0; i < results.size(); ++i) {
    results[i].name = plan.columns[i].declared->name();
    for (const auto encoding : encodings[i]) {
      results[i].encodings.push_back(parquet::EncodingToString(encoding));
    }
  }
  return results;
}

}  // namespace packed
