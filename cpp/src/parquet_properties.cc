#include "parquet_properties.h"

#include <limits>
#include <map>
#include <set>
#include <string>

#include "arrow/util/config.h"
#include "parquet/arrow/schema.h"
#include "parquet/schema.h"

#include "codec_check.h"
#include "column_encoding.h"
#include "encryption.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

constexpr int64_t kPageBytes = 1 << 20;
constexpr int64_t kDictionaryPageBytes = 1 << 20;
constexpr int64_t kWriteBatchRows = 1024;
constexpr size_t kMaxStatisticsBytes = 4096;
constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

/// Arrow's binary and fixed-size binary: bytes without a meaning that min and max could have.
bool IsOpaqueBytes(const parquet::ColumnDescriptor& column) {
  const auto type = column.physical_type();
  const auto& logical = column.logical_type();
  return (type == parquet::Type::BYTE_ARRAY || type == parquet::Type::FIXED_LEN_BYTE_ARRAY) &&
         (logical == nullptr || logical->is_none() || !logical->is_valid());
}

void SetFileProperties(parquet::WriterProperties::Builder* builder) {
  builder->memory_pool(Pool())
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->data_pagesize(kPageBytes)
#if ARROW_VERSION_MAJOR >= 23  // before, rows of a page have no bound
      ->max_rows_per_page(kUnlimited)
#endif
      ->dictionary_pagesize_limit(kDictionaryPageBytes)
      ->write_batch_size(kWriteBatchRows)
      ->max_row_group_length(kUnlimited)
      ->max_statistics_size(kMaxStatisticsBytes)
      ->disable_page_checksum()
      ->disable_write_page_index()
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None)
      ->disable_content_defined_chunking()
      ->disable_store_decimal_as_integer();
}

void SetLeafProperties(const parquet::ColumnDescriptor& leaf, const ColumnPlan& column,
                       Compatibility compatibility, parquet::WriterProperties::Builder* builder) {
  const auto path = leaf.path();
  builder->compression(path, column.codec.type);
  if (const auto level = EffectiveLevel(column.codec)) builder->compression_level(path, *level);
  if (column.encoding == ColumnEncoding::kDictionary) {
    builder->enable_dictionary(path);
  } else {
    const bool suits = Suits(column.encoding, leaf.physical_type());
    const auto encoding = suits ? column.encoding : ColumnEncoding::kPlain;
    builder->disable_dictionary(path)->encoding(path, ParquetEncoding(encoding));
  }
  if (compatibility != Compatibility::kMilvus2_6 && IsOpaqueBytes(leaf)) {
    builder->disable_statistics(path);
  } else {
    builder->enable_statistics(path);
  }
}

}  // namespace

arrow::Result<std::shared_ptr<parquet::WriterProperties>> MakeWriterProperties(
    const GroupPlan& group, Compatibility compatibility,
    const std::optional<Encryption>& encryption) {
  parquet::WriterProperties::Builder builder;
  SetFileProperties(&builder);
  if (group.page_bytes > 0) builder.data_pagesize(group.page_bytes);

  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(group.StoredSchema().get(), *builder.build(),
                                                      *MakeArrowWriterProperties(), &descriptor));
  std::map<std::string, const ColumnPlan*> columns;
  for (const auto& column : group.columns) columns[column.stored->name()] = &column;
  std::set<std::string> paths;
  for (int i = 0; i < descriptor->num_columns(); ++i) {
    const auto& leaf = *descriptor->Column(i);
    const std::string& top_level = descriptor->GetColumnRoot(i)->name();
    if (!paths.insert(leaf.path()->ToDotString()).second) {
      return MakeError(ErrorCode::kInvalidSchema,
                       "Expected unique column paths in one group but received '" +
                           leaf.path()->ToDotString() + "' twice",
                       {group.path, top_level});
    }
    SetLeafProperties(leaf, *columns.at(top_level), compatibility, &builder);
  }
  if (encryption) builder.encryption(MakeEncryptionProperties(*encryption));
  return builder.build();
}

arrow::Result<PropertiesByEncoding> MakePropertiesByEncoding(const GroupPlan& group,
                                                             Compatibility compatibility) {
  std::set<ColumnEncoding> encodings{ColumnEncoding::kPlain, ColumnEncoding::kDictionary};
  for (const auto& column : group.columns) {
    encodings.insert(column.choices.begin(), column.choices.end());
  }
  PropertiesByEncoding properties;
  for (const ColumnEncoding encoding : encodings) {
    GroupPlan chosen = group;
    for (auto& column : chosen.columns) {
      if (column.sampled) column.encoding = encoding;
    }
    ARROW_ASSIGN_OR_RAISE(properties[encoding], MakeWriterProperties(chosen, compatibility));
  }
  return properties;
}

std::shared_ptr<parquet::ArrowWriterProperties> MakeArrowWriterProperties() {
  parquet::ArrowWriterProperties::Builder builder;
  builder.disable_deprecated_int96_timestamps()
      ->disallow_truncated_timestamps()
      ->enable_compliant_nested_types()
      ->set_engine_version(parquet::ArrowWriterProperties::V2)
      ->set_use_threads(false)
      ->set_time_adjusted_to_utc(false);
  return builder.build();
}

}  // namespace packed
