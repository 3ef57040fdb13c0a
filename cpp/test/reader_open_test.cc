// What Open checks: keys, groups, totals, paths, layouts (format note 8.2, cases 20 to 39).

#include <numeric>

#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

class ReaderOpen : public ::testing::Test {
 protected:
  /// Groups {100, 102} and {101}, 3000 rows, row groups of different lengths.
  std::vector<std::string> TwoGroups() {
    WriteParquet(dir_ / "0", {.table = left_, .row_groups = {1000, 2000}, .groups = "100,102;101"});
    WriteParquet(
        dir_ / "1",
        {.table = right_, .row_groups = std::vector<int64_t>(100, 30), .groups = "100,102;101"});
    return {dir_ / "0", dir_ / "1"};
  }

  TempDir dir_;
  const std::shared_ptr<arrow::Table> left_ =
      TableOf({IdField(100, "id", arrow::int64()), IdField(102, "value", arrow::int64())},
              {Int64s(3000), Int64s(3000, 5, 2)});
  const std::shared_ptr<arrow::Table> right_ =
      TableOf({IdField(101, "name", arrow::utf8())}, {Strings(3000)});
};

TEST_F(ReaderOpen, Case21_GroupsAreJoinedByRow) {
  const auto table = ReadFiles(TwoGroups());
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->schema()->field_names(), (std::vector<std::string>{"id", "value", "name"}));
  EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(3000)));
  EXPECT_TRUE(ColumnOf(**table, "value")->Equals(*Int64s(3000, 5, 2)));
  EXPECT_TRUE(ColumnOf(**table, "name")->Equals(*Strings(3000)));
}

TEST_F(ReaderOpen, Case20_ManySmallRowGroups) {
  const auto path = dir_ / "many";
  WriteParquet(path,
               {.table = left_, .row_groups = std::vector<int64_t>(1000, 3), .groups = "100,102"});
  const auto table = ReadFiles({path});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(3000)));
}

TEST_F(ReaderOpen, Case22_SchemaEqualsTheReaders) {
  ReaderOptions options;
  options.schema = arrow::schema({left_->schema()->field(0), right_->schema()->field(0)});
  const auto reader = OpenReader(TwoGroups(), options);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE((*reader)->schema()->Equals(*options.schema, true));
  const auto batch = (*reader)->ReadNext();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_TRUE((*batch)->schema()->Equals(*options.schema, true));
  EXPECT_TRUE((*batch)->ValidateFull().ok());
}

TEST_F(ReaderOpen, Case26_RequiredFieldsThroughANullableSchema) {
  ReaderOptions options;
  options.schema = arrow::schema({IdField(100, "id", arrow::int64(), true)});
  const auto table = ReadFiles(TwoGroups(), options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->column(0)->null_count(), 0);
  EXPECT_TRUE((*table)->schema()->field(0)->nullable());
}

TEST_F(ReaderOpen, Case27_MissingFile) {
  const auto path = dir_ / "nowhere";
  const auto reader = OpenReader({path});
  EXPECT_TRUE(FailsWith(reader.status(), ErrorCode::kNotFound));
  EXPECT_EQ(DescribeError(reader.status()).context.path, path);
}

TEST_F(ReaderOpen, Case28_NoPathOrOnePathTwice) {
  EXPECT_TRUE(FailsWith(OpenReader({}).status(), ErrorCode::kInvalidArgument));
  const auto paths = TwoGroups();
  EXPECT_TRUE(
      FailsWith(OpenReader({paths[0], paths[0]}).status(), ErrorCode::kInvalidArgument, {"twice"}));
  const auto unstored = PackedReader::Open(paths, {}, nullptr);
  EXPECT_TRUE(FailsWith(unstored.status(), ErrorCode::kInvalidArgument));
}

TEST_F(ReaderOpen, Case30_EveryMissingKeyIsNamed) {
  const std::vector<std::string> keys{"group_field_id_list", "row_group_metadata",
                                      "storage_version"};
  const auto path = dir_ / "file";
  for (const auto& key : keys) {
    WriteParquet(path, {.table = left_, .groups = "100,102", .leave_out = {key}});
    EXPECT_TRUE(FailsWith(OpenReader({path}).status(), ErrorCode::kMetadataCorrupted,
                          {"without " + key, path}));
    ReaderOptions options;
    options.lenient = true;
    const auto table = ReadFiles({path}, options);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(3000)));
  }
  WriteParquet(path, {.table = left_, .leave_out = keys});
  EXPECT_TRUE(FailsWith(OpenReader({path}).status(), ErrorCode::kMetadataCorrupted, keys));
}

TEST_F(ReaderOpen, AnyStorageVersionIsAccepted) {
  const auto path = dir_ / "file";
  WriteParquet(
      path, {.table = left_, .groups = "100,102", .more_keys = {{"storage_version", "9.9 beta"}}});
  const auto reader = OpenReader({path});
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->files()[0].storage_version, "9.9 beta");
}

TEST_F(ReaderOpen, Case32And39_RowGroupsAreTheFooters) {
  const auto reader = OpenReader(TwoGroups());
  ASSERT_TRUE(reader.ok()) << reader.status();
  const auto& files = (*reader)->files();
  ASSERT_EQ(files.size(), 2u);
  for (const auto& file : files) {
    int64_t rows = 0;
    for (const auto& row_group : file.row_groups) {
      EXPECT_EQ(row_group.row_offset, rows);
      EXPECT_EQ(row_group.memory_bytes, 1000);
      rows += row_group.rows;
    }
    EXPECT_EQ(rows, 3000);
    EXPECT_EQ(file.rows, 3000);
  }
  EXPECT_EQ(files[0].row_groups.size(), 2u);
  EXPECT_EQ(files[1].row_groups.size(), 100u);
  EXPECT_EQ(files[0].group, 0);
  EXPECT_EQ(files[1].group, 1);
}

TEST_F(ReaderOpen, Case35_BudgetsOfEverySize) {
  const auto paths = TwoGroups();
  for (const int64_t buffer : {int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{1000}, INT64_MAX}) {
    ReaderOptions options;
    options.buffer_bytes = buffer;
    const auto table = ReadFiles(paths, options);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_TRUE(ColumnOf(**table, "name")->Equals(*Strings(3000))) << buffer;
  }
}

TEST_F(ReaderOpen, Case36_EndAndCloseAreRepeatable) {
  const auto reader = OpenReader(TwoGroups());
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_TRUE(ReadAll(**reader).ok());
  for (int i = 0; i < 3; ++i) {
    const auto batch = (*reader)->ReadNext();
    ASSERT_TRUE(batch.ok()) << batch.status();
    EXPECT_EQ(*batch, nullptr);
  }
  (*reader)->Close();
  (*reader)->Close();
  EXPECT_TRUE(FailsWith((*reader)->ReadNext().status(), ErrorCode::kClosed));
}

TEST_F(ReaderOpen, Case38_PackedKeysWithoutFieldIds) {
  const auto plain = TableOf(
      {arrow::field("id", arrow::int64(), false), arrow::field("value", arrow::int64(), false)},
      {Int64s(3000), Int64s(3000, 5, 2)});
  WriteParquet(dir_ / "0", {.table = plain, .groups = "100,102;101"});
  WriteParquet(dir_ / "1",
               {.table = TableOf({arrow::field("name", arrow::utf8(), false)}, {Strings(3000)}),
                .groups = "100,102;101"});
  const std::vector<std::string> paths{dir_ / "0", dir_ / "1"};
  EXPECT_TRUE(FailsWith(OpenReader(paths).status(), ErrorCode::kInvalidSchema, {paths[0]}));
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField(101, "n", arrow::utf8()), IdField(102, "v", arrow::int64())});
  const auto table = ReadFiles(paths, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "v")->Equals(*Int64s(3000, 5, 2)));
  EXPECT_TRUE(ColumnOf(**table, "n")->Equals(*Strings(3000)));
  EXPECT_TRUE(FailsWith(OpenReader({paths[1], paths[0]}, options).status(),
                        ErrorCode::kMetadataCorrupted, {"columns of group 0"}));
}

TEST_F(ReaderOpen, TwoFilesOfOneGroup) {
  const auto paths = TwoGroups();
  WriteParquet(dir_ / "2", {.table = right_, .groups = "100,102;101"});
  EXPECT_TRUE(FailsWith(OpenReader({paths[0], paths[1], dir_ / "2"}).status(),
                        ErrorCode::kMetadataCorrupted, {"group 1", paths[1], dir_ / "2"}));
}

TEST_F(ReaderOpen, FileThatIsNoGroupOfTheList) {
  WriteParquet(dir_ / "0", {.table = left_, .groups = "100;101"});
  EXPECT_TRUE(FailsWith(OpenReader({dir_ / "0"}).status(), ErrorCode::kMetadataCorrupted,
                        {"100;101", "100,102", dir_ / "0"}));
}

TEST_F(ReaderOpen, IdsOfAGroupInAnotherOrderAreMappedById) {
  WriteParquet(dir_ / "0", {.table = left_, .groups = "102,100"});
  const auto table = ReadFiles({dir_ / "0"});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(3000)));
}

TEST_F(ReaderOpen, FilesOfDifferentSetsAreRefused) {
  const auto paths = TwoGroups();
  WriteParquet(dir_ / "2", {.table = right_, .groups = "100;101"});
  EXPECT_TRUE(FailsWith(OpenReader({paths[0], dir_ / "2"}).status(), ErrorCode::kMetadataCorrupted,
                        {"100,102;101", "100;101"}));
  WriteParquet(dir_ / "2", {.table = right_, .groups = "100,102;abc"});
  EXPECT_TRUE(
      FailsWith(OpenReader({paths[0], dir_ / "2"}).status(), ErrorCode::kMetadataCorrupted));
}

TEST_F(ReaderOpen, LayoutOfEarly2025) {
  const std::string sizes("\x10\x27\0\0\0\0\0\0\x05\0\0\0\0\0\0\0", 16);
  const FileSpec left{.table = left_,
                      .row_groups = {1000, 2000},
                      .groups = "100,102;101",
                      .more_keys = {{"row_group_size", sizes}},
                      .leave_out = {"row_group_metadata", "storage_version"}};
  WriteParquet(dir_ / "0", left);
  WriteParquet(dir_ / "1", {.table = right_,
                            .row_groups = {3000},
                            .groups = "100,102;101",
                            .more_keys = {{"row_group_size", sizes.substr(0, 8)}},
                            .leave_out = {"row_group_metadata", "storage_version"}});
  const auto reader = OpenReader({dir_ / "1", dir_ / "0"});
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->files()[1].layout, FileLayout::kRowGroupSize);
  EXPECT_EQ((*reader)->files()[1].row_groups[0].memory_bytes, 10000);
  EXPECT_EQ((*reader)->files()[1].group, 0);
  const auto table = ReadAll(**reader);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "value")->Equals(*Int64s(3000, 5, 2)));
  FileSpec lie = left;
  lie.more_keys = {{"row_group_size", sizes.substr(0, 8)}};
  WriteParquet(dir_ / "0", lie);
  EXPECT_TRUE(FailsWith(OpenReader({dir_ / "1", dir_ / "0"}).status(),
                        ErrorCode::kMetadataCorrupted, {"row_group_size"}));
}

TEST_F(ReaderOpen, LayoutOf2024) {
  const std::string size("\x10\x27\0\0\0\0\0\0", 8);
  const auto older = [&](const std::shared_ptr<arrow::Table>& table) {
    return FileSpec{.table = table,
                    .more_keys = {{"column_offsets", "0,2;1"}, {"row_group_size", size}},
                    .leave_out = {"group_field_id_list", "row_group_metadata", "storage_version"}};
  };
  WriteParquet(dir_ / "0", older(TableOf({arrow::field("id", arrow::int64(), false),
                                          arrow::field("value", arrow::int64(), false)},
                                         {Int64s(3000), Int64s(3000, 5, 2)})));
  WriteParquet(dir_ / "1",
               older(TableOf({arrow::field("name", arrow::utf8(), false)}, {Strings(3000)})));
  ReaderOptions options;
  options.columns = {{std::string("name")}, {std::string("value")}};
  const auto reader = OpenReader({dir_ / "0", dir_ / "1"}, options);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->files()[1].layout, FileLayout::kColumnOffsets);
  EXPECT_EQ((*reader)->files()[1].group, 1);
  const auto table = ReadAll(**reader);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "value")->Equals(*Int64s(3000, 5, 2)));
  EXPECT_TRUE(ColumnOf(**table, "name")->Equals(*Strings(3000)));
  EXPECT_TRUE(FailsWith(OpenReader({dir_ / "1", dir_ / "0"}, options).status(),
                        ErrorCode::kMetadataCorrupted, {"columns of group 0"}));
}

TEST_F(ReaderOpen, PlainParquetInLenientMode) {
  const FileSpec left{
      .table = TableOf({arrow::field("id", arrow::int64())}, {Int64s(3000)}),
      .leave_out = {"group_field_id_list", "row_group_metadata", "storage_version"}};
  FileSpec right = left;
  right.table = TableOf({arrow::field("name", arrow::utf8())}, {Strings(3000)});
  right.row_groups = {100, 2900};
  WriteParquet(dir_ / "0", left);
  WriteParquet(dir_ / "1", right);
  ReaderOptions options;
  options.lenient = true;
  const auto table = ReadFiles({dir_ / "0", dir_ / "1"}, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(3000)));
  EXPECT_TRUE(ColumnOf(**table, "name")->Equals(*Strings(3000)));
  WriteParquet(dir_ / "2", left);
  EXPECT_TRUE(FailsWith(OpenReader({dir_ / "0", dir_ / "2"}, options).status(),
                        ErrorCode::kInvalidArgument, {"column id", dir_ / "0", dir_ / "2"}));
}

TEST_F(ReaderOpen, ZeroRows) {
  const auto empty = left_->Slice(0, 0);
  WriteParquet(dir_ / "0", {.table = empty, .groups = "100,102"});
  const auto reader = OpenReader({dir_ / "0"});
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->num_rows(), 0);
  const auto table = ReadAll(**reader);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), 0);
  EXPECT_EQ((*table)->num_columns(), 2);
}

}  // namespace
}  // namespace packed::test
