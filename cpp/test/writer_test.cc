#include "packed/writer.h"

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/scalar.h"
#include "arrow/util/key_value_metadata.h"
#include "gtest/gtest.h"

#include "fixture_data.h"
#include "packed/format.h"
#include "writer_harness.h"

namespace packed::testing {
namespace {

std::shared_ptr<arrow::Schema> TwoFields() {
  return arrow::schema(
      {IdField("id", arrow::int64(), 100, false), IdField("text", arrow::utf8(), 101)});
}

std::shared_ptr<arrow::RecordBatch> TwoRows() {
  return BatchOf(TwoFields(),
                 {Json(arrow::int64(), "[1, 2]"), Json(arrow::utf8(), R"(["a", null])")});
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

uint32_t FooterLength(const std::string& file) {
  uint32_t length;
  std::memcpy(&length, file.data() + file.size() - 8, sizeof(length));
  return length;
}

TEST(Writer, NullBatchIsANoOpAndAnEmptyFileIsValid) {
  ScratchDir dir;
  const auto results = WriteAll(TwoFields(), GroupsOf(dir, {{0}, {1}}), {nullptr});
  ASSERT_EQ(results.size(), 2u);
  for (const char* name : {"0", "1"}) {
    const auto file = ReadBack(dir.File(name));
    EXPECT_EQ(file.metadata->num_rows(), 0);
    EXPECT_EQ(file.metadata->num_row_groups(), 0);
    EXPECT_EQ(file.Key("row_group_metadata"), "");
    EXPECT_EQ(file.Key("group_field_id_list"), "100;101");
    EXPECT_EQ(file.Key("storage_version"), "1.0.0");
  }
}

TEST(Writer, ZeroRowBatchesMakeNoRowGroups) {
  ScratchDir dir;
  const auto empty = TwoRows()->Slice(0, 0);
  WriteAll(TwoFields(), GroupsOf(dir, {{0, 1}}), {empty, TwoRows(), empty, TwoRows(), empty});
  const auto file = ReadBack(dir.File("0"));
  EXPECT_EQ(file.RowGroupRows(), std::vector<int64_t>{4});
}

TEST(Writer, OnlyZeroRowBatches) {
  ScratchDir dir;
  WriteAll(TwoFields(), GroupsOf(dir, {{0, 1}}), {TwoRows()->Slice(0, 0)});
  EXPECT_EQ(ReadBack(dir.File("0")).metadata->num_rows(), 0);
}

TEST(Writer, FooterKeysStandInMilvusOrderAroundTheUsers) {
  ScratchDir dir;
  WriterOptions options;
  options.user_metadata = {{"k1", "v1"}, {"utf8", "数据"}, {"k1", "again"}};
  WriteAll(TwoFields(), GroupsOf(dir, {{1}, {0}}), {TwoRows()}, options);
  for (const char* name : {"0", "1"}) {
    const auto keys = ReadBack(dir.File(name)).metadata->key_value_metadata();
    EXPECT_EQ(keys->keys(), (std::vector<std::string>{"group_field_id_list", "k1", "utf8", "k1",
                                                      "row_group_metadata", "storage_version"}));
    EXPECT_EQ(keys->value(0), "101;100");
    EXPECT_EQ(keys->value(2), "数据");
    EXPECT_EQ(keys->value(3), "again");
  }
}

TEST(Writer, ResultsAreThoseOfTheFiles) {
  ScratchDir dir;
  const auto fixture = MultiGroupCase();
  const auto batch = FixtureBatch(fixture, 0, fixture.rows);
  const auto results = WriteAll(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), {batch});
  ASSERT_EQ(results.size(), fixture.groups.size());
  for (size_t i = 0; i < results.size(); ++i) {
    const auto& result = results[i];
    const std::string path = dir.File(std::to_string(i));
    const auto file = ReadBack(path);
    EXPECT_EQ(result.id, static_cast<int64_t>(i));
    EXPECT_EQ(result.path, path);
    EXPECT_EQ(result.rows, fixture.rows);
    EXPECT_EQ(result.file_bytes, static_cast<int64_t>(std::filesystem::file_size(path)));
    EXPECT_EQ(result.footer_bytes, FooterLength(ReadBytes(path)) + 8);
    EXPECT_EQ(result.row_groups, file.metadata->num_row_groups());
    EXPECT_EQ(result.compressed_bytes, file.metadata->RowGroup(0)->total_compressed_size());
    const auto records = ParseRowGroupRecords(file.Key("row_group_metadata")).ValueOrDie();
    EXPECT_EQ(result.uncompressed_bytes, static_cast<int64_t>(records[0].memory_bytes));
    ASSERT_EQ(result.null_counts.size(), fixture.groups[i].size());
    for (size_t j = 0; j < result.null_counts.size(); ++j) {
      const int column = fixture.groups[i][j];
      EXPECT_EQ(result.null_counts[j].first, fixture.columns[column].name);
      EXPECT_EQ(result.null_counts[j].second, batch->column(column)->null_count());
    }
  }
  EXPECT_EQ(results[2].uncompressed_bytes, 32000);
  EXPECT_EQ(results[1].null_counts[1].second, 142);
}

TEST(Writer, ProgressCountsRowsAndBytes) {
  ScratchDir dir;
  auto writer =
      PackedWriter::Open(TwoFields(), GroupsOf(dir, {{0}, {1}}), {}, LocalStore()).ValueOrDie();
  const auto magic_only = writer->progress();
  EXPECT_EQ(magic_only.rows, 0);
  EXPECT_EQ(magic_only.bytes_out, 8);
  ASSERT_TRUE(writer->Write(TwoRows()).ok());
  const auto buffered = writer->progress();
  EXPECT_EQ(buffered.rows, 2);
  EXPECT_GT(buffered.bytes_in, 16);
  EXPECT_EQ(buffered.bytes_in, buffered.buffered_bytes);
  EXPECT_EQ(buffered.row_groups, 0);
  const auto results = writer->Finish().ValueOrDie();
  const auto done = writer->progress();
  EXPECT_EQ(done.buffered_bytes, 0);
  EXPECT_EQ(done.row_groups, 2);
  EXPECT_EQ(done.bytes_out, results[0].file_bytes + results[1].file_bytes);
}

TEST(Writer, EveryTwentiethTextOfFiftyKilobytes) {
  ScratchDir dir;
  const auto schema = TwoFields();
  arrow::RecordBatchVector batches;
  for (int part = 0; part < 3; ++part) {
    std::vector<std::string> texts;
    std::string ids = "[";
    for (int i = 0; i < 1000; ++i) {
      texts.push_back(i % 20 == 0 ? std::string(50000, 'a' + part) : "short" + std::to_string(i));
      ids += (i ? "," : "") + std::to_string(part * 1000 + i);
    }
    batches.push_back(BatchOf(schema, {Json(arrow::int64(), ids + "]"), Texts(texts)}));
  }
  WriterOptions options;
  options.buffer_bytes = 2 << 20;
  WriteAll(schema, GroupsOf(dir, {{0, 1}}), batches, options);
  const auto file = ReadBack(dir.File("0"));
  const auto records = ParseRowGroupRecords(file.Key("row_group_metadata")).ValueOrDie();
  ASSERT_GT(records.size(), 6u);
  int64_t rows = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].row_offset, rows);
    EXPECT_EQ(records[i].rows, file.metadata->RowGroup(static_cast<int>(i))->num_rows());
    rows += records[i].rows;
    EXPECT_LE(records[i].memory_bytes, (1 << 20) + 50100u) << "one row too many at most";
    if (i + 1 < records.size()) {
      EXPECT_GE(records[i].memory_bytes, 1u << 20);
    }
  }
  EXPECT_EQ(rows, 3000);
  EXPECT_TRUE(
      file.table->column(1)->Slice(2000)->Equals(arrow::ChunkedArray(batches[2]->column(1))));
}

TEST(Writer, VectorsOf3072BytesGive342RowsPerRowGroup) {
  ScratchDir dir;
  const auto schema = arrow::schema({IdField("v", arrow::fixed_size_binary(3072), 100, false)});
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(3072));
  for (int i = 0; i < 715; ++i) ASSERT_TRUE(builder.Append(std::string(3072, i & 127)).ok());
  const auto batch = BatchOf(schema, {builder.Finish().ValueOrDie()});
  WriteAll(schema, GroupsOf(dir, {{0}}), {batch});
  const auto file = ReadBack(dir.File("0"));
  EXPECT_EQ(file.RowGroupRows(), (std::vector<int64_t>{342, 342, 31}));
  EXPECT_EQ(file.Key("row_group_metadata"), "1050624|342|0;1050624|342|342;95232|31|684");
}

TEST(Writer, TinyBufferStillMakesOneReadableFile) {
  ScratchDir dir;
  WriterOptions options;
  options.buffer_bytes = 1;
  arrow::RecordBatchVector batches(50, TwoRows());
  WriteAll(TwoFields(), GroupsOf(dir, {{0, 1}}), batches, options);
  EXPECT_EQ(ReadBack(dir.File("0")).table->num_rows(), 100);
}

TEST(Writer, Case12_HundredBatchesOfTenRowsInOneMebibyte) {
  ScratchDir dir;
  const auto schema = TwoFields();
  arrow::RecordBatchVector batches;
  for (int part = 0; part < 100; ++part) {
    std::string ids = "[";
    std::vector<std::string> texts;
    for (int i = 0; i < 10; ++i) {
      ids += (i ? "," : "") + std::to_string(part * 10 + i);
      texts.push_back("text" + std::to_string(part * 10 + i));
    }
    batches.push_back(BatchOf(schema, {Json(arrow::int64(), ids + "]"), Texts(texts)}));
  }
  WriterOptions options;
  options.buffer_bytes = 1 << 20;
  WriteAll(schema, GroupsOf(dir, {{0, 1}}), batches, options);
  const auto file = ReadBack(dir.File("0"));
  EXPECT_EQ(file.RowGroupRows(), std::vector<int64_t>{1000});
  EXPECT_TRUE(file.table->Equals(*arrow::Table::FromRecordBatches(schema, batches).ValueOrDie()));
}

TEST(Writer, Quirk6_SlicesAreSizedByTheirOwnBytes) {
  const auto schema = arrow::schema({IdField("text", arrow::utf8(), 100)});
  const auto parent = Texts(std::vector<std::string>(20000, std::string(1000, 'p')));  // 20 MB
  arrow::RecordBatchVector slices;
  arrow::RecordBatchVector copies;
  for (int64_t row = 0; row < 1500; row += 10) {
    const auto slice = parent->Slice(row, 10);
    slices.push_back(BatchOf(schema, {slice}));
    copies.push_back(
        BatchOf(schema, {Texts(std::vector<std::string>(10, std::string(1000, 'p')))}));
  }
  WriterOptions options;
  options.buffer_bytes = 2 << 20;
  std::vector<std::string> files;
  for (const auto& batches : {slices, copies}) {
    ScratchDir dir;
    auto writer =
        PackedWriter::Open(schema, GroupsOf(dir, {{0}}), options, LocalStore()).ValueOrDie();
    ASSERT_TRUE(writer->Write(batches.front()).ok());
    EXPECT_GE(writer->progress().bytes_in, 10000);
    EXPECT_LT(writer->progress().bytes_in, 10100);
    for (size_t i = 1; i < batches.size(); ++i) ASSERT_TRUE(writer->Write(batches[i]).ok());
    ASSERT_TRUE(writer->Finish().ok());
    const auto file = ReadBack(dir.File("0"));
    const auto records = ParseRowGroupRecords(file.Key("row_group_metadata")).ValueOrDie();
    ASSERT_EQ(records.size(), 2u);  // 1.5 MB, cut at 1 MiB
    EXPECT_LT(records[0].memory_bytes, (1u << 20) + 1010);
    files.push_back(ReadBytes(dir.File("0")));
  }
  EXPECT_EQ(files[0] == files[1], true);
}

TEST(Writer, CutsDoNotDependOnHowRowsAreBatched) {
  const auto fixture = RowGroupsCase();
  std::vector<std::string> first;
  for (const int64_t rows : {2000, 7, 333, 1}) {
    ScratchDir dir;
    arrow::RecordBatchVector batches;
    const auto whole = FixtureBatch(fixture, 0, fixture.rows);
    for (int64_t row = 0; row < fixture.rows; row += rows)
      batches.push_back(whole->Slice(row, rows));
    WriteAll(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), batches);
    std::vector<std::string> files;
    for (const char* name : {"0", "1", "2", "3"}) files.push_back(ReadBytes(dir.File(name)));
    if (first.empty()) first = files;
    EXPECT_EQ(files == first, true) << rows << " rows a batch";
  }
}

TEST(Writer, ConcurrencyDoesNotChangeTheBytes) {
  const auto fixture = MultiGroupCase();
  std::vector<std::vector<int>> groups;
  for (int i = 0; i < static_cast<int>(fixture.columns.size()); ++i) groups.push_back({i});
  std::vector<std::string> first;
  for (const int concurrency : {1, 0, 3}) {
    ScratchDir dir;
    WriterOptions options;
    options.concurrency = concurrency;
    options.row_group_bytes = 2000;
    options.buffer_bytes = 1;
    arrow::RecordBatchVector batches;
    for (int64_t row = 0; row < fixture.rows; row += 100) {
      batches.push_back(FixtureBatch(fixture, row, row + 100));
    }
    WriteAll(FixtureSchema(fixture), GroupsOf(dir, groups), batches, options);
    std::vector<std::string> files;
    for (size_t i = 0; i < groups.size(); ++i)
      files.push_back(ReadBytes(dir.File(std::to_string(i))));
    if (first.empty()) first = files;
    EXPECT_EQ(files == first, true) << "concurrency " << concurrency;
  }
}

TEST(Writer, LargestGroupIsCutEarlyWhenTheBufferIsFull) {
  ScratchDir dir;
  const auto fixture = RowGroupsCase();
  WriterOptions options;
  options.row_group_bytes = int64_t{64} << 20;
  options.buffer_bytes = 5 << 20;  // 4 groups may keep 4 MiB in any case.
  auto writer = PackedWriter::Open(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), options,
                                   LocalStore())
                    .ValueOrDie();
  for (int64_t row = 0; row < fixture.rows; row += 100) {
    ASSERT_TRUE(writer->Write(FixtureBatch(fixture, row, row + 100)).ok());
    EXPECT_LE(writer->progress().buffered_bytes, options.buffer_bytes);
  }
  const auto results = writer->Finish().ValueOrDie();
  EXPECT_EQ(results[0].row_groups, 1);
  EXPECT_GT(results[1].row_groups, 1);
  EXPECT_LT(results[1].row_groups, 10);
  EXPECT_TRUE(ReadBack(dir.File("1"))
                  .table->column(1)
                  ->Equals(arrow::ChunkedArray(
                      FixtureBatch(fixture, 0, fixture.rows)->GetColumnByName("s"))));
}

TEST(Writer, RowsLargerThanTheRowGroupStandAlone) {
  ScratchDir dir;
  const auto schema = arrow::schema({IdField("text", arrow::utf8(), 100)});
  const std::string big(3 << 20, 'y');
  WriterOptions options;
  options.buffer_bytes = 1;
  WriteAll(schema, GroupsOf(dir, {{0}}), {BatchOf(schema, {Texts({big, big, "s", big})})}, options);
  const auto file = ReadBack(dir.File("0"));
  EXPECT_EQ(file.RowGroupRows(), (std::vector<int64_t>{1, 1, 2}));
  EXPECT_EQ(file.table->column(0)->GetScalar(3).ValueOrDie()->ToString(), big);
}

TEST(Writer, FinishTwiceAndEverythingAfterItIsClosed) {
  ScratchDir dir;
  auto writer =
      PackedWriter::Open(TwoFields(), GroupsOf(dir, {{0, 1}}), {}, LocalStore()).ValueOrDie();
  ASSERT_TRUE(writer->Write(TwoRows()).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(CodeOf(writer->Finish().status()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(writer->Write(TwoRows())), ErrorCode::kClosed);
  writer->Abort();
  writer->Abort();
  writer.reset();
  EXPECT_EQ(dir.Entries(), std::vector<std::string>{"0"});
  EXPECT_EQ(ReadBack(dir.File("0")).table->num_rows(), 2);
}

TEST(Writer, AbortAndDestructionLeaveNothing) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, {{0}, {1}});
  {
    auto writer = PackedWriter::Open(TwoFields(), groups, {}, LocalStore()).ValueOrDie();
    ASSERT_TRUE(writer->Write(TwoRows()).ok());
    writer->Abort();
    EXPECT_TRUE(dir.Entries().empty());
    EXPECT_EQ(CodeOf(writer->Finish().status()), ErrorCode::kClosed);
    writer->Abort();
  }
  {
    auto writer = PackedWriter::Open(TwoFields(), groups, {}, LocalStore()).ValueOrDie();
    ASSERT_TRUE(writer->Write(TwoRows()).ok());
    EXPECT_EQ(dir.Entries().size(), 2u);
  }
  EXPECT_TRUE(dir.Entries().empty());
}

}  // namespace
}  // namespace packed::testing
