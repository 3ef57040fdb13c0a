#include "column_groups_fixture.h"

#include <map>
#include <utility>

namespace packed::test {

std::shared_ptr<arrow::Array> Values(const std::string& name, int64_t first, int64_t rows) {
  if (name == "id") return Int64s(rows, first);
  if (name == "ts") return Int64s(rows, 1000 + first);
  if (name == "text") {
    arrow::StringBuilder builder;
    for (int64_t i = first; i < first + rows; ++i) {
      const bool null = i % 11 == 5;
      EXPECT_TRUE((null ? builder.AppendNull()
                        : builder.Append(std::string(i % 17, 'x') + std::to_string(i)))
                      .ok());
    }
    return builder.Finish().ValueOrDie();
  }
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  for (int64_t i = first; i < first + rows; ++i) {
    const std::string text = std::to_string(i) + "vector-of-a-row";
    EXPECT_TRUE(builder.Append(text.substr(0, 16)).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Field> FieldOf(const std::string& name) {
  static const std::map<std::string, std::pair<int64_t, std::shared_ptr<arrow::DataType>>> all{
      {"id", {100, arrow::int64()}},
      {"ts", {1, arrow::int64()}},
      {"text", {101, arrow::utf8()}},
      {"v", {102, arrow::fixed_size_binary(16)}}};
  const auto& [id, type] = all.at(name);
  return IdField(id, name, type, name == "text");
}

std::shared_ptr<arrow::Table> TableOfRows(const std::vector<std::string>& names, int64_t first,
                                          int64_t rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& name : names) {
    fields.push_back(FieldOf(name));
    columns.push_back(Values(name, first, rows));
  }
  return TableOf(std::move(fields), std::move(columns));
}

void WritePlain(const std::string& path, std::shared_ptr<arrow::Table> table,
                std::vector<int64_t> row_groups) {
  FileSpec spec;
  spec.table = std::move(table);
  spec.row_groups = std::move(row_groups);
  spec.leave_out = {"group_field_id_list", "row_group_metadata", "storage_version"};
  WriteParquet(path, spec);
}

std::string ColumnGroups::Write(const std::vector<std::string>& names, int64_t first, int64_t rows,
                                std::vector<int64_t> row_groups) {
  const std::string path = dir_ / std::to_string(files_++);
  WritePlain(path, TableOfRows(names, first, rows), std::move(row_groups));
  return path;
}

arrow::Result<std::shared_ptr<arrow::Table>> ColumnGroups::ReadGroups(
    std::vector<FileGroup> groups, ReaderOptions options, const std::shared_ptr<FileStore>& store) {
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        PackedReader::Open(std::move(groups), std::move(options), store));
  return ReadAll(*reader);
}

void ColumnGroups::ExpectRows(const arrow::Table& table, const std::vector<std::string>& names,
                              int64_t first, int64_t rows) {
  ASSERT_EQ(table.num_rows(), rows);
  const auto expected = TableOfRows(names, first, rows);
  for (const auto& name : names) {
    EXPECT_TRUE(ColumnOf(table, name)->Equals(ColumnOf(*expected, name))) << name;
  }
}

}  // namespace packed::test
