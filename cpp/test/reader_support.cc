#include "reader_support.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "arrow/io/file.h"
#include "arrow/util/logging.h"
#include "parquet/arrow/writer.h"

#include "packed/format.h"
#include "range_store.h"
#include "sha256.h"

namespace packed::test {
namespace {

template <typename Integer>
void UpdateInteger(Sha256* sha, Integer value) {
  uint8_t bytes[sizeof(Integer)];
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
  }
  sha->Update(bytes, sizeof(bytes));
}

void UpdateValue(Sha256* sha, const arrow::Array& array, int64_t row) {
  const auto id = array.type_id();
  if (id == arrow::Type::BOOL) {
    const uint8_t value = static_cast<const arrow::BooleanArray&>(array).Value(row);
    sha->Update(&value, 1);
  } else if (id == arrow::Type::STRING || id == arrow::Type::BINARY) {
    const auto value = static_cast<const arrow::BinaryArray&>(array).GetView(row);
    UpdateInteger(sha, static_cast<uint32_t>(value.size()));
    sha->Update(value.data(), value.size());
  } else {
    const int width = static_cast<const arrow::FixedWidthType&>(*array.type()).bit_width() / 8;
    const uint8_t* values = array.data()->buffers[1]->data();
    sha->Update(values + (array.offset() + row) * width, width);
  }
}

bool Written(const FileSpec& spec, const std::string& key) {
  return std::find(spec.leave_out.begin(), spec.leave_out.end(), key) == spec.leave_out.end();
}

}  // namespace

void WriteParquet(const std::string& path, const FileSpec& spec) {
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  parquet::ArrowWriterProperties::Builder arrow_properties;
  if (spec.store_schema) arrow_properties.store_schema();
  auto properties = spec.properties ? spec.properties : parquet::default_writer_properties();
  auto writer =
      parquet::arrow::FileWriter::Open(*spec.table->schema(), arrow::default_memory_pool(), sink,
                                       properties, arrow_properties.build())
          .ValueOrDie();
  auto sizes = spec.row_groups;
  if (sizes.empty() && spec.table->num_rows() > 0) sizes = {spec.table->num_rows()};
  int64_t offset = 0;
  std::vector<RowGroupRecord> records;
  for (const int64_t rows : sizes) {
    ARROW_CHECK_OK(
        writer->WriteTable(*spec.table->Slice(offset, rows), std::max<int64_t>(rows, 1)));
    records.push_back({1000, rows, offset});
    offset += rows;
  }
  std::vector<std::string> keys;
  std::vector<std::string> values;
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!Written(spec, key)) return;
    keys.push_back(key);
    values.push_back(value);
  };
  add("group_field_id_list", spec.groups);
  for (const auto& [key, value] : spec.more_keys) add(key, value);
  add("row_group_metadata", spec.row_group_metadata.value_or(SerializeRowGroupRecords(records)));
  add("storage_version", "1.0.0");
  ARROW_CHECK_OK(writer->AddKeyValueMetadata(arrow::key_value_metadata(keys, values)));
  ARROW_CHECK_OK(writer->Close());
  ARROW_CHECK_OK(sink->Close());
}

std::shared_ptr<arrow::Field> IdField(int64_t id, const std::string& name,
                                      std::shared_ptr<arrow::DataType> type, bool nullable) {
  return arrow::field(name, std::move(type), nullable,
                      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

std::shared_ptr<arrow::Array> Int64s(int64_t rows, int64_t first, int64_t step) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < rows; ++i) ARROW_CHECK_OK(builder.Append(first + i * step));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Strings(int64_t rows, const std::string& prefix) {
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < rows; ++i) ARROW_CHECK_OK(builder.Append(prefix + std::to_string(i)));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Longs(const std::vector<int64_t>& values) {
  arrow::Int64Builder builder;
  ARROW_CHECK_OK(builder.AppendValues(values));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  ARROW_CHECK_OK(builder.AppendValues(values));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Table> TableOf(arrow::FieldVector fields, arrow::ArrayVector columns) {
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns));
}

std::shared_ptr<FileStore> LocalStore() {
  static const std::shared_ptr<FileStore> store =
      std::getenv(kRangeStoreVariable) != nullptr ? std::make_shared<RangeStore>()
                                                  : FileStore::Make(StorageConfig{}).ValueOrDie();
  return store;
}

arrow::Result<std::unique_ptr<PackedReader>> OpenReader(std::vector<std::string> paths,
                                                        ReaderOptions options) {
  return PackedReader::Open(std::move(paths), std::move(options), LocalStore());
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadRest(BatchSource& source) {
  arrow::RecordBatchVector batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, source.ReadNext());
    if (!batch) break;
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    if (batch->num_rows() == 0) return arrow::Status::Invalid("a batch has no rows");
    batches.push_back(batch);
  }
  return arrow::Table::FromRecordBatches(source.schema(), batches);
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadAll(PackedReader& reader) {
  ARROW_ASSIGN_OR_RAISE(auto table, ReadRest(reader));
  ARROW_ASSIGN_OR_RAISE(const auto again, reader.ReadNext());
  if (again) return arrow::Status::Invalid("rows after the end");
  if (table->num_rows() != reader.num_rows()) return arrow::Status::Invalid("rows are missing");
  return table;
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadFiles(std::vector<std::string> paths,
                                                       ReaderOptions options) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenReader(std::move(paths), std::move(options)));
  return ReadAll(*reader);
}

std::shared_ptr<arrow::Array> ColumnOf(const arrow::Table& table, const std::string& name) {
  const auto column = table.GetColumnByName(name);
  if (!column) throw std::runtime_error("no column " + name);
  if (column->num_chunks() == 0) return arrow::MakeEmptyArray(column->type()).ValueOrDie();
  return arrow::Concatenate(column->chunks()).ValueOrDie();
}

std::string CanonicalChecksum(const arrow::ChunkedArray& column) {
  Sha256 sha;
  for (const auto& chunk : column.chunks()) {
    for (int64_t row = 0; row < chunk->length(); ++row) {
      const uint8_t present = chunk->IsNull(row) ? 0 : 1;
      sha.Update(&present, 1);
      if (present) UpdateValue(&sha, *chunk, row);
    }
  }
  return sha.HexDigest();
}

::testing::AssertionResult FailsWith(const arrow::Status& status, ErrorCode code,
                                     const std::vector<std::string>& parts) {
  const ErrorInfo info = DescribeError(status);
  if (info.code != code) {
    return ::testing::AssertionFailure() << "code " << LookupError(info.code).name << " instead of "
                                         << LookupError(code).name << ": " << status.ToString();
  }
  for (const auto& part : parts) {
    if (info.message.find(part) == std::string::npos) {
      return ::testing::AssertionFailure() << "no \"" << part << "\" in: " << info.message;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace packed::test
