#include "key_range.h"

#include <memory>
#include <string>
#include <string_view>

#include "arrow/util/checked_cast.h"
#include "parquet/metadata.h"
#include "parquet/statistics.h"
#include "parquet/types.h"

namespace packed {

using arrow::internal::checked_cast;

std::optional<KeyRange> KeyRangeOf(const Footer& footer, int column, int row_group) {
  const FileColumn& stored = footer.columns[column];
  const auto type = stored.field->type()->id();
  const bool text = type == arrow::Type::STRING;
  if (stored.leaves.size() != 1 || (!text && type != arrow::Type::INT64)) return std::nullopt;
  const auto chunk = footer.metadata->RowGroup(row_group)->ColumnChunk(stored.leaves.front());
  if (!chunk->is_stats_set()) return std::nullopt;
  const std::shared_ptr<parquet::Statistics> statistics = chunk->statistics();
  if (!statistics || !statistics->HasMinMax()) return std::nullopt;
  if (text && statistics->physical_type() == parquet::Type::BYTE_ARRAY) {
    // A bound that is cut short still is one: below the least, above the greatest.
    const auto& typed = checked_cast<const parquet::ByteArrayStatistics&>(*statistics);
    return KeyRange{std::string(std::string_view(typed.min())),
                    std::string(std::string_view(typed.max()))};
  }
  if (!text && statistics->physical_type() == parquet::Type::INT64) {
    const auto& typed = checked_cast<const parquet::Int64Statistics&>(*statistics);
    return KeyRange{typed.min(), typed.max()};
  }
  return std::nullopt;
}

}  // namespace packed
