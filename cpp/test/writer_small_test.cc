#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_nested.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/concatenate.h"
#include "arrow/array/util.h"
#include "gtest/gtest.h"

#include "column_kinds.h"
#include "files_of_kinds.h"
#include "packed/column_layout.h"
#include "packed/writer.h"
#include "writer_harness.h"

/// Layout small, read back by Arrow's reader, and the trials that it goes by.
namespace packed::testing {
namespace {

WriterOptions Small() { return DefaultOptions(Layout::kSmall); }

std::vector<std::string> BytesOf(const arrow::RecordBatchVector& batches, bool nulls,
                                 const WriterOptions& options) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  WriteAll(SchemaOf(nulls), groups, batches, options);
  std::vector<std::string> files;
  for (const auto& group : groups) files.push_back(ReadBytes(group.path));
  return files;
}

class SmallWriter : public ::testing::TestWithParam<bool> {};

TEST_P(SmallWriter, ReadsBackEqual) {
  for (const int64_t rows : {1, 100, 16384, 30000}) {
    const auto batch = BatchOfKinds(rows, GetParam());
    ExpectReadsBack(Cut(batch, 7000), batch, GetParam(), Small());
  }
}

TEST_P(SmallWriter, ReadsSlicesBackInSmallRowGroupsAndPages) {
  const auto batch = BatchOfKinds(9000, GetParam());
  auto options = Small();
  options.row_group_bytes = 100 << 10;
  options.page_bytes = 3000;
  const auto slice = batch->Slice(13, 8001);
  ExpectReadsBack(Cut(slice, 500), slice, GetParam(), options);
}

TEST_P(SmallWriter, MakesTheSameBytesHoweverTheRowsCome) {
  const auto batch = BatchOfKinds(30000, GetParam());
  const auto whole = BytesOf({batch}, GetParam(), Small());
  EXPECT_TRUE(BytesOf(Cut(batch, 77), GetParam(), Small()) == whole);
  auto one = Small();
  one.concurrency = 1;
  EXPECT_TRUE(BytesOf(Cut(batch, 16384), GetParam(), one) == whole);
}

TEST_P(SmallWriter, IsNowhereLargerThanFast) {
  const auto batch = BatchOfKinds(60000, GetParam());
  const auto small = BytesOf({batch}, GetParam(), Small());
  const auto fast = BytesOf({batch}, GetParam(), DefaultOptions(Layout::kFast));
  for (size_t i = 0; i < small.size(); ++i) EXPECT_LE(small[i].size(), fast[i].size()) << i;
}

TEST_P(SmallWriter, SaysWhatItChose) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  const auto results =
      WriteAll(SchemaOf(GetParam()), groups, {BatchOfKinds(60000, GetParam())}, Small());
  std::map<std::string, std::vector<std::string>> encodings;
  for (const auto& result : results) {
    for (const auto& column : result.columns) {
      encodings[column.name] = column.encodings;
      EXPECT_FALSE(column.dictionary_fallback) << column.name;
      EXPECT_GT(column.compressed_bytes, 0) << column.name;
      EXPECT_GT(column.uncompressed_bytes, 0) << column.name;
    }
  }
  EXPECT_EQ(encodings["sequence"], std::vector<std::string>{"DELTA_BINARY_PACKED"});
  EXPECT_EQ(encodings["few"], std::vector<std::string>{"RLE_DICTIONARY"});
  EXPECT_EQ(encodings["flag"], std::vector<std::string>{"PLAIN"});
  EXPECT_EQ(encodings["time"], std::vector<std::string>{"DELTA_BINARY_PACKED"});
  EXPECT_EQ(encodings["text"], std::vector<std::string>{"DELTA_LENGTH_BYTE_ARRAY"});
  // And the footers say the same.
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto file = ReadBack(groups[i].path);
    for (size_t j = 0; j < results[i].columns.size(); ++j) {
      const auto chunk = ChunkOf(file, static_cast<int>(j));
      EXPECT_EQ(chunk->compression(), arrow::Compression::ZSTD);
      for (const auto& name : results[i].columns[j].encodings) {
        const auto& found = chunk->encodings();
        EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const auto encoding) {
          return parquet::EncodingToString(encoding) == name;
        })) << name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nulls, SmallWriter, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Some" : "None"; });

TEST(SmallWriterNulls, AllNullColumnsAndNoRowsReadBack) {
  const auto schema = SchemaOf(true);
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(arrow::MakeArrayOfNull(field->type(), 20000).ValueOrDie());
  }
  const auto batch = arrow::RecordBatch::Make(schema, 20000, columns);
  ExpectReadsBack(Cut(batch, 1700), batch, true, Small());
  ScratchDir dir;
  const auto results = WriteAll(schema, GroupsOf(dir, Groups()), {}, Small());
  EXPECT_EQ(results[0].rows, 0);
  EXPECT_TRUE(results[0].columns[0].encodings.empty());
}

/// Few values at first, new ones from then on: a dictionary that does not hold.
std::shared_ptr<arrow::RecordBatch> EndOfADictionary() {
  arrow::StringBuilder builder;
  std::mt19937_64 random(3);
  for (int64_t i = 0; i < 200000; ++i) {
    const std::string text = i < 20000 ? "value " + std::to_string(i % 40)
                                       : std::to_string(random()) + "/" + std::to_string(i);
    EXPECT_TRUE(builder.Append(text).ok());
  }
  const auto schema = arrow::schema({IdField("text", arrow::utf8(), 100, false)});
  return BatchOf(schema, {builder.Finish().ValueOrDie()});
}

TEST(SmallWriterChoices, TakesADictionaryBackThatIsFull) {
  const auto batch = EndOfADictionary();
  ScratchDir dir;
  const auto small = WriteAll(batch->schema(), GroupsOf(dir, {{0}}), {batch}, Small());
  EXPECT_FALSE(small[0].columns[0].dictionary_fallback);
  EXPECT_EQ(small[0].columns[0].encodings.size(), 1U);
  EXPECT_NE(small[0].columns[0].encodings[0], "RLE_DICTIONARY");
  const auto read = ReadBack(dir.File("0")).table->column(0);
  EXPECT_TRUE(arrow::Concatenate(read->chunks()).ValueOrDie()->Equals(*batch->column(0)));
  // What was asked for stays, and is reported.
  auto options = Small();
  options.columns["text"].encoding = ColumnEncoding::kDictionary;
  ScratchDir other;
  const auto asked = WriteAll(batch->schema(), GroupsOf(other, {{0}}), {batch}, options);
  EXPECT_TRUE(asked[0].columns[0].dictionary_fallback);
  EXPECT_EQ(asked[0].columns[0].encodings, (std::vector<std::string>{"PLAIN", "RLE_DICTIONARY"}));
  EXPECT_GT(asked[0].file_bytes, small[0].file_bytes);
}

TEST(SmallWriterChoices, LeaveOutWhatTheOptionsDo) {
  const auto batch = BatchOfKinds(30000, false);
  auto options = Small();
  options.delta_encoding = false;
  options.dictionary_threshold = 0;
  ScratchDir dir;
  const auto results = WriteAll(SchemaOf(false), GroupsOf(dir, Groups()), {batch}, options);
  for (const auto& column : results[0].columns) {
    EXPECT_EQ(column.encodings, std::vector<std::string>{"PLAIN"}) << column.name;
  }
}

/// As of encrypted files: Arrow's writer alone, with encodings that the first row group chooses.
TEST(SmallWriterChoices, HoldForWholeFilesOfArrowsWriter) {
  auto options = Small();
  options.own_pages = false;
  for (const bool nulls : {false, true}) {
    const auto batch = BatchOfKinds(30000, nulls);
    ExpectReadsBack(Cut(batch, 7000), batch, nulls, options);
    auto small_groups = options;
    small_groups.row_group_bytes = 100 << 10;
    const auto slice = batch->Slice(13, 8001);
    ExpectReadsBack(Cut(slice, 500), slice, nulls, small_groups);
  }
  ScratchDir dir;
  const auto batch = BatchOfKinds(60000, false);
  const auto own = WriteAll(SchemaOf(false), GroupsOf(dir, Groups()), {batch}, Small());
  for (const int64_t rows : {60000, 333}) {
    ScratchDir other;
    const auto stock =
        WriteAll(SchemaOf(false), GroupsOf(other, Groups()), Cut(batch, rows), options);
    for (size_t i = 0; i < own.size(); ++i) {
      for (size_t j = 0; j < own[i].columns.size(); ++j) {
        EXPECT_EQ(stock[i].columns[j].encodings, own[i].columns[j].encodings)
            << own[i].columns[j].name << " by " << rows;
      }
    }
  }
  ScratchDir empty;
  const auto none = WriteAll(SchemaOf(true), GroupsOf(empty, Groups()), {}, options);
  EXPECT_EQ(none[0].rows, 0);
  EXPECT_EQ(ReadBack(empty.File("0")).table->num_columns(), 6);
}

TEST(SmallWriterChoices, SplitVectorsThatGainByIt) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(64));
  std::mt19937 random(5);
  for (int64_t i = 0; i < 40000; ++i) {
    float vector[16];
    for (float& value : vector) value = static_cast<float>(random() % 200) / 256.0F;
    ASSERT_TRUE(builder.Append(reinterpret_cast<const uint8_t*>(vector)).ok());
  }
  const auto schema = arrow::schema({IdField("v", arrow::fixed_size_binary(64), 100, false)});
  const auto batch = BatchOf(schema, {builder.Finish().ValueOrDie()});
  ScratchDir dir;
  const auto split = WriteAll(schema, GroupsOf(dir, {{0}}), Cut(batch, 999), Small());
  EXPECT_EQ(split[0].columns[0].encodings, std::vector<std::string>{"BYTE_STREAM_SPLIT"});
  const auto read = ReadBack(dir.File("0")).table->column(0);
  EXPECT_TRUE(arrow::Concatenate(read->chunks()).ValueOrDie()->Equals(*batch->column(0)));
  auto stored = Small();
  stored.vector_codec = Codec{arrow::Compression::UNCOMPRESSED, std::nullopt};
  ScratchDir other;
  const auto plain = WriteAll(schema, GroupsOf(other, {{0}}), {batch}, stored);
  EXPECT_EQ(plain[0].columns[0].encodings, std::vector<std::string>{"PLAIN"});
  EXPECT_GT(plain[0].file_bytes, 40000 * 64);
}

TEST(ColumnLayout, SaysWhatComesOutSmallest) {
  const auto batch = BatchOfKinds(50000, false);
  const auto layouts =
      OptimizeColumnLayout(SchemaOf(false), Cut(batch, 7001), Small()).ValueOrDie();
  ASSERT_EQ(layouts.size(), 12U);
  const ColumnEncoding expected[] = {ColumnEncoding::kDeltaBinaryPacked, ColumnEncoding::kPlain,
                                     ColumnEncoding::kPlain, ColumnEncoding::kDictionary};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(layouts[i].encoding, expected[i]) << layouts[i].name;
  for (const auto& layout : layouts) {
    EXPECT_EQ(layout.encoding, layout.trials.front().encoding);
    EXPECT_TRUE(std::is_sorted(
        layout.trials.begin(), layout.trials.end(),
        [](const auto& left, const auto& right) { return left.bytes < right.bytes; }));
    EXPECT_GT(layout.trials.front().bytes, 0) << layout.name;
    EXPECT_LE(layout.sample_rows, 16384) << layout.name;
    EXPECT_GT(layout.sample_rows, 4000) << layout.name;
  }
  EXPECT_NEAR(*layouts[3].distinct_ratio, 100.0 / 16384, 1e-9);
  EXPECT_EQ(*layouts[1].distinct_ratio, 1.0);
  EXPECT_FALSE(layouts[11].distinct_ratio) << "of vectors nobody counts";
}

TEST(ColumnLayout, DependsOnTheRowsAlone) {
  const auto batch = BatchOfKinds(50000, true);
  const auto bytes = [&](int64_t rows, int concurrency) {
    auto options = Small();
    options.concurrency = concurrency;
    std::vector<int64_t> found;
    for (const auto& layout :
         OptimizeColumnLayout(SchemaOf(true), Cut(batch, rows), options).ValueOrDie()) {
      for (const auto& trial : layout.trials) found.push_back(trial.bytes);
    }
    return found;
  };
  const auto once = bytes(50000, 0);
  EXPECT_GT(once.size(), 24U);
  EXPECT_EQ(bytes(50000, 1), once);
  EXPECT_EQ(bytes(333, 0), once);
}

TEST(ColumnLayout, KeepsWhatIsAskedForAndTakesFewOrNoRows) {
  auto options = Small();
  options.columns["noise"].encoding = ColumnEncoding::kDictionary;
  options.columns["sequence"].encoding = ColumnEncoding::kByteStreamSplit;
  for (const int64_t rows : {0, 1, 3, 5000}) {
    const auto batch = BatchOfKinds(rows, false);
    const auto layouts = OptimizeColumnLayout(SchemaOf(false), {batch}, options).ValueOrDie();
    EXPECT_EQ(layouts[0].encoding, ColumnEncoding::kByteStreamSplit);
    EXPECT_EQ(layouts[1].encoding, ColumnEncoding::kDictionary);
    EXPECT_EQ(layouts[1].trials.size(), 1U);
    EXPECT_EQ(layouts[1].sample_rows, rows);
    EXPECT_EQ(layouts[1].trials[0].bytes == 0, rows == 0);
  }
  EXPECT_TRUE(OptimizeColumnLayout(SchemaOf(false), {}, Small()).ok());
}

TEST(ColumnLayout, RefusesWhatAWriterRefuses) {
  const auto batch = BatchOfKinds(100, true);
  EXPECT_EQ(CodeOf(OptimizeColumnLayout(SchemaOf(false), {batch}, Small()).status()),
            ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(OptimizeColumnLayout(nullptr, {}, Small()).status()),
            ErrorCode::kInvalidArgument);
  auto options = Small();
  options.columns["text"].encoding = ColumnEncoding::kByteStreamSplit;
  EXPECT_EQ(CodeOf(OptimizeColumnLayout(SchemaOf(true), {batch}, options).status()),
            ErrorCode::kInvalidArgument);
  options = Small();
  options.cancel.Cancel();
  EXPECT_EQ(CodeOf(OptimizeColumnLayout(SchemaOf(true), {batch}, options).status()),
            ErrorCode::kAborted);
}

/// Leaves of lists and structs are tried by Arrow's writer, all in one encoding.
TEST(ColumnLayout, TriesNestedColumns) {
  const auto values = std::make_shared<arrow::Int64Builder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), values);
  for (int64_t i = 0; i < 20000; ++i) {
    ASSERT_TRUE(lists.Append().ok());
    for (int64_t j = 0; j < i % 4; ++j) ASSERT_TRUE(values->Append(1000000 + 7 * i + j).ok());
  }
  const auto array = lists.Finish().ValueOrDie();
  const auto schema = arrow::schema({IdField("lists", array->type(), 100)});
  const auto batch = BatchOf(schema, {array});
  const auto layouts = OptimizeColumnLayout(schema, {batch}, Small()).ValueOrDie();
  EXPECT_EQ(layouts[0].encoding, ColumnEncoding::kDeltaBinaryPacked);
  ScratchDir dir;
  const auto results = WriteAll(schema, GroupsOf(dir, {{0}}), {batch}, Small());
  EXPECT_EQ(results[0].columns[0].encodings, std::vector<std::string>{"DELTA_BINARY_PACKED"});
  const auto read = ReadBack(dir.File("0")).table->column(0);
  EXPECT_TRUE(arrow::Concatenate(read->chunks()).ValueOrDie()->Equals(*array));
}

}  // namespace
}  // namespace packed::testing
