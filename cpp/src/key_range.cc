#include "key_range.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "arrow/util/checked_cast.h"
#include "parquet/metadata.h"
#include "parquet/schema.h"
#include "parquet/statistics.h"
#include "parquet/types.h"

namespace packed {

using arrow::internal::checked_cast;

namespace {

/// Bounds the wrong way round bound nothing.
template <typename Key>
std::optional<KeyRange> RangeOf(Key min, Key max) {
  if (max < min) return std::nullopt;
  return KeyRange{std::move(min), std::move(max)};
}

}  // namespace

std::optional<KeyRange> KeyRangeOf(const Footer& footer, int column, int row_group) {
  const FileColumn& stored = footer.columns[column];
  const auto type = stored.field->type()->id();
  const bool text = type == arrow::Type::STRING;
  if (stored.leaves.size() != 1 || (!text && type != arrow::Type::INT64)) return std::nullopt;
  const auto chunk = footer.metadata->RowGroup(row_group)->ColumnChunk(stored.leaves.front());
  if (!chunk->is_stats_set()) return std::nullopt;
  // Without column orders the bounds of text are in an order of signed bytes.
  auto order = footer.metadata->schema()->Column(stored.leaves.front())->column_order();
  const bool ordered = order.get_order() == parquet::ColumnOrder::TYPE_DEFINED_ORDER;
  if (text && !ordered) return std::nullopt;
  const std::shared_ptr<parquet::Statistics> statistics = chunk->statistics();
  if (!statistics || !statistics->HasMinMax()) return std::nullopt;
  if (text && statistics->physical_type() == parquet::Type::BYTE_ARRAY) {
    // A bound that is cut short still is one: below the least, above the greatest.
    const auto& typed = checked_cast<const parquet::ByteArrayStatistics&>(*statistics);
    return RangeOf(std::string(std::string_view(typed.min())),
                   std::string(std::string_view(typed.max())));
  }
  if (!text && statistics->physical_type() == parquet::Type::INT64) {
    const auto& typed = checked_cast<const parquet::Int64Statistics&>(*statistics);
    return RangeOf(typed.min(), typed.max());
  }
  return std::nullopt;
}

}  // namespace packed
