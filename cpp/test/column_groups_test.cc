// Column groups of several files, read through windows of rows.

#include <algorithm>

#include "column_groups_fixture.h"
#include "packed/row_access.h"
#include "packed/visibility.h"

namespace packed::test {
namespace {

TEST_F(ColumnGroups, AWindowLeavesOutWhatIsAroundIt) {
  const std::string path = Write({"id", "text"}, 0, 1000, {300, 300, 400});
  // What is before and behind the row group of the window cannot be decoded any more.
  const auto info = DescribeFile(*LocalStore(), path).ValueOrDie();
  std::string bytes = TempDir::Read(path);
  const int64_t end_of_first = 4 + info.row_groups[0].compressed_bytes;
  const int64_t end_of_second = end_of_first + info.row_groups[1].compressed_bytes;
  const int64_t end = end_of_second + info.row_groups[2].compressed_bytes;
  std::fill(bytes.begin() + 4, bytes.begin() + end_of_first, '\xff');
  std::fill(bytes.begin() + end_of_second, bytes.begin() + end, '\xff');
  TempDir::Write(path, bytes);
  for (const bool own : {true, false}) {
    ReaderOptions options;
    options.own_pages = own;
    const auto table = ReadGroups({{{}, {{path, 310, 599}}}}, options);
    ASSERT_TRUE(table.ok()) << table.status();
    ExpectRows(**table, {"id", "text"}, 310, 289);
    EXPECT_FALSE(ReadGroups({{{}, {{path, 299, 599}}}}, options).ok());
    EXPECT_FALSE(ReadGroups({{{}, {{path, 300, 601}}}}, options).ok());
  }
}

TEST_F(ColumnGroups, OneFileMayBeThereInSeveralWindows) {
  const std::string path = Write({"id"}, 0, 1000, {600, 400});
  for (const auto& store : {LocalStore(), std::static_pointer_cast<FileStore>(Requests())}) {
    const auto table =
        ReadGroups({{{}, {{path, 900, 1000}, {path, 0, 10}, {path, 590, 610}}}}, {}, store)
            .ValueOrDie();
    const auto ids = ColumnOf(*table, "id");
    EXPECT_TRUE(ids->Slice(0, 100)->Equals(Int64s(100, 900)));
    EXPECT_TRUE(ids->Slice(100, 10)->Equals(Int64s(10)));
    EXPECT_TRUE(ids->Slice(110)->Equals(Int64s(20, 590)));
  }
}

TEST_F(ColumnGroups, GroupsHaveEquallyManyRows) {
  const std::string ids = Write({"id"}, 0, 100);
  const std::string texts = Write({"text"}, 0, 90);
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{ids}}}, {{}, {{texts}}}}).status(),
                        ErrorCode::kFileCorrupted, {"100", "90", ids, texts}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{ids, 0, 90}}}, {{}, {{texts, 1, 90}}}}).status(),
                        ErrorCode::kFileCorrupted, {"90", "89", ids, texts}));
  ExpectRows(*ReadGroups({{{}, {{ids, 0, 90}}}, {{}, {{texts}}}}).ValueOrDie(), {"id", "text"}, 0,
             90);
}

TEST_F(ColumnGroups, WindowsLieWithinTheirFiles) {
  const std::string path = Write({"id"}, 0, 100);
  const auto code = ErrorCode::kInvalidArgument;
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 10, 10}}}}).status(), code, {path, "10"}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 11, 10}}}}).status(), code, {path, "11"}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, -1, 10}}}}).status(), code, {path, "-1"}));
  const auto corrupted = ErrorCode::kFileCorrupted;
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 0, 101}}}}).status(), corrupted, {path, "100"}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 101}}}}).status(), corrupted, {path, "100"}));
  const auto access =
      RowAccess::Open({{{}, {{path, 0, 50}, {path, 50, 150}}}}, {}, LocalStore()).ValueOrDie();
  EXPECT_TRUE(access->Take({49}).ok());
  EXPECT_TRUE(FailsWith(access->Take({50}).status(), corrupted, {path, "100"}));
}

TEST_F(ColumnGroups, FilesOfAGroupAgree) {
  const std::string first = Write({"id", "ts"}, 0, 10);
  const std::string other = dir_ / "other";
  WritePlain(other, TableOf({IdField(100, "id", arrow::utf8()), IdField(1, "ts", arrow::int64())},
                            {Strings(10), Int64s(10, 1010)}));
  const std::vector<FileGroup> groups{{{}, {{first}, {other}}}};
  EXPECT_TRUE(FailsWith(ReadGroups(groups).status(), ErrorCode::kTypeMismatch, {other, "id"}));
  ReaderOptions options;
  options.columns = {std::string("ts")};
  ExpectRows(*ReadGroups(groups, options).ValueOrDie(), {"ts"}, 0, 20);
  const std::string without = Write({"ts"}, 0, 10);
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{first}, {without}}}}).status(),
                        ErrorCode::kFileCorrupted, {without, "id"}));
  // The order of the columns is each file's own.
  const std::string turned = Write({"ts", "id"}, 10, 10);
  ExpectRows(*ReadGroups({{{}, {{first}, {turned}}}}).ValueOrDie(), {"id", "ts"}, 0, 20);
}

TEST_F(ColumnGroups, ListedColumnsAreThoseThatCount) {
  const std::string path = Write({"id", "ts"}, 0, 10);
  const auto table = ReadGroups({{{{"ts"}}, {{path}}}}).ValueOrDie();
  EXPECT_EQ(table->schema()->field_names(), std::vector<std::string>{"ts"});
  EXPECT_TRUE(FailsWith(ReadGroups({{{{"id", "gone"}}, {{path}}}}).status(),
                        ErrorCode::kFileCorrupted, {path, "gone"}));
  ReaderOptions options;
  options.schema = arrow::schema({FieldOf("id"), FieldOf("ts")});
  const auto nulls = ReadGroups({{{{"ts"}}, {{path}}}}, options).ValueOrDie();
  EXPECT_EQ(nulls->column(0)->null_count(), 10);
  EXPECT_TRUE(ColumnOf(*nulls, "ts")->Equals(Int64s(10, 1000)));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path}}}, {{}, {{Write({"ts"}, 0, 10)}}}}).status(),
                        ErrorCode::kInvalidArgument, {"ts"}));
}

TEST_F(ColumnGroups, NamesOrIdsMatch) {
  const std::string path = Write({"id", "ts"}, 0, 10);
  ReaderOptions options;
  // By id the file's "ts" is what the schema calls "id".
  options.schema = arrow::schema({IdField(1, "id", arrow::int64())});
  EXPECT_TRUE(ColumnOf(*ReadGroups({{{{"id", "ts"}}, {{path}}}}, options).ValueOrDie(), "id")
                  ->Equals(Int64s(10, 1000)));
  options.by_name = true;
  EXPECT_TRUE(ColumnOf(*ReadGroups({{{{"id", "ts"}}, {{path}}}}, options).ValueOrDie(), "id")
                  ->Equals(Int64s(10)));
  // A group that lists none of the names may still have a column of that id.
  options.by_name = false;
  options.schema = arrow::schema({IdField(100, "renamed", arrow::int64())});
  EXPECT_TRUE(ColumnOf(*ReadGroups({{{{"id"}}, {{path}}}}, options).ValueOrDie(), "renamed")
                  ->Equals(Int64s(10)));
}

TEST_F(ColumnGroups, WithoutFilesThereAreNoRows) {
  ReaderOptions options;
  EXPECT_TRUE(FailsWith(ReadGroups({}, options).status(), ErrorCode::kInvalidArgument));
  options.schema = arrow::schema({FieldOf("id")});
  EXPECT_EQ(ReadGroups({}, options).ValueOrDie()->num_rows(), 0);
  EXPECT_EQ(ReadGroups({{{{"id"}}, {}}}, options).ValueOrDie()->num_rows(), 0);
  EXPECT_TRUE(
      FailsWith(ReadGroups({{{}, {{Write({"id"}, 0, 10)}}}, {{{"text"}}, {}}}, options).status(),
                ErrorCode::kFileCorrupted, {"column group 1"}));
}

TEST_F(ColumnGroups, RowsAreHiddenAcrossFiles) {
  const auto filter = Visibility::Make(1015);
  ASSERT_TRUE(filter->AddDeletes(*Int64s(3, 8), *Int64s(3, 1012, 0)).ok());
  FileGroup keys{{{"id", "ts"}}, {{Write({"id", "ts"}, 0, 9), 2, 9}, {Write({"id", "ts"}, 9, 20)}}};
  FileGroup texts{{{"text"}}, {{Write({"text"}, 2, 27)}}};
  ReaderOptions options;
  options.columns = {std::string("text")};
  options.visible = VisibleRows{filter, 100, 1};
  auto reader = PackedReader::Open({keys, texts}, options, LocalStore()).ValueOrDie();
  EXPECT_EQ(reader->num_rows(), 27);
  EXPECT_EQ(reader->schema()->num_fields(), 1);
  arrow::RecordBatchVector batches;
  while (auto batch = reader->ReadNext().ValueOrDie()) batches.push_back(batch);
  const auto table = arrow::Table::FromRecordBatches(batches).ValueOrDie();
  // 8, 9, 10 are deleted, and what is later than 1015 is not there yet.
  const auto expected =
      arrow::Concatenate({Values("text", 2, 6), Values("text", 11, 5)}).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "text")->Equals(expected));
}

TEST_F(ColumnGroups, VisibleRowsAreFoundByTheSchemaWhereFilesHaveNoIds) {
  const std::string path = dir_ / "plain";
  WritePlain(path, TableOf({arrow::field("id", arrow::int64()), arrow::field("ts", arrow::int64())},
                           {Int64s(10), Int64s(10, 1000)}));
  ReaderOptions options;
  options.schema = arrow::schema({FieldOf("id"), FieldOf("ts")});
  options.columns = {std::string("id")};
  options.visible = VisibleRows{Visibility::Make(1004), 100, 1};
  auto reader = PackedReader::Open({{{{"id", "ts"}}, {{path}}}}, options, LocalStore());
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE((*reader)->ReadNext().ValueOrDie()->column(0)->Equals(Int64s(5)));
}

}  // namespace
}  // namespace packed::test
