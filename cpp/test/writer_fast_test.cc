#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/concatenate.h"
#include "arrow/array/util.h"
#include "arrow/io/file.h"
#include "gtest/gtest.h"
#include "parquet/file_reader.h"
#include "parquet/statistics.h"

#include "column_kinds.h"
#include "files_of_kinds.h"
#include "packed/writer.h"
#include "writer_harness.h"

/// Layout fast, read back by Arrow's reader.
namespace packed::testing {
namespace {

WriterOptions Fast() { return DefaultOptions(Layout::kFast); }

std::vector<std::string> BytesOf(const arrow::RecordBatchVector& batches, bool nulls,
                                 const WriterOptions& options = Fast()) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  WriteAll(SchemaOf(nulls), groups, batches, options);
  std::vector<std::string> files;
  for (const auto& group : groups) files.push_back(ReadBytes(group.path));
  return files;
}

class FastWriter : public ::testing::TestWithParam<bool> {};

TEST_P(FastWriter, ReadsBackEqual) {
  for (const int64_t rows : {1, 100, 4095, 4096, 30000}) {
    const auto batch = BatchOfKinds(rows, GetParam());
    ExpectReadsBack({batch}, batch, GetParam(), Fast());
  }
}

TEST_P(FastWriter, ReadsSlicesBackInSmallRowGroups) {
  const auto batch = BatchOfKinds(9000, GetParam());
  auto options = Fast();
  options.row_group_bytes = 100 << 10;
  const auto slice = batch->Slice(13, 8001);
  ExpectReadsBack(Cut(slice, 500), slice, GetParam(), options);
}

TEST_P(FastWriter, MakesTheSameBytesHoweverTheRowsCome) {
  const auto batch = BatchOfKinds(20000, GetParam());
  const auto whole = BytesOf({batch}, GetParam());
  EXPECT_TRUE(BytesOf(Cut(batch, 7), GetParam()) == whole);
  EXPECT_TRUE(BytesOf(Cut(batch, 4096), GetParam()) == whole);
  auto one = Fast();
  one.concurrency = 1;
  EXPECT_TRUE(BytesOf(Cut(batch, 6001), GetParam(), one) == whole);
  // A buffer that row groups do not fit into is shared out, not overrun.
  auto tight = Fast();
  tight.buffer_bytes = 2 << 20;
  EXPECT_TRUE(BytesOf(Cut(batch, 999), GetParam(), tight) == BytesOf({batch}, GetParam(), tight));
}

INSTANTIATE_TEST_SUITE_P(Nulls, FastWriter, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Some" : "None"; });

TEST(FastWriterNulls, AllNullColumnsReadBack) {
  const auto schema = SchemaOf(true);
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(arrow::MakeArrayOfNull(field->type(), 5000).ValueOrDie());
  }
  const auto batch = arrow::RecordBatch::Make(schema, 5000, columns);
  ExpectReadsBack(Cut(batch, 1700), batch, true, Fast());
}

TEST(FastWriterNulls, NoRowsMakeEmptyFiles) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  WriteAll(SchemaOf(true), groups, {}, Fast());
  const auto stored = ReadBack(groups[0].path);
  EXPECT_EQ(stored.metadata->num_row_groups(), 0);
  EXPECT_EQ(stored.Key("row_group_metadata"), "");
}

TEST_P(FastWriter, FollowsASample) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  WriteAll(SchemaOf(GetParam()), groups, {BatchOfKinds(30000, GetParam())}, Fast());
  const auto first = ReadBack(groups[0].path);
  EXPECT_TRUE(Has(*ChunkOf(first, 0), parquet::Encoding::DELTA_BINARY_PACKED));
  EXPECT_FALSE(Has(*ChunkOf(first, 1), parquet::Encoding::DELTA_BINARY_PACKED));
  EXPECT_FALSE(ChunkOf(first, 1)->has_dictionary_page());
  EXPECT_TRUE(ChunkOf(first, 3)->has_dictionary_page());
  const auto second = ReadBack(groups[1].path);
  EXPECT_FALSE(ChunkOf(second, 3)->has_dictionary_page()) << "text of many values";
}

/// Pages of deltas without a value, between others.
TEST(FastWriterNulls, ColumnsThatEndInNullsReadBack) {
  const auto schema = SchemaOf(true);
  const auto some = BatchOfKinds(30000, true);
  arrow::ArrayVector columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto nulls = arrow::MakeArrayOfNull(schema->field(i)->type(), 400000).ValueOrDie();
    columns.push_back(arrow::Concatenate({some->column(i), nulls, some->column(i)}).ValueOrDie());
  }
  const auto batch = arrow::RecordBatch::Make(schema, columns[0]->length(), columns);
  ExpectReadsBack(Cut(batch, 70000), batch, true, Fast());
}

TEST(FastWriterChoices, YieldToTheCallers) {
  ScratchDir dir;
  auto options = Fast();
  options.columns["sequence"].encoding = ColumnEncoding::kDictionary;
  options.columns["few"].encoding = ColumnEncoding::kPlain;
  options.columns["noise"].codec = Codec{arrow::Compression::SNAPPY, std::nullopt};
  const auto groups = GroupsOf(dir, Groups());
  const auto batch = BatchOfKinds(30000, false);
  WriteAll(SchemaOf(false), groups, {batch}, options);
  const auto first = ReadBack(groups[0].path);
  EXPECT_TRUE(ChunkOf(first, 0)->has_dictionary_page());
  EXPECT_FALSE(ChunkOf(first, 3)->has_dictionary_page());
  EXPECT_EQ(ChunkOf(first, 1)->compression(), arrow::Compression::SNAPPY);
  ExpectReadsBack({batch}, batch, false, options);
}

TEST_P(FastWriter, ReadsSplitBytesBack) {
  auto options = Fast();
  for (const char* name : {"noise", "unsigned", "float", "double", "vector"}) {
    options.columns[name].encoding = ColumnEncoding::kByteStreamSplit;
  }
  const auto batch = BatchOfKinds(30001, GetParam());
  ExpectReadsBack(Cut(batch, 7000), batch, GetParam(), options);
}

TEST(FastWriterChoices, StatisticsAreThoseOfArrowsWriter) {
  for (const bool nulls : {false, true}) {
    ScratchDir ours;
    ScratchDir theirs;
    const auto batch = BatchOfKinds(70000, nulls);
    WriteAll(SchemaOf(nulls), GroupsOf(ours, Groups()), Cut(batch, 9999), Fast());
    auto stock = Fast();
    stock.own_pages = false;
    WriteAll(SchemaOf(nulls), GroupsOf(theirs, Groups()), {batch}, stock);
    for (int i = 0; i < 3; ++i) {
      const auto left = ReadBack(ours.File(std::to_string(i)));
      const auto right = ReadBack(theirs.File(std::to_string(i)));
      for (int j = 0; j < left.metadata->num_columns(); ++j) {
        SCOPED_TRACE(left.metadata->schema()->Column(j)->name());
        const auto mine = ChunkOf(left, j)->statistics();
        const auto his = ChunkOf(right, j)->statistics();
        ASSERT_EQ(mine == nullptr, his == nullptr);
        if (mine == nullptr) continue;
        EXPECT_EQ(mine->EncodeMin(), his->EncodeMin());
        EXPECT_EQ(mine->EncodeMax(), his->EncodeMax());
        EXPECT_EQ(mine->null_count(), his->null_count());
      }
    }
  }
}

/// Where the bodies of a file's stored pages begin: the values of `column` found in its bytes.
TEST(FastWriterAlignment, StoredVectorsBeginAtMultiplesOf64) {
  ScratchDir dir;
  auto options = Fast();
  options.vector_codec = Codec{arrow::Compression::UNCOMPRESSED, std::nullopt};
  options.row_group_bytes = 2 << 20;
  const auto batch = BatchOfKinds(40000, false);
  const auto groups = GroupsOf(dir, Groups());
  WriteAll(SchemaOf(false), groups, Cut(batch, 12345), options);
  const std::string file = ReadBytes(groups[2].path);
  const auto& vectors = static_cast<const arrow::FixedSizeBinaryArray&>(*batch->column(11));
  const int64_t page_rows = (1 << 20) / 96;
  const auto metadata = ReadBack(groups[2].path).metadata;
  ASSERT_GT(metadata->num_row_groups(), 1);
  int64_t row = 0;
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    for (int64_t page = 0; page < metadata->RowGroup(i)->num_rows(); page += page_rows) {
      const size_t body = file.find(std::string(vectors.GetView(row + page)));
      ASSERT_NE(body, std::string::npos);
      EXPECT_EQ(body % 64, 0U);
    }
    row += metadata->RowGroup(i)->num_rows();
  }
  ExpectReadsBack({batch}, batch, false, options);
}

/// Stored pages of a column that is not its group's first wait for the row group's end.
TEST(FastWriterBudget, KeepsNothingOfTheCallersWhenAWriteIsOver) {
  for (const auto layout : {Layout::kFast, Layout::kMilvus}) {
    ScratchDir dir;
    const auto schema =
        arrow::schema({IdField("id", arrow::int64(), 100, false),
                       IdField("vector", arrow::fixed_size_binary(96), 101, false)});
    const auto batch = BatchOfKinds(30000, false);
    const auto expected = batch->SelectColumns({0, 11}).ValueOrDie();
    const auto& vectors = *batch->column_data(11);
    const std::shared_ptr<arrow::Buffer> lent =
        vectors.buffers[1]->CopySlice(0, vectors.buffers[1]->size()).ValueOrDie();
    auto options = Fast();
    options.layout = layout;
    options.vector_codec = Codec{arrow::Compression::UNCOMPRESSED, std::nullopt};
    auto writer = PackedWriter::Open(schema, GroupsOf(dir, {{0, 1}}), options, LocalStore());
    ASSERT_TRUE(writer.ok()) << writer.status();
    const auto column = arrow::MakeArray(
        arrow::ArrayData::Make(arrow::fixed_size_binary(96), 30000, {nullptr, lent}));
    ASSERT_TRUE((*writer)->Write(BatchOf(schema, {batch->column(0), column})).ok());
    std::memset(lent->mutable_data(), 0, lent->size());
    ASSERT_TRUE((*writer)->Finish().ok());
    const auto read = ReadBack(dir.File("0")).table;
    for (int i = 0; i < 2; ++i) {
      const auto joined = arrow::Concatenate(read->column(i)->chunks()).ValueOrDie();
      EXPECT_TRUE(joined->Equals(*expected->column(i))) << i;
    }
  }
}

TEST(FastWriterBudget, KeepsNoVectorsOfAGroupOfTheirOwn) {
  ScratchDir dir;
  const auto schema = SchemaOf(false);
  auto writer = PackedWriter::Open(schema, GroupsOf(dir, Groups()), Fast(), LocalStore());
  ASSERT_TRUE(writer.ok()) << writer.status();
  const auto batch = BatchOfKinds(30000, false);
  ASSERT_TRUE((*writer)->Write(batch).ok());
  const auto progress = (*writer)->progress();
  EXPECT_GT(progress.bytes_out, 1 << 20) << "full pages of vectors are in the file";
  EXPECT_LT(progress.buffered_bytes, 32 << 20);
  (*writer)->Abort();
  EXPECT_EQ((*writer)->progress().buffered_bytes, 0);
  EXPECT_TRUE(dir.Entries().empty());
}

}  // namespace
}  // namespace packed::testing
