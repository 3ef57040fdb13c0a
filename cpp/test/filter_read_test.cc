// Readers with a filter: which row groups they read, which rows come out.

#include <algorithm>
#include <numeric>

#include "parquet/file_reader.h"
#include "parquet/metadata.h"

#include "column_groups_fixture.h"
#include "filter_support.h"
#include "packed/row_access.h"
#include "packed/row_group_reader.h"

namespace packed::test {
namespace {

using Numbers = std::vector<int64_t>;

Numbers Range(int64_t first, int64_t end) {
  Numbers numbers(end - first);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

Filter IdFrom(int64_t first, int64_t end) {
  return AllOf({Where("id", FilterOp::kGreaterEqual, first), Where("id", FilterOp::kLess, end)});
}

class FilterRead : public ColumnGroups {
 protected:
  /// Row groups of 100, 250 and 1000 rows.
  std::vector<std::string> WriteThree() {
    return {Write({"id"}, 0, 1000, Numbers(10, 100)), Write({"text"}, 0, 1000, Numbers(4, 250)),
            Write({"v"}, 0, 1000, {1000})};
  }

  static void ExpectRowsOf(const arrow::Table& table, const Numbers& rows) {
    ASSERT_EQ(table.num_rows(), static_cast<int64_t>(rows.size()));
    for (const auto& field : table.schema()->fields()) {
      const auto column = ColumnOf(table, field->name());
      const auto all = Values(field->name(), 0, 1000);
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto at = static_cast<int64_t>(i);
        ASSERT_TRUE(column->RangeEquals(*all, at, at + 1, rows[i])) << field->name() << rows[i];
      }
    }
  }
};

TEST_F(FilterRead, SkipsTheSameRowsInEveryFile) {
  const auto reader = OpenReader(WriteThree(), Filtered(IdFrom(420, 480))).ValueOrDie();
  EXPECT_EQ(reader->num_rows(), 1000);
  EXPECT_EQ(reader->filter_stats().row_groups_skipped, 9 + 3);
  EXPECT_EQ(reader->filter_stats().row_groups_read, 0);
  const auto table = ReadRest(*reader).ValueOrDie();
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"id", "text", "v"}));
  ExpectRowsOf(*table, Range(420, 480));
  const FilterStats stats = reader->filter_stats();
  EXPECT_EQ(stats.row_groups_read, 3);
  EXPECT_EQ(stats.rows_read, 100);
  EXPECT_EQ(stats.rows_skipped, 900);
  EXPECT_EQ(stats.rows_filtered, 40);
  reader->Close();
  EXPECT_EQ(reader->filter_stats().rows_filtered, 40);
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kClosed));
}

TEST_F(FilterRead, RowsOfOneRowGroupMayBeWantedInPieces) {
  const auto paths = WriteThree();
  const Filter filter = In("id", {int64_t{5}, int64_t{505}, int64_t{520}, int64_t{905}});
  for (const int64_t batch_rows : {8192, 7}) {
    for (const int64_t buffer_bytes : {0, 1}) {
      for (const bool own_pages : {true, false}) {
        ReaderOptions options = Filtered(filter, {std::string("v"), std::string("text")});
        options.batch_rows = batch_rows;
        options.buffer_bytes = buffer_bytes;
        options.own_pages = own_pages;
        options.mmap = own_pages && batch_rows == 7;
        const auto reader = OpenReader(paths, options).ValueOrDie();
        ExpectRowsOf(*ReadRest(*reader).ValueOrDie(), {5, 505, 520, 905});
        EXPECT_EQ(reader->filter_stats().row_groups_read, 3 + 3 + 1);
        EXPECT_EQ(reader->filter_stats().rows_read, 300);
      }
    }
  }
}

TEST_F(FilterRead, NothingIsReadWhereNothingIsWanted) {
  const auto reader = OpenReader(WriteThree(), Filtered(IdFrom(1000, 2000))).ValueOrDie();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(reader->ReadNext().ValueOrDie(), nullptr);
  EXPECT_EQ(reader->filter_stats().row_groups_skipped, 15);
  EXPECT_EQ(reader->filter_stats().row_groups_read, 0);
  EXPECT_EQ(reader->filter_stats().rows_skipped, 1000);
}

TEST_F(FilterRead, BatchesWithoutRowsAreNotHandedOut) {
  // Statistics cannot tell: every row group has such rows around it.
  const auto reader =
      OpenReader(WriteThree(), Filtered(Where("text", FilterOp::kEqual, std::string("0"))))
          .ValueOrDie();
  ExpectRowsOf(*ReadRest(*reader).ValueOrDie(), {0});
  EXPECT_EQ(reader->filter_stats().rows_read, reader->filter_stats().rows_filtered + 1);
}

TEST_F(FilterRead, WithoutAFilterWhatIsReadCounts) {
  const auto reader = OpenReader(WriteThree(), {.lenient = true}).ValueOrDie();
  EXPECT_EQ(ReadRest(*reader).ValueOrDie()->num_rows(), 1000);
  EXPECT_EQ(reader->filter_stats().row_groups_read, 15);
  EXPECT_EQ(reader->filter_stats().row_groups_skipped, 0);
  EXPECT_EQ(reader->filter_stats().rows_read, 1000);
}

/// First byte and the one behind the last of a row group.
std::pair<int64_t, int64_t> BytesOf(const parquet::FileMetaData& metadata, int row_group) {
  const auto chunk = metadata.RowGroup(row_group)->ColumnChunk(0);
  const int64_t first =
      chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : chunk->data_page_offset();
  return {first, first + chunk->total_compressed_size()};
}

TEST_F(FilterRead, NoByteOfASkippedRowGroupIsAskedFor) {
  constexpr int64_t kRows = 5 * 30000;
  const std::string ids = Write({"id"}, 0, kRows, Numbers(5, 30000));
  const std::string vectors = Write({"v"}, 0, kRows, Numbers(5, 30000));
  const auto store = Requests();
  const auto reader =
      PackedReader::Open({ids, vectors}, Filtered(IdFrom(70000, 70003)), store).ValueOrDie();
  store->Forget();
  EXPECT_EQ(NumbersOf(*ReadRest(*reader).ValueOrDie(), "id"), Range(70000, 70003));
  const auto metadata = parquet::ParquetFileReader::OpenFile(vectors)->metadata();
  const auto [first, end] = BytesOf(*metadata, 2);
  ASSERT_GT(end - first, 256 << 10);  // else the holes between requests would be read over
  int64_t bytes = 0;
  for (const auto& request : store->requests()) {
    if (request.path != vectors) continue;
    EXPECT_GE(request.offset, first);
    EXPECT_LE(request.offset + request.bytes, end);
    bytes += request.bytes;
  }
  EXPECT_EQ(bytes, end - first);
}

TEST_F(FilterRead, WindowsOfColumnGroupsArePruned) {
  std::vector<FileGroup> groups(2);
  groups[0].files = {{Write({"id"}, 0, 500, Numbers(5, 100)), 50, 450},
                     {Write({"id"}, 450, 550, Numbers(11, 50)), 0, -1}};
  for (int64_t first = 50; first < 1000; first += 25) {
    groups[1].files.push_back({Write({"text", "ts"}, first, 25), 0, 25});
  }
  const auto reader =
      PackedReader::Open(
          groups, Filtered(AnyOf({IdFrom(60, 61), IdFrom(930, 1000)}), {std::string("text")}),
          LocalStore())
          .ValueOrDie();
  ExpectRowsOf(*ReadRest(*reader).ValueOrDie(), [] {
    Numbers rows = Range(930, 1000);
    rows.insert(rows.begin(), 60);
    return rows;
  }());
  EXPECT_EQ(reader->num_rows(), 950);
  EXPECT_EQ(reader->filter_stats().rows_read, 50 + 100);
  EXPECT_EQ(reader->filter_stats().row_groups_read, 1 + 2 + 2 + 4);
  EXPECT_EQ(reader->filter_stats().row_groups_skipped, 4 + 9 + 38 - 6);
}

TEST_F(FilterRead, AMissingColumnIsItsDefaultOrNull) {
  const auto paths = WriteThree();
  const auto lang = IdField(900, "lang", arrow::utf8(), true);
  ReaderOptions options;
  options.lenient = true;
  options.columns = {std::string("id")};
  options.schema = arrow::schema({FieldOf("id"), lang});
  const auto read = [&](Filter filter) {
    options.filter = std::move(filter);
    const auto reader = OpenReader(paths, options).ValueOrDie();
    const auto rows = ReadRest(*reader).ValueOrDie()->num_rows();
    EXPECT_EQ(reader->filter_stats().row_groups_read, rows == 0 ? 0 : 10);
    return rows;
  };
  EXPECT_EQ(read(IsNull("lang")), 1000);
  EXPECT_EQ(read(Where("lang", FilterOp::kEqual, std::string("de"))), 0);
  options.defaults =
      arrow::RecordBatch::Make(arrow::schema({lang}), 1, {ArrayOf({"", arrow::utf8(), {"de"}})});
  EXPECT_EQ(read(Where("lang", FilterOp::kEqual, std::string("de"))), 1000);
  EXPECT_EQ(read(Where("lang", FilterOp::kNotEqual, std::string("de"))), 0);
  EXPECT_EQ(read(AllOf({IsNull("lang"), IdFrom(0, 1000)})), 0);
}

TEST_F(FilterRead, HoldsAmongVisibleRowsOnly) {
  const std::vector<std::string> paths{Write({"id", "text"}, 0, 1000, Numbers(10, 100)),
                                       Write({"ts", "v"}, 0, 1000, Numbers(5, 200))};
  ReaderOptions options = Filtered(IdFrom(200, 400), {std::string("v")});
  const auto visibility = Visibility::Make(1350);  // ts = 1000 + id
  ASSERT_TRUE(visibility->AddDeletes(*Int64s(2, 250), *Int64s(2, 1340, 0)).ok());
  options.visible = VisibleRows{visibility, 100, 1};
  const auto reader = OpenReader(paths, options).ValueOrDie();
  const auto table = ReadRest(*reader).ValueOrDie();
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"v"}));
  Numbers expected = Range(200, 351);
  std::erase_if(expected, [](int64_t row) { return row == 250 || row == 251; });
  ExpectRowsOf(*table, expected);
  EXPECT_EQ(visibility->hidden_rows(), 2 + 49);
  EXPECT_EQ(reader->filter_stats().rows_read, 200);
}

TEST_F(FilterRead, WithoutStatisticsEverythingIsRead) {
  const std::string path = dir_ / "bare";
  FileSpec spec{.table = TableOfRows({"id", "text"}, 0, 1000), .row_groups = Numbers(10, 100)};
  spec.groups = "100,101";
  spec.properties = parquet::WriterProperties::Builder().disable_statistics()->build();
  WriteParquet(path, spec);
  const auto reader = OpenReader({path}, Filtered(IdFrom(7, 9))).ValueOrDie();
  ExpectRowsOf(*ReadRest(*reader).ValueOrDie(), {7, 8});
  EXPECT_EQ(reader->filter_stats().row_groups_skipped, 0);
  EXPECT_EQ(reader->filter_stats().rows_read, 1000);
}

TEST_F(FilterRead, RowGroupsOfNullsAloneAreKnown) {
  CellColumn x{"x", arrow::int32(), {}};
  for (int64_t i = 0; i < 40; ++i) x.cells.push_back(i < 20 ? Cell() : Cell(i));
  WritePlain(dir_ / "nulls", TableOf({arrow::field("x", x.type)}, {ArrayOf(x)}), {10, 10, 10, 10});
  const auto skipped = [&](Filter filter, int64_t rows) {
    const auto reader = OpenReader({dir_ / "nulls"}, Filtered(std::move(filter))).ValueOrDie();
    EXPECT_EQ(ReadRest(*reader).ValueOrDie()->num_rows(), rows);
    return reader->filter_stats().row_groups_skipped;
  };
  EXPECT_EQ(skipped(IsNull("x"), 20), 2);
  EXPECT_EQ(skipped(NoneOf(IsNull("x")), 20), 2);
  EXPECT_EQ(skipped(NoneOf(Where("x", FilterOp::kEqual, int64_t{35})), 19), 2);
  EXPECT_EQ(skipped(Where("x", FilterOp::kEqual, int64_t{35}), 1), 3);
  EXPECT_EQ(skipped(In("x", {}), 0), 4);
}

TEST_F(FilterRead, AConvertedColumnIsJudgedAsItComesOut) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto times = Int64s(1000, 0, 1000)->View(micros).ValueOrDie();
  WritePlain(dir_ / "times", TableOf({arrow::field("t", micros)}, {times}), Numbers(10, 100));
  const auto read = [&](std::shared_ptr<arrow::DataType> type, int64_t value) {
    ReaderOptions options = Filtered(Where("t", FilterOp::kGreaterEqual, value));
    options.schema = arrow::schema({arrow::field("t", std::move(type))});
    const auto reader = OpenReader({dir_ / "times"}, options).ValueOrDie();
    EXPECT_EQ(ReadRest(*reader).ValueOrDie()->num_rows(), 50);
    return reader->filter_stats().row_groups_skipped;
  };
  EXPECT_EQ(read(micros, 950000), 9);
  EXPECT_EQ(read(arrow::timestamp(arrow::TimeUnit::MILLI), 950), 0);
}

TEST_F(FilterRead, IsRefusedWhereRowsAreTakenByPosition) {
  const auto paths = WriteThree();
  const ReaderOptions options = Filtered(IdFrom(0, 1));
  EXPECT_TRUE(FailsWith(RowAccess::Open(paths, options, LocalStore()).status(),
                        ErrorCode::kNotSupported, {"filter"}));
  EXPECT_TRUE(FailsWith(RowGroupReader::Open(paths[0], options, LocalStore()).status(),
                        ErrorCode::kNotSupported, {"filter"}));
}

TEST_F(FilterRead, WhatDoesNotFitIsNamedAtTheOpening) {
  const auto paths = WriteThree();
  const auto open = [&](Filter filter) {
    return OpenReader(paths, Filtered(std::move(filter), {std::string("id")})).status();
  };
  EXPECT_TRUE(FailsWith(open(Where("price", FilterOp::kEqual, int64_t{1})),
                        ErrorCode::kInvalidArgument, {"price"}));
  EXPECT_TRUE(FailsWith(open(Where("id", FilterOp::kEqual, std::string("1"))),
                        ErrorCode::kTypeMismatch, {"id (int64)"}));
  EXPECT_TRUE(FailsWith(open(Where("v", FilterOp::kEqual, std::string("1"))),
                        ErrorCode::kTypeMismatch, {"v (fixed_size_binary[16])"}));
  EXPECT_TRUE(open(NoneOf(IsNull("v"))).ok());
  EXPECT_TRUE(FailsWith(open(AnyOf({})), ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace packed::test
