#include "filter_bounds.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "arrow/util/checked_cast.h"
#include "parquet/metadata.h"
#include "parquet/schema.h"
#include "parquet/statistics.h"
#include "parquet/types.h"

#include "parquet_guard.h"

namespace packed {
namespace {

using arrow::internal::checked_cast;
using parquet::LogicalType;
using Encoded = parquet::EncodedStatistics;

bool HasUnit(const LogicalType& logical, arrow::TimeUnit::type unit) {
  LogicalType::TimeUnit::unit stored = LogicalType::TimeUnit::UNKNOWN;
  if (logical.is_timestamp()) {
    stored = checked_cast<const parquet::TimestampLogicalType&>(logical).time_unit();
  } else if (logical.is_time()) {
    stored = checked_cast<const parquet::TimeLogicalType&>(logical).time_unit();
  }
  switch (unit) {
    case arrow::TimeUnit::MILLI:
      return stored == LogicalType::TimeUnit::MILLIS;
    case arrow::TimeUnit::MICRO:
      return stored == LogicalType::TimeUnit::MICROS;
    case arrow::TimeUnit::NANO:
      return stored == LogicalType::TimeUnit::NANOS;
    default:
      return false;  // Parquet has no seconds
  }
}

/// Whether the integers of the file are those of the column.
bool SameIntegers(const parquet::ColumnDescriptor& column, const arrow::DataType& type) {
  const LogicalType& logical = *column.logical_type();
  switch (type.id()) {
    case arrow::Type::DATE32:
      return logical.is_date();
    case arrow::Type::TIMESTAMP:
      return logical.is_timestamp() &&
             HasUnit(logical, checked_cast<const arrow::TimestampType&>(type).unit());
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return logical.is_time() &&
             HasUnit(logical, checked_cast<const arrow::TimeType&>(type).unit());
    default:
      return arrow::is_integer(type.id()) && (logical.is_none() || logical.is_int());
  }
}

/// Little-endian, as Parquet stores a number; nothing where the bytes are not those of one.
template <typename T>
std::optional<T> NumberOf(bool has, const std::string& bytes) {
  if (!has || bytes.size() != sizeof(T)) return std::nullopt;
  T number;
  std::memcpy(&number, bytes.data(), sizeof(T));
  return number;
}

template <typename Stored, typename T>
Limits<T> NumberLimits(const Encoded& encoded) {
  const auto least = NumberOf<Stored>(encoded.has_min, encoded.min());
  const auto most = NumberOf<Stored>(encoded.has_max, encoded.max());
  Limits<T> limits;
  if (least) limits.least = static_cast<T>(*least);
  if (most) limits.most = static_cast<T>(*most);
  return limits;
}

/// A bound that is NaN says nothing. That -0 and 0 stand for each other does not matter here: they
/// are equal.
template <typename Stored>
Limits<double> FloatLimits(const Encoded& encoded) {
  Limits<double> limits = NumberLimits<Stored, double>(encoded);
  if (limits.least && std::isnan(*limits.least)) limits.least.reset();
  if (limits.most && std::isnan(*limits.most)) limits.most.reset();
  return limits;
}

Limits<std::string> ByteLimits(const Encoded& encoded) {
  Limits<std::string> limits;
  if (encoded.has_min) limits.least = encoded.min();
  if (encoded.has_max) limits.most = encoded.max();
  return limits;
}

/// Bounds that no value of so many bits can have are none: such values come out cut.
template <typename T>
void DropUnlessWithin(T least, T most, Limits<T>* limits) {
  const auto within = [&](const std::optional<T>& bound) {
    return !bound || (*bound >= least && *bound <= most);
  };
  if (!within(limits->least) || !within(limits->most)) *limits = {};
}

template <typename Stored, typename T>
Limits<T> IntegerLimits(const Encoded& encoded, int bits) {
  Limits<T> limits = NumberLimits<Stored, T>(encoded);
  const int unused = std::clamp(std::numeric_limits<uint64_t>::digits - bits, 0, 63);
  DropUnlessWithin<T>(std::numeric_limits<T>::min() >> unused,
                      std::numeric_limits<T>::max() >> unused, &limits);
  return limits;
}

void SetIntegerLimits(const parquet::ColumnDescriptor& column, const arrow::DataType& type,
                      const Encoded& encoded, ColumnBounds* bounds) {
  const int bits = checked_cast<const arrow::FixedWidthType&>(type).bit_width();
  const bool large = column.physical_type() == parquet::Type::INT64;
  if (column.sort_order() == parquet::SortOrder::SIGNED) {
    bounds->limits = large ? IntegerLimits<int64_t, int64_t>(encoded, bits)
                           : IntegerLimits<int32_t, int64_t>(encoded, bits);
  } else {
    bounds->limits = large ? IntegerLimits<uint64_t, uint64_t>(encoded, bits)
                           : IntegerLimits<uint32_t, uint64_t>(encoded, bits);
  }
}

Limits<uint64_t> BooleanLimits(const Encoded& encoded) {
  Limits<uint64_t> limits = NumberLimits<uint8_t, uint64_t>(encoded);
  DropUnlessWithin<uint64_t>(0, 1, &limits);
  return limits;
}

/// The limits in the type of the kind's operands, where the file has such values.
void SetLimits(const parquet::ColumnDescriptor& column, const arrow::DataType& type,
               const Encoded& encoded, ColumnBounds* bounds) {
  const FilterKind kind = FilterKindOf(type);
  const parquet::Type::type physical = column.physical_type();
  if (kind == FilterKind::kSigned || kind == FilterKind::kUnsigned) {
    const bool is_signed = column.sort_order() == parquet::SortOrder::SIGNED;
    const bool integers = physical == parquet::Type::INT32 || physical == parquet::Type::INT64;
    if (!integers || is_signed != (kind == FilterKind::kSigned)) return;
    if (!SameIntegers(column, type)) return;
    SetIntegerLimits(column, type, encoded, bounds);
  } else if (kind == FilterKind::kBoolean && physical == parquet::Type::BOOLEAN) {
    bounds->limits = BooleanLimits(encoded);
  } else if (kind == FilterKind::kFloat && physical == parquet::Type::FLOAT) {
    bounds->limits = FloatLimits<float>(encoded);
  } else if (kind == FilterKind::kFloat && physical == parquet::Type::DOUBLE) {
    bounds->limits = FloatLimits<double>(encoded);
  } else if (kind == FilterKind::kBytes && physical == parquet::Type::BYTE_ARRAY &&
             column.sort_order() == parquet::SortOrder::UNSIGNED) {
    bounds->limits = ByteLimits(encoded);
  }
}

void SetNulls(const Encoded& encoded, int64_t rows, ColumnBounds* bounds) {
  if (!encoded.has_null_count || encoded.null_count < 0 || encoded.null_count > rows) return;
  const bool bounded = encoded.has_min || encoded.has_max;
  if (bounded && encoded.null_count == rows) return;  // bounds of no value: one of the two is wrong
  bounds->may_be_null = encoded.null_count > 0;
  bounds->may_have_value = encoded.null_count < rows;
}

bool IsText(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id()) || arrow::is_binary_view_like(type.id());
}

/// Whether values come out as they are stored.
bool ComesAsStored(const arrow::DataType& stored, const arrow::DataType& read) {
  return stored.Equals(read) || (IsText(stored) && IsText(read));
}

}  // namespace

ColumnBounds BoundsOf(const FileProjection& file, int slot, int row_group) {
  const RestoredColumn& output = file.outputs[slot];
  const Footer& footer = *file.footer;
  const FileColumn& stored = footer.columns[file.columns[output.decoded]];
  const arrow::DataType& type = *output.field->type();
  ColumnBounds unknown;
  unknown.may_be_nan = FilterKindOf(type) == FilterKind::kFloat;
  const bool nested = arrow::is_nested(stored.field->type()->id());
  if (stored.leaves.size() != 1 || nested || output.quantized) return unknown;
  ColumnBounds bounds = unknown;
  const arrow::Status read = GuardRead(footer.path(), [&]() -> arrow::Status {
    const auto chunk = footer.metadata->RowGroup(row_group)->ColumnChunk(stored.leaves.front());
    const auto* const column = footer.metadata->schema()->Column(stored.leaves.front());
    const int64_t rows = footer.info.row_groups[row_group].rows;
    if (chunk->num_values() != rows) return arrow::Status::OK();
    bounds.may_be_null = column->max_definition_level() > 0;
    const auto encoded = chunk->encoded_statistics();
    if (!encoded) return arrow::Status::OK();
    if (column->max_definition_level() == 1) SetNulls(*encoded, rows, &bounds);
    if (ComesAsStored(*stored.field->type(), type)) SetLimits(*column, type, *encoded, &bounds);
    return arrow::Status::OK();
  });
  return read.ok() ? bounds : unknown;
}

}  // namespace packed
