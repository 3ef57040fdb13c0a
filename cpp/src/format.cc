#include "packed/format.h"

#include <charconv>
#include <limits>
#include <optional>
#include <unordered_map>

#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"

#include "packed/error.h"

namespace packed {
namespace {

template <typename Integer>
std::optional<Integer> ParseDecimal(std::string_view text) {
  Integer value{};
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Calls `visit` with every piece between separators, empty ones too.
template <typename Visit>
arrow::Status ForEachPiece(std::string_view text, char separator, Visit visit) {
  while (true) {
    size_t end = text.find(separator);
    ARROW_RETURN_NOT_OK(visit(text.substr(0, end)));
    if (end == std::string_view::npos) return arrow::Status::OK();
    text.remove_prefix(end + 1);
  }
}

arrow::Status Corrupted(std::string_view key, std::string_view expected, std::string_view piece) {
  constexpr size_t kMostShown = 80;
  std::string shown(piece.substr(0, kMostShown));
  // The piece comes from an untrusted file; the message must stay valid text.
  for (char& c : shown) c = c < ' ' || c > '~' ? '?' : c;
  if (piece.size() > kMostShown) shown += "…";
  return MakeError(ErrorCode::kMetadataCorrupted, "Expected " + std::string(expected) + " for " +
                                                      std::string(key) + " but received '" + shown +
                                                      "'");
}

arrow::Result<RowGroupRecord> ParseRecord(std::string_view text) {
  std::vector<std::string_view> parts;
  ARROW_RETURN_NOT_OK(ForEachPiece(text, '|', [&](std::string_view part) {
    parts.push_back(part);
    return arrow::Status::OK();
  }));
  if (parts.size() == 3) {
    auto bytes = ParseDecimal<uint64_t>(parts[0]);
    auto rows = ParseDecimal<int64_t>(parts[1]);
    auto offset = ParseDecimal<int64_t>(parts[2]);
    if (bytes && rows && offset && *rows >= 0 && *offset >= 0) {
      return RowGroupRecord{*bytes, *rows, *offset};
    }
  }
  return Corrupted(kRowGroupMetadataKey, "records 'bytes|rows|offset'", text);
}

}  // namespace

std::string SerializeGroupFieldIds(const GroupFieldIds& groups) {
  std::string text;
  for (size_t group = 0; group < groups.size(); ++group) {
    if (group > 0) text += ';';
    for (size_t i = 0; i < groups[group].size(); ++i) {
      if (i > 0) text += ',';
      text += std::to_string(groups[group][i]);
    }
  }
  return text;
}

arrow::Result<GroupFieldIds> ParseGroupFieldIds(std::string_view text) {
  GroupFieldIds groups;
  ARROW_RETURN_NOT_OK(ForEachPiece(text, ';', [&](std::string_view group_text) {
    std::vector<int64_t> ids;
    ARROW_RETURN_NOT_OK(ForEachPiece(group_text, ',', [&](std::string_view id_text) {
      if (id_text.empty()) return arrow::Status::OK();
      auto id = ParseDecimal<int64_t>(id_text);
      if (!id) return Corrupted(kGroupFieldIdListKey, "decimal field ids", id_text);
      ids.push_back(*id);
      return arrow::Status::OK();
    }));
    if (!ids.empty()) groups.push_back(std::move(ids));
    return arrow::Status::OK();
  }));
  return groups;
}

std::string SerializeRowGroupRecords(const std::vector<RowGroupRecord>& records) {
  std::string text;
  for (const RowGroupRecord& record : records) {
    if (!text.empty()) text += ';';
    text += std::to_string(record.memory_bytes) + '|' + std::to_string(record.rows) + '|' +
            std::to_string(record.row_offset);
  }
  return text;
}

arrow::Result<std::vector<RowGroupRecord>> ParseRowGroupRecords(std::string_view text) {
  std::vector<RowGroupRecord> records;
  ARROW_RETURN_NOT_OK(ForEachPiece(text, ';', [&](std::string_view piece) {
    if (piece.empty()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(RowGroupRecord record, ParseRecord(piece));
    records.push_back(record);
    return arrow::Status::OK();
  }));
  return records;
}

arrow::Result<std::vector<uint64_t>> ParseLegacyRowGroupSizes(std::string_view bytes) {
  if (bytes.size() % sizeof(uint64_t) != 0) {
    return MakeError(ErrorCode::kMetadataCorrupted,
                     "Expected a multiple of 8 bytes for " + std::string(kLegacyRowGroupSizeKey) +
                         " but received " + std::to_string(bytes.size()));
  }
  std::vector<uint64_t> sizes(bytes.size() / sizeof(uint64_t));
  for (size_t i = 0; i < bytes.size(); ++i) {
    sizes[i / 8] |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * (i % 8));
  }
  return sizes;
}

arrow::Result<int64_t> FieldIdOf(const arrow::Field& field) {
  const std::string key(kFieldIdKey);
  auto received = [&](const std::string& what) {
    return MakeError(ErrorCode::kInvalidSchema,
                     "Expected a field id from 0 to 2147483647 in metadata key " + key +
                         " for field '" + field.name() + "' but received " + what,
                     {.path = "", .field = field.name()});
  };
  if (!field.HasMetadata() || !field.metadata()->Contains(key)) return received("none");
  ARROW_ASSIGN_OR_RAISE(std::string text, field.metadata()->Get(key));
  auto id = ParseDecimal<int64_t>(text);
  // Parquet stores the id in 32 bits, and Arrow drops negative ones without a word.
  if (!id || *id < 0 || *id > std::numeric_limits<int32_t>::max()) {
    return received("'" + text + "'");
  }
  return *id;
}

arrow::Result<std::vector<int64_t>> FieldIdsOf(const arrow::Schema& schema) {
  std::vector<int64_t> ids;
  std::unordered_map<int64_t, std::string> names;
  for (const auto& field : schema.fields()) {
    ARROW_ASSIGN_OR_RAISE(int64_t id, FieldIdOf(*field));
    auto [first, inserted] = names.emplace(id, field->name());
    if (!inserted) {
      return MakeError(ErrorCode::kInvalidSchema,
                       "Expected unique field ids but received " + std::to_string(id) +
                           " for both '" + first->second + "' and '" + field->name() + "'",
                       {.path = "", .field = field->name()});
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace packed
