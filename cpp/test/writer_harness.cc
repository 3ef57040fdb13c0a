#include "writer_harness.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "arrow/array.h"
#include "arrow/array/concatenate.h"
#include "arrow/io/file.h"
#include "arrow/json/from_string.h"
#include "arrow/util/key_value_metadata.h"
#include "parquet/arrow/reader.h"
#include "parquet/file_reader.h"

namespace packed::testing {
namespace fs = std::filesystem;

ScratchDir::ScratchDir() {
  std::string pattern = (fs::temp_directory_path() / "packed-test-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::vector<std::string> ScratchDir::Entries() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    names.push_back(entry.path().lexically_relative(path_).string());
  }
  return names;
}

std::string StoredFile::Key(const std::string& key) const {
  return metadata->key_value_metadata()->Get(key).ValueOr("(no " + key + ")");
}

std::vector<int64_t> StoredFile::RowGroupRows() const {
  std::vector<int64_t> rows(metadata->num_row_groups());
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = metadata->RowGroup(static_cast<int>(i))->num_rows();
  }
  return rows;
}

StoredFile ReadBack(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  auto table = reader->ReadTable();
  EXPECT_TRUE(table.ok()) << table.status();
  return {reader->parquet_reader()->metadata(), table.ValueOr(nullptr)};
}

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::shared_ptr<arrow::Field> IdField(const std::string& name,
                                      std::shared_ptr<arrow::DataType> type, int64_t id,
                                      bool nullable) {
  return arrow::field(name, std::move(type), nullable,
                      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type,
                                   const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const std::shared_ptr<arrow::Schema>& schema,
                                            arrow::ArrayVector columns) {
  const int64_t rows = columns.front()->length();
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

std::shared_ptr<FileStore> LocalStore() { return FileStore::Make({}).ValueOrDie(); }

std::vector<ColumnGroup> GroupsOf(const ScratchDir& dir,
                                  const std::vector<std::vector<int>>& columns) {
  std::vector<ColumnGroup> groups(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    groups[i] = {static_cast<int64_t>(i), dir.File(std::to_string(i)), columns[i]};
  }
  return groups;
}

ErrorCode CodeOf(const arrow::Status& status) { return DescribeError(status).code; }

std::vector<GroupResult> WriteAll(const std::shared_ptr<arrow::Schema>& schema,
                                  const std::vector<ColumnGroup>& groups,
                                  const arrow::RecordBatchVector& batches,
                                  const WriterOptions& options) {
  auto writer = PackedWriter::Open(schema, groups, options, LocalStore());
  EXPECT_TRUE(writer.ok()) << writer.status();
  if (!writer.ok()) return {};
  for (const auto& batch : batches) {
    const auto status = (*writer)->Write(batch);
    EXPECT_TRUE(status.ok()) << status;
  }
  auto results = (*writer)->Finish();
  EXPECT_TRUE(results.ok()) << results.status();
  return std::move(results).ValueOr(std::vector<GroupResult>{});
}

std::shared_ptr<arrow::Array> RoundTrip(const std::shared_ptr<arrow::Array>& column,
                                        const ColumnOptions& options) {
  ScratchDir dir;
  const auto schema = arrow::schema({IdField("c", column->type(), 7)});
  WriterOptions writer_options;
  writer_options.columns["c"] = options;
  WriteAll(schema, GroupsOf(dir, {{0}}), {BatchOf(schema, {column})}, writer_options);
  const auto chunks = ReadBack(dir.File("0")).table->column(0)->chunks();
  return chunks.size() == 1 ? chunks[0] : arrow::Concatenate(chunks).ValueOrDie();
}

}  // namespace packed::testing
