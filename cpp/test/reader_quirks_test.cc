// One test per quirk of the real readers (format note, section 10) that must not be ours.

#include "packed/format.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kBuffers[] = {1, 3000, 64 << 10, 16 << 20};

/// Three groups whose row groups end at different rows: ids 100, 101, 102 and names a, b, c.
/// Column i holds row * 10 + i.
class ReaderQuirks : public ::testing::Test {
 protected:
  static constexpr int64_t kRows = 5000;

  std::string WriteGroup(const std::string& name, int column, std::vector<int64_t> row_groups) {
    const auto path = dir_ / name;
    WriteParquet(path, {.table = TableOf({IdField(100 + column, Name(column), arrow::int64())},
                                         {Int64s(Sum(row_groups), column, 10)}),
                        .row_groups = std::move(row_groups),
                        .groups = "100;101;102"});
    return path;
  }

  std::vector<std::string> ThreeFiles(const std::vector<std::string>& names) {
    return {WriteGroup(names[0], 0, Uneven(3)), WriteGroup(names[1], 1, Uneven(700)),
            WriteGroup(names[2], 2, {kRows})};
  }

  static std::string Name(int column) { return std::string(1, static_cast<char>('a' + column)); }

  static int64_t Sum(const std::vector<int64_t>& sizes) {
    int64_t sum = 0;
    for (const int64_t size : sizes) sum += size;
    return sum;
  }

  /// Row groups of first, first + 1, ... rows.
  static std::vector<int64_t> Uneven(int64_t first) {
    std::vector<int64_t> sizes;
    for (int64_t left = kRows; left > 0; left -= sizes.back(), ++first) {
      sizes.push_back(std::min(first, left));
    }
    return sizes;
  }

  static void ExpectColumn(const arrow::Table& table, int column) {
    const auto array = ColumnOf(table, Name(column));
    EXPECT_TRUE(array->Equals(*Int64s(kRows, column, 10))) << Name(column);
  }

  TempDir dir_;
};

TEST_F(ReaderQuirks, Quirk1_UnequalRowsAreAnErrorAtOpenInEveryOrder) {
  const auto longer = WriteGroup("long", 0, {10, 10});
  const auto shorter = WriteGroup("short", 1, {10});
  const auto third = WriteGroup("third", 2, {20});
  for (const auto& paths :
       {std::vector{longer, shorter, third}, std::vector{shorter, longer, third},
        std::vector{third, longer, shorter}}) {
    EXPECT_TRUE(
        FailsWith(OpenReader(paths).status(), ErrorCode::kFileCorrupted, {shorter, "20", "10"}));
  }
}

TEST_F(ReaderQuirks, Quirk2_SomeGroupsOfThreeStayAligned) {
  const auto paths = ThreeFiles({"1", "2", "3"});
  for (const int64_t buffer : kBuffers) {
    for (const auto& wanted : {std::vector{1, 2}, std::vector{0, 2}, std::vector{2, 0},
                               std::vector{2, 1, 0}, std::vector{1}}) {
      ReaderOptions options;
      options.buffer_bytes = buffer;
      options.columns.emplace();
      for (const int column : wanted) options.columns->push_back(Name(column));
      const auto table = ReadFiles(paths, options);
      ASSERT_TRUE(table.ok()) << table.status();
      ASSERT_EQ((*table)->num_columns(), static_cast<int>(wanted.size()));
      for (const int column : wanted) ExpectColumn(**table, column);
    }
  }
}

TEST_F(ReaderQuirks, Quirk2_PathsOutOfLexicographicOrderStayAligned) {
  const auto paths = ThreeFiles({"z", "y", "x"});
  for (const int64_t buffer : kBuffers) {
    ReaderOptions options;
    options.buffer_bytes = buffer;
    const auto table = ReadFiles(paths, options);
    ASSERT_TRUE(table.ok()) << table.status();
    for (int column = 0; column < 3; ++column) ExpectColumn(**table, column);
  }
}

TEST_F(ReaderQuirks, Quirk2_SwappedPathsFollowTheFieldIds) {
  const auto paths = ThreeFiles({"0", "1", "2"});
  const auto table = ReadFiles({paths[2], paths[0], paths[1]});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->schema()->field_names(), (std::vector<std::string>{"c", "a", "b"}));
  for (int column = 0; column < 3; ++column) ExpectColumn(**table, column);
}

TEST_F(ReaderQuirks, Quirk2_SubsetOfThePathsReadsOrNamesTheMissingGroup) {
  const auto paths = ThreeFiles({"0", "1", "2"});
  const auto table = ReadFiles({paths[1]});
  ASSERT_TRUE(table.ok()) << table.status();
  ExpectColumn(**table, 1);
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField(101, "b", arrow::int64()), IdField(102, "c", arrow::int64())});
  EXPECT_TRUE(FailsWith(OpenReader({paths[1]}, options).status(), ErrorCode::kInvalidArgument,
                        {"group 2", "field c", "102"}));
  ReaderOptions by_id;
  by_id.columns = {{int64_t{100}}};
  EXPECT_TRUE(FailsWith(OpenReader({paths[1]}, by_id).status(), ErrorCode::kInvalidArgument,
                        {"group 0", "100"}));
}

TEST_F(ReaderQuirks, Quirk3_ReorderedAndPartialSchemasGetTheirOwnColumns) {
  const auto path = dir_ / "file";
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < 4; ++i) {
    fields.push_back(IdField(100 + i, Name(i), arrow::int64()));
    columns.push_back(Int64s(kRows, i, 10));
  }
  WriteParquet(path, {.table = TableOf(fields, columns), .groups = "100,101,102,103"});
  for (const auto& order : {std::vector{1, 0}, std::vector{3}, std::vector{2, 3},
                            std::vector{3, 2, 1, 0}, std::vector{0, 3, 1}}) {
    ReaderOptions options;
    arrow::FieldVector wanted;
    for (const int column : order) wanted.push_back(fields[column]);
    options.schema = arrow::schema(wanted);
    const auto table = ReadFiles({path}, options);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_TRUE((*table)->schema()->Equals(*options.schema, /*check_metadata=*/true));
    for (const int column : order) ExpectColumn(**table, column);
  }
}

TEST_F(ReaderQuirks, Quirk3_IdsOfOtherGroupsAreNotTakenFromThisFile) {
  const auto paths = ThreeFiles({"0", "1", "2"});
  ReaderOptions options;  // id 102 by its name in group 0: the id decides
  options.schema = arrow::schema({IdField(102, "a", arrow::int64())});
  const auto table = ReadFiles(paths, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "a")->Equals(*Int64s(kRows, 2, 10)));
}

TEST_F(ReaderQuirks, Quirk4_StructColumnsDoNotShiftPositions) {
  const auto path = dir_ / "nested";
  const auto pair = arrow::StructArray::Make({Int64s(kRows, 7), Strings(kRows)},
                                             std::vector<std::string>{"x", "y"})
                        .ValueOrDie();
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  for (int64_t i = 0; i < kRows; ++i) {
    ASSERT_TRUE(lists.Append().ok());
    for (int64_t j = 0; j < i % 3; ++j) {
      ASSERT_TRUE(static_cast<arrow::Int64Builder*>(lists.value_builder())->Append(i + j).ok());
    }
  }
  const auto list = lists.Finish().ValueOrDie();
  const auto table = TableOf({IdField(100, "pair", pair->type()), IdField(101, "b", arrow::int64()),
                              IdField(102, "list", list->type()), IdField(103, "d", arrow::utf8())},
                             {pair, Int64s(kRows, 1, 10), list, Strings(kRows, "d")});
  WriteParquet(path, {.table = table, .row_groups = Uneven(900), .groups = "100,101,102,103"});
  for (const int64_t buffer : kBuffers) {
    for (const auto& names : {std::vector<std::string>{"b"}, {"d", "b"}, {"list"}, {"d", "pair"}}) {
      ReaderOptions options;
      options.buffer_bytes = buffer;
      options.columns.emplace();
      for (const auto& name : names) options.columns->push_back(name);
      const auto read = ReadFiles({path}, options);
      ASSERT_TRUE(read.ok()) << read.status();
      for (const auto& name : names) {
        EXPECT_TRUE(ColumnOf(**read, name)->Equals(*ColumnOf(*table, name))) << name;
      }
    }
  }
}

TEST_F(ReaderQuirks, Quirk5_AnotherTypeIsAnErrorThatNamesBoth) {
  const auto paths = ThreeFiles({"0", "1", "2"});
  for (const auto& type :
       {arrow::utf8(), arrow::int32(), arrow::float64(), arrow::fixed_size_binary(8)}) {
    ReaderOptions options;
    options.schema = arrow::schema({IdField(100, "a", type)});
    EXPECT_TRUE(FailsWith(OpenReader(paths, options).status(), ErrorCode::kTypeMismatch,
                          {"field a", "int64", type->ToString()}));
  }
}

TEST_F(ReaderQuirks, Quirk10_UncompressedFilesAreReadAsTheyAre) {
  const auto path = dir_ / "plain";
  for (const auto codec :
       {arrow::Compression::UNCOMPRESSED, arrow::Compression::SNAPPY, arrow::Compression::GZIP,
        arrow::Compression::LZ4, arrow::Compression::BROTLI, arrow::Compression::ZSTD}) {
    WriteParquet(path,
                 {.table = TableOf({IdField(100, "a", arrow::int64())}, {Int64s(kRows, 0, 10)}),
                  .groups = "100",
                  .properties = parquet::WriterProperties::Builder().compression(codec)->build()});
    const auto table = ReadFiles({path});
    ASSERT_TRUE(table.ok()) << table.status();
    ExpectColumn(**table, 0);
    const auto info = DescribeFile(*LocalStore(), path);
    ASSERT_TRUE(info.ok()) << info.status();
    const bool stored = codec == arrow::Compression::UNCOMPRESSED;
    EXPECT_EQ(info->chunks[0].codec == "UNCOMPRESSED", stored) << info->chunks[0].codec;
  }
}

TEST_F(ReaderQuirks, Quirk14_LyingFootersAreErrorsInReleaseBuildsToo) {
  const auto path = dir_ / "file";
  const FileSpec truth{.table = TableOf({IdField(100, "a", arrow::int64())}, {Int64s(1000)}),
                       .row_groups = {250, 250, 250, 250},
                       .groups = "100"};
  const std::pair<const char*, const char*> lies[] = {
      {"1000|250|0", "4 for the records"},
      {"1|250|0;1|250|250;1|250|500;1|251|750", "251"},
      {"1|250|0;1|250|250;1|250|501;1|250|750", "501"},
      {"1|250|0;1|250|250;1|250|500;1|250|750;1|1|1000", "received 5"},
      {"", "received 0"},
      {"1|250|0;garbage", ""},
      {"1|250|0|7;1|250|250;1|250|500;1|250|750", ""},
      {"1|-250|0;1|250|250;1|250|500;1|250|750", ""}};
  for (const auto& [records, part] : lies) {
    FileSpec spec = truth;
    spec.row_group_metadata = records;
    WriteParquet(path, spec);
    EXPECT_TRUE(FailsWith(OpenReader({path}).status(), ErrorCode::kMetadataCorrupted, {part}))
        << records;
  }
  WriteParquet(path, truth);
  EXPECT_TRUE(ReadFiles({path}).ok());
}

TEST_F(ReaderQuirks, Quirk16_FooterBytesAreThoseOfTheFile) {
  const auto path = WriteGroup("file", 0, {100});
  const auto info = DescribeFile(*LocalStore(), path);
  ASSERT_TRUE(info.ok()) << info.status();
  const auto bytes = TempDir::Read(path);
  uint32_t length = 0;
  for (int i = 0; i < 4; ++i) {
    length |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[bytes.size() - 8 + i])) << (8 * i);
  }
  EXPECT_EQ(info->footer_bytes, static_cast<int64_t>(length) + 8);
  EXPECT_EQ(info->file_bytes, static_cast<int64_t>(bytes.size()));
}

}  // namespace
}  // namespace packed::test
