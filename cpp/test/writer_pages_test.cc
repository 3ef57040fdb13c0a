#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_nested.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/concatenate.h"
#include "gtest/gtest.h"

#include "packed/writer.h"
#include "writer_harness.h"

/// Files of the own page writer against those of Arrow's writer, byte by byte, in layout milvus.
namespace packed::testing {
namespace {

constexpr int kVectorBytes = 512;

std::shared_ptr<arrow::Schema> MixedSchema() {
  return arrow::schema({
      IdField("id", arrow::int64(), 100, false),
      IdField("maybe", arrow::int32(), 101),
      IdField("text", arrow::utf8(), 102),
      IdField("flag", arrow::boolean(), 103),
      IdField("tags", arrow::list(arrow::field("element", arrow::utf8())), 104),
      IdField("pair",
              arrow::struct_({arrow::field("x", arrow::float32()),
                              arrow::field("y", arrow::float64(), false)}),
              105),
      IdField("vector", arrow::fixed_size_binary(kVectorBytes), 106, false),
      IdField("maybe_vector", arrow::fixed_size_binary(16), 107),
  });
}

std::shared_ptr<arrow::RecordBatch> MixedBatch(int64_t rows, uint32_t seed) {
  std::mt19937 random(seed);
  arrow::Int64Builder id;
  arrow::Int32Builder maybe;
  arrow::StringBuilder text;
  arrow::BooleanBuilder flag;
  arrow::ListBuilder tags(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  auto* tag = static_cast<arrow::StringBuilder*>(tags.value_builder());
  arrow::FloatBuilder x;
  arrow::DoubleBuilder y;
  arrow::FixedSizeBinaryBuilder vector(arrow::fixed_size_binary(kVectorBytes));
  arrow::FixedSizeBinaryBuilder maybe_vector(arrow::fixed_size_binary(16));
  for (int64_t i = 0; i < rows; ++i) {
    const bool valid = random() % 5 != 0;
    EXPECT_TRUE(id.Append(i * 3 + seed).ok());
    EXPECT_TRUE(
        (valid ? maybe.Append(static_cast<int32_t>(random() % 1000)) : maybe.AppendNull()).ok());
    const std::string word(random() % 60, static_cast<char>('a' + random() % 26));
    EXPECT_TRUE((random() % 7 == 0 ? text.AppendNull() : text.Append(word)).ok());
    EXPECT_TRUE(flag.Append(random() % 3 == 0).ok());
    EXPECT_TRUE(tags.Append(valid).ok());
    for (uint32_t j = 0; valid && j < random() % 4; ++j) EXPECT_TRUE(tag->Append(word).ok());
    EXPECT_TRUE(x.Append(static_cast<float>(random()) / 1e6F).ok());
    EXPECT_TRUE(y.Append(static_cast<double>(i)).ok());
    std::string bytes(kVectorBytes, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    EXPECT_TRUE(vector.Append(bytes).ok());
    EXPECT_TRUE(
        (valid ? maybe_vector.Append(bytes.substr(0, 16)) : maybe_vector.AppendNull()).ok());
  }
  const auto schema = MixedSchema();
  auto pair =
      arrow::StructArray::Make({*x.Finish(), *y.Finish()}, schema->field(5)->type()->fields());
  return BatchOf(schema, {*id.Finish(), *maybe.Finish(), *text.Finish(), *flag.Finish(),
                          *tags.Finish(), *pair, *vector.Finish(), *maybe_vector.Finish()});
}

std::vector<std::string> FilesOf(const arrow::RecordBatchVector& batches, WriterOptions options) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, {{0, 1, 3}, {2, 4, 5, 7}, {6}});
  WriteAll(MixedSchema(), groups, batches, options);
  std::vector<std::string> files;
  for (const auto& group : groups) files.push_back(ReadBytes(group.path));
  return files;
}

void ExpectSame(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ASSERT_EQ(ours[i].size(), theirs[i].size()) << "file " << i;
    EXPECT_TRUE(ours[i] == theirs[i]) << "file " << i;
  }
}

arrow::RecordBatchVector Cut(const std::shared_ptr<arrow::RecordBatch>& batch, int64_t rows) {
  arrow::RecordBatchVector batches;
  for (int64_t i = 0; i < batch->num_rows(); i += rows) batches.push_back(batch->Slice(i, rows));
  return batches;
}

WriterOptions Stock(WriterOptions options = {}) {
  options.own_pages = false;
  return options;
}

TEST(WriterPages, AreThoseOfArrowsWriter) {
  const auto batch = MixedBatch(20000, 1);
  const auto theirs = FilesOf({batch}, Stock());
  ExpectSame(FilesOf({batch}, {}), theirs);
  ExpectSame(FilesOf(Cut(batch, 777), {}), theirs);
}

TEST(WriterPages, AreThoseOfArrowsWriterInOtherSettings) {
  const auto batch = MixedBatch(9000, 2);
  WriterOptions large;
  large.row_group_bytes = 64 << 20;
  ExpectSame(FilesOf({batch}, large), FilesOf({batch}, Stock(large)));
  WriterOptions compressed;
  compressed.vector_codec = Codec{arrow::Compression::ZSTD, 1};
  ExpectSame(FilesOf({batch}, compressed), FilesOf({batch}, Stock(compressed)));
  WriterOptions old;
  old.compatibility = Compatibility::kMilvus2_6;
  ExpectSame(FilesOf({batch}, old), FilesOf({batch}, Stock(old)));
  WriterOptions plain;
  plain.columns["id"].encoding = ColumnEncoding::kPlain;
  plain.columns["text"].codec = Codec{arrow::Compression::SNAPPY, std::nullopt};
  plain.columns["vector"].encoding = ColumnEncoding::kDictionary;
  ExpectSame(FilesOf({batch}, plain), FilesOf({batch}, Stock(plain)));
}

TEST(WriterPages, AreTheSameOnAnyNumberOfThreads) {
  const auto batch = MixedBatch(12000, 3);
  WriterOptions one;
  one.concurrency = 1;
  WriterOptions many;
  many.concurrency = 16;
  ExpectSame(FilesOf(Cut(batch, 5000), one), FilesOf(Cut(batch, 5000), many));
}

TEST(WriterPages, WithoutRowsAndWithOne) {
  ExpectSame(FilesOf({}, {}), FilesOf({}, Stock()));
  const auto one = MixedBatch(1, 4);
  ExpectSame(FilesOf({one}, {}), FilesOf({one}, Stock()));
}

}  // namespace
}  // namespace packed::testing
