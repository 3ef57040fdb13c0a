#include "write_plan.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "arrow/util/checked_cast.h"
#include "arrow/util/key_value_metadata.h"
#include "parquet/arrow/schema.h"
#include "parquet/exception.h"
#include "parquet/properties.h"

#include "codec_check.h"
#include "column_encoding.h"
#include "dense_vector.h"
#include "encryption.h"
#include "packed/error.h"
#include "page_plan.h"
#include "quantization_key.h"
#include "stored_type.h"

namespace packed {
namespace {

using arrow::Result;
using arrow::Status;

Status CheckSchema(const arrow::Schema& schema, const std::vector<int64_t>& field_ids) {
  std::set<std::string> names;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    if (!names.insert(name).second) {
      return MakeError(ErrorCode::kInvalidSchema,
                       "Expected unique field names but received '" + name + "' twice", {"", name});
    }
    if (field_ids[i] < 0 || field_ids[i] > std::numeric_limits<int32_t>::max()) {
      return MakeError(ErrorCode::kInvalidSchema,
                       "Expected a field id from 0 to 2147483647 for field '" + name +
                           "' but received " + std::to_string(field_ids[i]),
                       {"", name});
    }
  }
  return Status::OK();
}

Status CheckPaths(const std::vector<ColumnGroup>& groups) {
  std::set<std::string> paths;
  for (const auto& group : groups) {
    if (group.path.empty()) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a path for group " +
                                                        std::to_string(group.id) +
                                                        " but received an empty string");
    }
    if (!paths.insert(std::filesystem::path(group.path).lexically_normal().string()).second) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected one path per group but received '" + group.path + "' twice",
                       {group.path, ""});
    }
  }
  return Status::OK();
}

Status NotInOneGroup(const arrow::Field& field, const std::string& where, const std::string& path) {
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected field '" + field.name() + "' in one group but received it " + where,
                   {path, field.name()});
}

Status CheckColumns(const arrow::Schema& schema, const std::vector<ColumnGroup>& groups) {
  std::vector<bool> used(schema.num_fields(), false);
  for (const auto& group : groups) {
    const std::string label = "group " + std::to_string(group.id);
    if (group.columns.empty()) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected at least one column for " + label + " but received none",
                       {group.path, ""});
    }
    for (const int column : group.columns) {
      if (column < 0 || column >= schema.num_fields()) {
        return MakeError(ErrorCode::kInvalidArgument,
                         "Expected column indices from 0 to " +
                             std::to_string(schema.num_fields() - 1) + " for " + label +
                             " but received " + std::to_string(column),
                         {group.path, ""});
      }
      if (used[column]) {
        return NotInOneGroup(*schema.field(column), "again in " + label, group.path);
      }
      used[column] = true;
    }
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused != used.end()) {
    const auto column = static_cast<int>(unused - used.begin());
    return NotInOneGroup(*schema.field(column), "in none", "");
  }
  return Status::OK();
}

Status CheckMetadata(const std::vector<std::pair<std::string, std::string>>& keys) {
  for (const auto& [key, value] : keys) {
    if (key == kGroupFieldIdListKey || key == kRowGroupMetadataKey || key == kStorageVersionKey ||
        key == "ARROW:schema" || key == kQuantizationKey) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected user metadata without reserved keys but received '" + key + "'");
    }
  }
  return Status::OK();
}

Status CheckOptions(const arrow::Schema& schema, const WriterOptions& options) {
  if (options.row_group_bytes < 1 ||
      options.row_group_bytes > std::numeric_limits<int64_t>::max() / 16) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected row group bytes of at least 1 but received " +
                         std::to_string(options.row_group_bytes));
  }
  if (options.buffer_bytes < 0) {
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected buffer bytes of at least 0 but received " + std::to_string(options.buffer_bytes));
  }
  if (options.concurrency < 0) {
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected a concurrency of at least 0 but received " + std::to_string(options.concurrency));
  }
  if (options.page_bytes < 0) {
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected page bytes of at least 0 but received " + std::to_string(options.page_bytes));
  }
  ARROW_RETURN_NOT_OK(CheckCodec(options.codec, "the writer"));
  if (options.vector_codec) {
    ARROW_RETURN_NOT_OK(CheckCodec(*options.vector_codec, "dense vectors"));
  }
  for (const auto& [name, column] : options.columns) {
    if (schema.GetFieldIndex(name) < 0) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected options for fields of the schema but received '" + name + "'",
                       {"", name});
    }
    if (column.codec) {
      ARROW_RETURN_NOT_OK(CheckCodec(*column.codec, "field '" + name + "'", name));
    }
    if (column.level) {
      const Codec codec{options.codec.type, column.level};
      ARROW_RETURN_NOT_OK(CheckCodec(codec, "field '" + name + "'", name));
    }
  }
  if (options.encryption) ARROW_RETURN_NOT_OK(CheckEncryption(*options.encryption));
  if (!options.quantization.empty()) {
    if (!options.quantize.empty()) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected vectors to quantize or columns that are codes but received both");
    }
    ARROW_RETURN_NOT_OK(ParseQuantization(options.quantization).status());
  }
  return CheckMetadata(options.user_metadata);
}

/// A fixed-size list of no elements comes back from Parquet as a null.
bool HasEmptyFixedSizeList(const arrow::DataType& type) {
  if (type.id() == arrow::Type::FIXED_SIZE_LIST &&
      arrow::internal::checked_cast<const arrow::FixedSizeListType&>(type).list_size() == 0) {
    return true;
  }
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasEmptyFixedSizeList(*field->type()); });
}

Status CheckStorable(const arrow::Field& declared, const std::shared_ptr<arrow::Field>& stored) {
  Status status;
  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  try {
    const auto schema = arrow::schema({stored});
    status =
        parquet::arrow::ToParquetSchema(schema.get(), *parquet::default_writer_properties(),
                                        *parquet::default_arrow_writer_properties(), &descriptor);
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  if (status.ok() && HasEmptyFixedSizeList(*stored->type())) {
    status = Status::Invalid("lists of size 0 would read back as nulls");
  }
  if (status.ok()) return status;
  return MakeError(ErrorCode::kUnsupportedType,
                   "Expected a type that Parquet can hold for field '" + declared.name() +
                       "' but received " + declared.type()->ToString() + ": " + status.message(),
                   {"", declared.name()});
}

Codec ChooseCodec(const ColumnOptions& column, const WriterOptions& options, bool dense_vector) {
  if (column.codec) return *column.codec;
  const Codec codec{options.codec.type, column.level ? column.level : options.codec.level};
  if (!dense_vector) return codec;
  if (options.vector_codec) {
    const auto& [type, level] = *options.vector_codec;
    return {type, level ? level : column.level};
  }
  if (options.layout != Layout::kMilvus) return codec;
  return options.compatibility == Compatibility::kMilvus2_6
             ? codec
             : Codec{arrow::Compression::UNCOMPRESSED, std::nullopt};
}

Result<ColumnPlan> PlanColumn(const arrow::Schema& schema, int index, int64_t field_id,
                              const WriterOptions& options) {
  const auto& declared = schema.field(index);
  const auto found = options.columns.find(declared->name());
  const ColumnOptions column = found == options.columns.end() ? ColumnOptions{} : found->second;
  const auto plain = declared->WithType(StoredType(declared->type()));
  ARROW_ASSIGN_OR_RAISE(auto vector, DenseVectorType(*plain, column.vector_dim));

  ColumnPlan plan;
  plan.index = index;
  plan.declared = declared;
  plan.dense_vector = vector != nullptr;
  plan.stored = arrow::field(
      declared->name(), plan.dense_vector ? vector : plain->type(), declared->nullable(),
      arrow::key_value_metadata({std::string(kFieldIdKey)}, {std::to_string(field_id)}));
  plan.codec = ChooseCodec(column, options, plan.dense_vector);
  plan.encoding = column.encoding.value_or(plan.dense_vector ? ColumnEncoding::kPlain
                                                             : ColumnEncoding::kDictionary);
  ARROW_RETURN_NOT_OK(CheckStorable(*declared, plan.stored));
  ARROW_RETURN_NOT_OK(CheckEncoding(column, options, plan));
  ARROW_RETURN_NOT_OK(PlanPages(column, options, &plan));
  return plan;
}

}  // namespace

int64_t ColumnPlan::vector_bytes() const {
  if (!dense_vector) return 0;
  return arrow::internal::checked_cast<const arrow::FixedSizeBinaryType&>(*stored->type())
      .byte_width();
}

bool GroupPlan::streams() const {
  return columns.size() == 1 && columns[0].own_pages && columns[0].dense_vector;
}

std::shared_ptr<arrow::Schema> GroupPlan::StoredSchema() const {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(column.stored);
  return arrow::schema(std::move(fields));
}

Result<WritePlan> MakeWritePlan(const std::shared_ptr<arrow::Schema>& schema,
                                const std::vector<ColumnGroup>& groups,
                                const WriterOptions& options) {
  if (schema == nullptr) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected a schema but received null");
  }
  ARROW_ASSIGN_OR_RAISE(const auto field_ids, FieldIdsOf(*schema));
  ARROW_RETURN_NOT_OK(CheckSchema(*schema, field_ids));
  if (groups.empty()) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected at least one column group but received none");
  }
  ARROW_RETURN_NOT_OK(CheckPaths(groups));
  ARROW_RETURN_NOT_OK(CheckColumns(*schema, groups));
  ARROW_RETURN_NOT_OK(CheckOptions(*schema, options));

  WritePlan plan{schema, {}, {}};
  for (const auto& group : groups) {
    ARROW_RETURN_NOT_OK(CheckMetadata(group.metadata));
    GroupPlan group_plan;
    group_plan.id = group.id;
    group_plan.path = group.path;
    group_plan.page_bytes = options.layout == Layout::kMilvus ? 0 : options.page_bytes;
    group_plan.metadata = group.metadata;
    std::vector<int64_t> group_ids;
    for (const int index : group.columns) {
      ARROW_ASSIGN_OR_RAISE(auto column, PlanColumn(*schema, index, field_ids[index], options));
      group_plan.columns.push_back(std::move(column));
      group_ids.push_back(field_ids[index]);
    }
    plan.groups.push_back(std::move(group_plan));
    plan.field_ids.push_back(std::move(group_ids));
  }
  PlanRowGroups(options, &plan.groups);
  return plan;
}

}  // namespace packed
