#include <algorithm>
#include <set>
#include <utility>

#include "arrow/util/compression.h"
#include "parquet/statistics.h"
#include "parquet/types.h"

#include "footer.h"
#include "group_map.h"
#include "packed/reader.h"
#include "parquet_guard.h"
#include "statistics_text.h"

namespace packed {
namespace {

std::string UpperCodecName(arrow::Compression::type codec) {
  std::string name = arrow::util::Codec::GetCodecAsString(codec);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

ColumnChunkInfo DescribeChunk(const parquet::ColumnChunkMetaData& chunk, int row_group) {
  ColumnChunkInfo info;
  info.column = chunk.path_in_schema()->ToDotString();
  info.row_group = row_group;
  info.physical_type = parquet::TypeToString(chunk.type());
  info.codec = UpperCodecName(chunk.compression());
  std::set<std::string> encodings;
  for (const auto encoding : chunk.encodings()) {
    encodings.insert(parquet::EncodingToString(encoding));
  }
  info.encodings.assign(encodings.begin(), encodings.end());
  info.values = chunk.num_values();
  info.compressed_bytes = chunk.total_compressed_size();
  info.uncompressed_bytes = chunk.total_uncompressed_size();
  info.has_dictionary = chunk.has_dictionary_page();
  info.has_statistics = chunk.is_stats_set();
  if (info.has_statistics) {
    const auto statistics = chunk.statistics();
    if (statistics && statistics->HasNullCount()) info.null_count = statistics->null_count();
    if (statistics) info.range = RangeText(*statistics);
  }
  return info;
}

}  // namespace

arrow::Result<FileInfo> DescribeFile(FileStore& store, const std::string& path,
                                     const KeyRing& keys) {
  ARROW_ASSIGN_OR_RAISE(auto footer, ReadFooter(store, path, {}, FooterPolicy::kDescribe, keys));
  ARROW_RETURN_NOT_OK(GuardRead(path, [&] {
    for (int r = 0; r < footer.metadata->num_row_groups(); ++r) {
      const auto row_group = footer.metadata->RowGroup(r);
      for (int c = 0; c < row_group->num_columns(); ++c) {
        footer.info.chunks.push_back(DescribeChunk(*row_group->ColumnChunk(c), r));
      }
    }
    return arrow::Status::OK();
  }));
  footer.info.group = FindGroup(footer);
  return std::move(footer.info);
}

}  // namespace packed
