#include "footer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "arrow/util/key_value_metadata.h"
#include "parquet/arrow/schema.h"
#include "parquet/file_reader.h"

#include "encryption.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "parquet_guard.h"

namespace packed {
namespace {

constexpr int64_t kStreamBufferBytes = 64 << 10;
/// Ends of objects are fetched in steps of this: small files come whole with their footer.
constexpr int64_t kTailStepBytes = 64 << 10;

std::optional<std::string> FindKey(const FileInfo& info, std::string_view key) {
  for (const auto& [name, value] : info.key_values) {
    if (name == key) return value;  // readers take the first where a key occurs twice
  }
  return std::nullopt;
}

FileLayout LayoutOf(const FileInfo& info) {
  const bool groups = FindKey(info, kGroupFieldIdListKey).has_value();
  const bool records = FindKey(info, kRowGroupMetadataKey).has_value();
  if (!groups && FindKey(info, kLegacyColumnOffsetsKey)) return FileLayout::kColumnOffsets;
  if (groups && !records && FindKey(info, kLegacyRowGroupSizeKey)) {
    return FileLayout::kRowGroupSize;
  }
  return groups ? FileLayout::kPacked : FileLayout::kPlain;
}

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, leaves);
}

arrow::Status ReadColumns(Footer* footer) {
  parquet::arrow::SchemaManifest manifest;
  ARROW_RETURN_NOT_OK(parquet::arrow::SchemaManifest::Make(footer->metadata->schema(),
                                                           footer->metadata->key_value_metadata(),
                                                           ArrowProperties(), &manifest));
  arrow::FieldVector fields;
  for (const auto& node : manifest.schema_fields) {
    FileColumn column;
    std::shared_ptr<arrow::KeyValueMetadata> metadata;
    const std::string key(kFieldIdKey);
    if (node.field->HasMetadata() && node.field->metadata()->Contains(key)) {
      ARROW_ASSIGN_OR_RAISE(column.id, FieldIdOf(*node.field));
      metadata = arrow::key_value_metadata({key}, {std::to_string(*column.id)});
    }
    column.field = node.field->WithMetadata(metadata);
    CollectLeaves(node, &column.leaves);
    fields.push_back(column.field);
    footer->columns.push_back(std::move(column));
  }
  footer->info.schema = arrow::schema(std::move(fields));
  return arrow::Status::OK();
}

/// The parsed footer; it keeps what decrypts the pages.
arrow::Result<std::shared_ptr<parquet::FileMetaData>> ParseFooter(const Footer& footer,
                                                                  const FooterTail& tail,
                                                                  const KeyRing& keys) {
  parquet::ReaderProperties properties = ParquetProperties(false);
  // By default Parquet reads more, which of an object may be more than there is here already.
  if (tail.footer_bytes > 0) properties.set_footer_read_size(tail.footer_bytes);
  if (!tail.key_metadata) {
    auto metadata = parquet::ParquetFileReader::Open(footer.file->file(), properties)->metadata();
    if (!metadata->is_encryption_algorithm_set()) return metadata;
    return MakeError(ErrorCode::kNotSupported,
                     "Expected an encrypted footer or no encryption for " + footer.path() +
                         " but received encrypted columns below a plain footer",
                     {footer.path(), ""});
  }
  ARROW_ASSIGN_OR_RAISE(auto decryption,
                        MakeDecryptionProperties(*tail.key_metadata, keys, footer.path()));
  properties.file_decryption_properties(std::move(decryption));
  try {
    return parquet::ParquetFileReader::Open(footer.file->file(), properties)->metadata();
  } catch (const parquet::ParquetStatusException&) {
    throw;  // the disk, or a file that is too short: nothing of the key
  } catch (const parquet::ParquetException& error) {
    return MakeError(ErrorCode::kEncryption,
                     "Expected the key that encrypted the footer for " + footer.path() +
                         " but received another one, or a damaged footer: " + error.what(),
                     {footer.path(), ""});
  }
}

void ReadFacts(Footer* footer) {
  const parquet::FileMetaData& metadata = *footer->metadata;
  FileInfo& info = footer->info;
  info.file_bytes = footer->file->size();
  info.rows = metadata.num_rows();
  info.created_by = metadata.created_by();
  info.format_version = parquet::ParquetVersionToString(metadata.version());
  if (const auto& pairs = metadata.key_value_metadata()) {
    for (int64_t i = 0; i < pairs->size(); ++i) {
      info.key_values.emplace_back(pairs->key(i), pairs->value(i));
    }
  }
  info.storage_version = FindKey(info, kStorageVersionKey).value_or("");
  info.layout = LayoutOf(info);
  int64_t offset = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const auto row_group = metadata.RowGroup(i);
    RowGroupInfo facts;
    facts.rows = row_group->num_rows();
    facts.row_offset = offset;
    facts.uncompressed_bytes = row_group->total_byte_size();
    facts.compressed_bytes = row_group->total_compressed_size();
    facts.memory_bytes = facts.uncompressed_bytes;
    // Lying counts are judged later; until then they only must not overflow.
    if (__builtin_add_overflow(offset, facts.rows, &offset)) {
      offset = std::numeric_limits<int64_t>::max();
    }
    info.row_groups.push_back(facts);
  }
}

arrow::Status RequireKeys(const FileInfo& info) {
  if (info.layout == FileLayout::kRowGroupSize || info.layout == FileLayout::kColumnOffsets) {
    return arrow::Status::OK();
  }
  std::string missing;
  for (const auto key : {kGroupFieldIdListKey, kRowGroupMetadataKey, kStorageVersionKey}) {
    if (!FindKey(info, key)) missing += (missing.empty() ? "" : ", ") + std::string(key);
  }
  if (missing.empty()) return arrow::Status::OK();
  return MakeError(ErrorCode::kMetadataCorrupted,
                   "Expected the footer keys of a packed file for " + info.path +
                       " but received a file without " + missing,
                   {info.path, ""});
}

arrow::Status Lies(ErrorCode code, const FileInfo& info, const std::string& what, int64_t expected,
                   int64_t received) {
  return MakeError(code,
                   "Expected " + std::to_string(expected) + " for " + what + " of " + info.path +
                       " but received " + std::to_string(received),
                   {info.path, ""});
}

arrow::Status CheckRowGroups(const Footer& footer) {
  int64_t rows = 0;
  for (size_t i = 0; i < footer.info.row_groups.size(); ++i) {
    const int64_t group_rows = footer.info.row_groups[i].rows;
    const std::string name = "row group " + std::to_string(i);
    if (group_rows < 0 || __builtin_add_overflow(rows, group_rows, &rows)) {
      return Lies(ErrorCode::kFileCorrupted, footer.info, "the rows of " + name, 0, group_rows);
    }
    const auto row_group = footer.metadata->RowGroup(static_cast<int>(i));
    if (row_group->num_columns() != footer.metadata->num_columns()) {
      return Lies(ErrorCode::kFileCorrupted, footer.info, "the columns of " + name,
                  footer.metadata->num_columns(), row_group->num_columns());
    }
    for (int c = 0; c < row_group->num_columns(); ++c) {
      const auto* leaf = footer.metadata->schema()->Column(c);
      const int64_t values = row_group->ColumnChunk(c)->num_values();
      if (leaf->max_repetition_level() == 0 && values != group_rows) {
        return Lies(ErrorCode::kFileCorrupted, footer.info,
                    "the values of " + leaf->path()->ToDotString() + " in " + name, group_rows,
                    values);
      }
    }
  }
  if (rows == footer.metadata->num_rows()) return arrow::Status::OK();
  return Lies(ErrorCode::kFileCorrupted, footer.info, "the total rows", rows,
              footer.metadata->num_rows());
}

int64_t ClampToInt64(uint64_t value) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::min(value, kMost));
}

arrow::Status TakeRecords(const std::string& text, FileInfo* info) {
  ARROW_ASSIGN_OR_RAISE(const auto records, ParseRowGroupRecords(text));
  const auto code = ErrorCode::kMetadataCorrupted;
  if (records.size() != info->row_groups.size()) {
    return Lies(code, *info, "the records in row_group_metadata", info->row_groups.size(),
                records.size());
  }
  for (size_t i = 0; i < records.size(); ++i) {
    RowGroupInfo& facts = info->row_groups[i];
    const std::string name = "row_group_metadata record " + std::to_string(i);
    if (records[i].rows != facts.rows) {
      return Lies(code, *info, "the rows in " + name, facts.rows, records[i].rows);
    }
    if (records[i].row_offset != facts.row_offset) {
      return Lies(code, *info, "the row offset in " + name, facts.row_offset,
                  records[i].row_offset);
    }
    facts.memory_bytes = ClampToInt64(records[i].memory_bytes);
  }
  return arrow::Status::OK();
}

arrow::Status TakeLegacySizes(const std::string& bytes, FileInfo* info) {
  ARROW_ASSIGN_OR_RAISE(const auto sizes, ParseLegacyRowGroupSizes(bytes));
  if (sizes.size() != info->row_groups.size()) {
    return Lies(ErrorCode::kMetadataCorrupted, *info, "the entries of row_group_size",
                info->row_groups.size(), sizes.size());
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    info->row_groups[i].memory_bytes = ClampToInt64(sizes[i]);
  }
  return arrow::Status::OK();
}

arrow::Status TakeKeys(Footer* footer) {
  FileInfo* info = &footer->info;
  const bool offsets = info->layout == FileLayout::kColumnOffsets;
  if (const auto text = FindKey(*info, offsets ? kLegacyColumnOffsetsKey : kGroupFieldIdListKey)) {
    ARROW_ASSIGN_OR_RAISE(footer->groups, ParseGroupFieldIds(*text));
  }
  if (const auto text = FindKey(*info, kRowGroupMetadataKey)) return TakeRecords(*text, info);
  if (const auto bytes = FindKey(*info, kLegacyRowGroupSizeKey)) {
    return TakeLegacySizes(*bytes, info);
  }
  return arrow::Status::OK();
}

}  // namespace

parquet::ReaderProperties ParquetProperties(bool stream) {
  parquet::ReaderProperties properties(Pool());
  properties.set_page_checksum_verification(true);
  if (stream) {
    properties.enable_buffered_stream();
    properties.set_buffer_size(kStreamBufferBytes);
  }
  return properties;
}

int64_t TailBytes(int64_t footer_bytes) {
  if (footer_bytes < 0) return 0;
  return (footer_bytes / kTailStepBytes + 1) * kTailStepBytes;
}

parquet::ArrowReaderProperties ArrowProperties() {
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  // Local files are read a column chunk at a time, remote ones by RangeAhead; pre-buffering would
  // hold a second copy and wake Arrow's own thread pool.
  properties.set_pre_buffer(false);
  return properties;
}

arrow::Result<Footer> ReadFooter(FileStore& store, const std::string& path,
                                 const ReadOptions& options, FooterPolicy policy,
                                 const KeyRing& keys) {
  ARROW_ASSIGN_OR_RAISE(auto file, store.Open(path, options));
  return ReadFooterOf(std::move(file), path, policy, keys);
}

arrow::Result<Footer> ReadFooterOf(std::shared_ptr<ReadableFile> file, const std::string& path,
                                   FooterPolicy policy, const KeyRing& keys) {
  Footer footer;
  footer.info.path = path;
  footer.file = std::move(file);
  ARROW_RETURN_NOT_OK(GuardRead(path, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const FooterTail tail, ReadFooterTail(*footer.file));
    ARROW_ASSIGN_OR_RAISE(footer.metadata, ParseFooter(footer, tail, keys));
    footer.info.footer_bytes = tail.footer_bytes;
    ReadFacts(&footer);
    if (policy == FooterPolicy::kStrict) ARROW_RETURN_NOT_OK(RequireKeys(footer.info));
    ARROW_RETURN_NOT_OK(ReadColumns(&footer));
    if (policy != FooterPolicy::kDescribe) ARROW_RETURN_NOT_OK(CheckRowGroups(footer));
    return arrow::Status::OK();
  }));
  const arrow::Status taken = TakeKeys(&footer);
  if (!taken.ok() && policy != FooterPolicy::kDescribe) {
    return WithContext(taken, ErrorCode::kMetadataCorrupted, {path, ""});
  }
  return footer;
}

}  // namespace packed
