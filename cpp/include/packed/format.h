#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "arrow/type_fwd.h"

namespace packed {

/// Footer keys of a packed file, in the order in which they are written (user keys stand
/// between the first and the second).
inline constexpr std::string_view kGroupFieldIdListKey = "group_field_id_list";
inline constexpr std::string_view kRowGroupMetadataKey = "row_group_metadata";
inline constexpr std::string_view kStorageVersionKey = "storage_version";
inline constexpr std::string_view kStorageVersion = "1.0.0";

/// Keys of the layouts before 2025-04 (read only).
inline constexpr std::string_view kLegacyRowGroupSizeKey = "row_group_size";
inline constexpr std::string_view kLegacyColumnOffsetsKey = "column_offsets";

/// Arrow field metadata key that carries the Parquet field id.
inline constexpr std::string_view kFieldIdKey = "PARQUET:field_id";

/// Field ids of every column group: groups in path order, ids in file order.
using GroupFieldIds = std::vector<std::vector<int64_t>>;

/// One record of `row_group_metadata`.
struct RowGroupRecord {
  uint64_t memory_bytes = 0;
  int64_t rows = 0;
  int64_t row_offset = 0;
  bool operator==(const RowGroupRecord&) const = default;
};

std::string SerializeGroupFieldIds(const GroupFieldIds& groups);
arrow::Result<GroupFieldIds> ParseGroupFieldIds(std::string_view text);

std::string SerializeRowGroupRecords(const std::vector<RowGroupRecord>& records);
arrow::Result<std::vector<RowGroupRecord>> ParseRowGroupRecords(std::string_view text);

/// \brief Parse the binary list of the older layout: 8 bytes per row group, little-endian.
arrow::Result<std::vector<uint64_t>> ParseLegacyRowGroupSizes(std::string_view bytes);

/// \brief The field id in `field`'s metadata; kInvalidSchema naming the field when absent or
/// not a decimal number.
arrow::Result<int64_t> FieldIdOf(const arrow::Field& field);

/// \brief One id per top-level field; kInvalidSchema when one is missing or occurs twice.
arrow::Result<std::vector<int64_t>> FieldIdsOf(const arrow::Schema& schema);

}  // namespace packed
