// Files of our writer through our reader (format note 8.2).

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/table.h"
#include "gtest/gtest.h"

#include "packed/reader.h"
#include "writer_harness.h"

namespace packed::testing {
namespace {

std::shared_ptr<arrow::Schema> ThreeFields() {
  return arrow::schema({IdField("number", arrow::int32(), 100, false),
                        IdField("big", arrow::int64(), 101, false),
                        IdField("text", arrow::utf8(), 102, false)});
}

/// Rows `first` to `first + rows`; texts of `text_bytes` bytes at least.
std::shared_ptr<arrow::RecordBatch> NumberedRows(int64_t first, int64_t rows,
                                                 size_t text_bytes = 0) {
  arrow::Int32Builder numbers;
  arrow::Int64Builder bigs;
  arrow::StringBuilder texts;
  for (int64_t row = first; row < first + rows; ++row) {
    std::string text = std::to_string(row);
    text.resize(std::max(text.size(), text_bytes), 't');
    EXPECT_TRUE(numbers.Append(static_cast<int32_t>(-row)).ok());
    EXPECT_TRUE(bigs.Append(row << 32).ok());
    EXPECT_TRUE(texts.Append(text).ok());
  }
  return BatchOf(ThreeFields(), {numbers.Finish().ValueOrDie(), bigs.Finish().ValueOrDie(),
                                 texts.Finish().ValueOrDie()});
}

/// Writes and reads; the column groups' results go to `results` where asked for.
std::shared_ptr<arrow::Table> RoundTripOf(const arrow::RecordBatchVector& batches,
                                          const std::vector<std::vector<int>>& columns,
                                          ReaderOptions reader_options = {},
                                          std::vector<GroupResult>* results = nullptr) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, columns);
  WriterOptions writer_options;
  writer_options.buffer_bytes = 1 << 20;
  auto written = WriteAll(batches.front()->schema(), groups, batches, writer_options);
  if (results) *results = std::move(written);
  std::vector<std::string> paths;
  for (const auto& group : groups) paths.push_back(group.path);
  const auto reader = PackedReader::Open(paths, std::move(reader_options), LocalStore());
  EXPECT_TRUE(reader.ok()) << reader.status();
  if (!reader.ok()) return nullptr;
  arrow::RecordBatchVector read;
  while (true) {
    const auto batch = (*reader)->ReadNext();
    EXPECT_TRUE(batch.ok()) << batch.status();
    if (!batch.ok()) return nullptr;
    if (!*batch) break;
    EXPECT_TRUE((*batch)->ValidateFull().ok());
    read.push_back(*batch);
  }
  return arrow::Table::FromRecordBatches((*reader)->schema(), read).ValueOrDie();
}

/// The columns of `read`, by name, hold what was written.
void ExpectSame(const std::shared_ptr<arrow::Table>& read,
                const arrow::RecordBatchVector& batches) {
  ASSERT_NE(read, nullptr);
  const auto written = arrow::Table::FromRecordBatches(batches).ValueOrDie();
  EXPECT_EQ(read->num_rows(), written->num_rows());
  for (const auto& field : read->schema()->fields()) {
    EXPECT_TRUE(
        read->GetColumnByName(field->name())->Equals(written->GetColumnByName(field->name())))
        << field->name();
  }
}

TEST(RoundTrip, Case13_AllNull) {
  const auto schema =
      arrow::schema({IdField("n", arrow::int32(), 100), IdField("t", arrow::utf8(), 101)});
  const int64_t rows = 1000;
  const auto batch = BatchOf(schema, {arrow::MakeArrayOfNull(arrow::int32(), rows).ValueOrDie(),
                                      arrow::MakeArrayOfNull(arrow::utf8(), rows).ValueOrDie()});
  std::vector<GroupResult> results;
  const auto read = RoundTripOf({batch}, {{0}, {1}}, {}, &results);
  ExpectSame(read, {batch});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read->column(i)->null_count(), rows);
    EXPECT_EQ(results[i].null_counts[0].second, rows);
  }
}

TEST(RoundTrip, Case14_SomeNull) {
  const auto schema =
      arrow::schema({IdField("n", arrow::int32(), 100), IdField("t", arrow::utf8(), 101)});
  arrow::Int32Builder numbers;
  arrow::StringBuilder texts;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE((i % 3 == 0 ? numbers.AppendNull() : numbers.Append(i)).ok());
    ASSERT_TRUE((i % 7 == 0 ? texts.AppendNull() : texts.Append(std::to_string(i))).ok());
  }
  const auto batch = BatchOf(schema, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
  const arrow::RecordBatchVector parts{batch->Slice(0, 333), batch->Slice(333)};
  for (const auto& groups : {std::vector<std::vector<int>>{{0, 1}}, {{1}, {0}}}) {
    const auto read = RoundTripOf(parts, groups);
    ExpectSame(read, parts);
    EXPECT_EQ(read->GetColumnByName("n")->null_count(), 334);
    EXPECT_EQ(read->GetColumnByName("t")->null_count(), 143);
  }
}

TEST(RoundTrip, Case19_Struct) {
  const auto pair =
      arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8()),
                      arrow::field("c", arrow::struct_({arrow::field("d", arrow::float64())}))});
  const auto schema = arrow::schema({IdField("pair", pair, 100), IdField("id", arrow::int64(), 101),
                                     IdField("text", arrow::utf8(), 102)});
  const auto batch = BatchOf(
      schema,
      {Json(pair, R"([{"a": 1, "b": "x", "c": {"d": 0.5}}, null, {"a": null, "b": "", "c": null},
                      {"a": 4, "b": null, "c": {"d": null}}])"),
       Json(arrow::int64(), "[10, 20, null, 40]"), Json(arrow::utf8(), R"(["p", null, "q", ""])")});
  const arrow::RecordBatchVector batches{batch, batch->Slice(1, 2), batch};
  ExpectSame(RoundTripOf(batches, {{0, 1, 2}}), batches);
  ExpectSame(RoundTripOf(batches, {{2}, {1, 0}}), batches);
  ReaderOptions options;
  options.columns = {{std::string("text"), std::string("pair")}};
  const auto read = RoundTripOf(batches, {{0, 1, 2}}, options);
  EXPECT_EQ(read->num_columns(), 2);
  ExpectSame(read, batches);
}

/// The upstream case has texts of 10,000 bytes; 250 make several row groups as well.
TEST(RoundTrip, Case24_FiveThousandBatches) {
  arrow::RecordBatchVector batches;
  for (int64_t i = 0; i < 5000; ++i) batches.push_back(NumberedRows(3 * i, 3, 250));
  std::vector<GroupResult> results;
  const auto read = RoundTripOf(batches, {{2}, {0, 1}}, {}, &results);
  EXPECT_GT(results[0].row_groups, 1);
  EXPECT_EQ(read->num_rows(), 15000);
  ExpectSame(read, batches);
}

TEST(RoundTrip, Case25_OneColumnOfTheSecondFile) {
  const arrow::RecordBatchVector batches{NumberedRows(0, 3), NumberedRows(3, 3)};
  ReaderOptions options;
  options.schema = arrow::schema({ThreeFields()->field(1)});
  const auto read = RoundTripOf(batches, {{2}, {0, 1}}, options);
  EXPECT_EQ(read->num_columns(), 1);
  EXPECT_EQ(read->num_rows(), 6);
  ExpectSame(read, batches);
}

}  // namespace
}  // namespace packed::testing
