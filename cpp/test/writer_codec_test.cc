#include <string>
#include <vector>

#include "arrow/array.h"
#include "gtest/gtest.h"
#include "parquet/statistics.h"

#include "fixture_data.h"
#include "writer_harness.h"

namespace packed::testing {
namespace {

using arrow::Compression;

/// id int64, text, json binary, vector: one file.
FixtureCase FourColumns() {
  return {"four",
          500,
          {{"id", FixtureKind::kInt64, 100},
           {"text", FixtureKind::kVarchar, 101},
           {"json", FixtureKind::kJson, 102},
           {"vector", FixtureKind::kFloatVector, 103, false, 0, 0, 16}},
          {{0, 1, 2, 3}}};
}

struct Written {
  std::vector<Compression::type> codecs;
  std::vector<bool> dictionaries;
  std::vector<bool> statistics;
  int64_t bytes;
};

Written WriteFour(const WriterOptions& options) {
  ScratchDir dir;
  const auto fixture = FourColumns();
  const auto batch = FixtureBatch(fixture, 0, fixture.rows);
  const auto results =
      WriteAll(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), {batch}, options);
  const auto file = ReadBack(dir.File("0"));
  EXPECT_TRUE(file.table->Equals(*arrow::Table::FromRecordBatches({batch}).ValueOrDie()));
  Written written;
  for (int i = 0; i < 4; ++i) {
    const auto chunk = file.metadata->RowGroup(0)->ColumnChunk(i);
    written.codecs.push_back(chunk->compression());
    written.dictionaries.push_back(chunk->has_dictionary_page());
    written.statistics.push_back(chunk->is_stats_set());
  }
  written.bytes = results[0].file_bytes;
  return written;
}

using Codecs = std::vector<Compression::type>;

TEST(WriterCodec, DefaultIsZstdButForDenseVectors) {
  const auto written = WriteFour({});
  EXPECT_EQ(written.codecs, (Codecs{Compression::ZSTD, Compression::ZSTD, Compression::ZSTD,
                                    Compression::UNCOMPRESSED}));
  EXPECT_EQ(written.dictionaries, (std::vector<bool>{true, true, true, false}));
  EXPECT_EQ(written.statistics, (std::vector<bool>{true, true, false, false}));
}

TEST(WriterCodec, Case17_LevelOfTheFileLeavesDenseVectorsUncompressed) {
  WriterOptions options;
  options.codec = {Compression::ZSTD, 7};
  EXPECT_EQ(WriteFour(options).codecs, (Codecs{Compression::ZSTD, Compression::ZSTD,
                                               Compression::ZSTD, Compression::UNCOMPRESSED}));
}

TEST(WriterCodec, ExplicitDefaultIsTheDefault) {
  WriterOptions options;
  options.codec = {Compression::ZSTD, std::nullopt};
  EXPECT_EQ(WriteFour(options).bytes, WriteFour({}).bytes);
}

TEST(WriterCodec, ChosenMeansChosenForEveryCodec) {
  for (const auto type : {Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP,
                          Compression::BROTLI, Compression::ZSTD, Compression::LZ4}) {
    SCOPED_TRACE(arrow::util::Codec::GetCodecAsString(type));
    WriterOptions options;
    options.codec = {type, std::nullopt};
    EXPECT_EQ(WriteFour(options).codecs, (Codecs{type, type, type, Compression::UNCOMPRESSED}));
    options.vector_codec = Codec{type, std::nullopt};
    EXPECT_EQ(WriteFour(options).codecs, (Codecs{type, type, type, type}));
  }
}

TEST(WriterCodec, LevelsReachTheCodec) {
  WriterOptions fast, small;
  fast.codec.level = 1;
  small.codec.level = 19;
  EXPECT_LT(WriteFour(small).bytes, WriteFour(fast).bytes);
  fast.codec = {Compression::GZIP, 1};
  small.codec = {Compression::GZIP, 9};
  EXPECT_LT(WriteFour(small).bytes, WriteFour(fast).bytes);
}

TEST(WriterCodec, Milvus26CompressesVectorsAndKeepsTheirStatistics) {
  WriterOptions options;
  options.compatibility = Compatibility::kMilvus2_6;
  const auto written = WriteFour(options);
  EXPECT_EQ(written.codecs, Codecs(4, Compression::ZSTD));
  EXPECT_EQ(written.statistics, std::vector<bool>(4, true));
}

TEST(WriterCodec, ColumnsOverrideTheWriter) {
  WriterOptions options;
  options.vector_codec = Codec{Compression::SNAPPY, std::nullopt};
  options.columns["text"].codec = Codec{Compression::GZIP, 9};
  options.columns["id"].encoding = ColumnEncoding::kPlain;
  options.columns["vector"].codec = Codec{Compression::ZSTD, 7};
  options.columns["vector"].encoding = ColumnEncoding::kDictionary;
  const auto written = WriteFour(options);
  EXPECT_EQ(written.codecs,
            (Codecs{Compression::ZSTD, Compression::GZIP, Compression::ZSTD, Compression::ZSTD}));
  EXPECT_EQ(written.dictionaries, (std::vector<bool>{false, true, true, true}));
}

TEST(WriterCodec, OptionsOfNestedColumnsHoldForAllLeaves) {
  ScratchDir dir;
  const auto type = arrow::struct_(
      {arrow::field("a", arrow::int32()), arrow::field("b", arrow::list(arrow::binary()))});
  const auto schema = arrow::schema({IdField("nested", type, 100)});
  WriterOptions options;
  options.columns["nested"].codec = Codec{Compression::SNAPPY, std::nullopt};
  options.columns["nested"].encoding = ColumnEncoding::kPlain;
  WriteAll(schema, GroupsOf(dir, {{0}}),
           {BatchOf(schema, {Json(type, R"([{"a": 1, "b": ["x", null]}, null])")})}, options);
  const auto file = ReadBack(dir.File("0"));
  const auto group = file.metadata->RowGroup(0);
  ASSERT_EQ(group->num_columns(), 2);
  EXPECT_EQ(group->ColumnChunk(1)->path_in_schema()->ToDotString(), "nested.b.list.element");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(group->ColumnChunk(i)->compression(), Compression::SNAPPY);
    EXPECT_FALSE(group->ColumnChunk(i)->has_dictionary_page());
  }
  EXPECT_TRUE(group->ColumnChunk(0)->is_stats_set());
  EXPECT_FALSE(group->ColumnChunk(1)->is_stats_set());
}

}  // namespace
}  // namespace packed::testing
