#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array/util.h"
#include "gtest/gtest.h"

#include "column_encoding.h"
#include "column_kinds.h"
#include "files_of_kinds.h"
#include "packed/writer.h"
#include "writer_harness.h"

/// Encodings that are asked for by the column, read back by Arrow's reader.
namespace packed::testing {
namespace {

/// An encoding for each column, once what pages are made of here and once what Arrow's writer
/// makes.
WriterOptions Chosen() {
  auto options = DefaultOptions(Layout::kFast);
  const std::pair<const char*, ColumnEncoding> choices[] = {
      {"sequence", ColumnEncoding::kByteStreamSplit},
      {"noise", ColumnEncoding::kDeltaBinaryPacked},
      {"unsigned", ColumnEncoding::kDeltaBinaryPacked},
      {"few", ColumnEncoding::kPlain},
      {"small", ColumnEncoding::kDeltaBinaryPacked},
      {"flag", ColumnEncoding::kPlain},
      {"float", ColumnEncoding::kByteStreamSplit},
      {"double", ColumnEncoding::kByteStreamSplit},
      {"time", ColumnEncoding::kDeltaBinaryPacked},
      {"text", ColumnEncoding::kDeltaLengthByteArray},
      {"large", ColumnEncoding::kDeltaByteArray},
      {"vector", ColumnEncoding::kByteStreamSplit},
  };
  for (const auto& [name, encoding] : choices) options.columns[name].encoding = encoding;
  return options;
}

class WriterEncodings : public ::testing::TestWithParam<bool> {};

TEST_P(WriterEncodings, AreThoseAskedFor) {
  const auto options = Chosen();
  const auto batch = BatchOfKinds(30000, GetParam());
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  WriteAll(SchemaOf(GetParam()), groups, {batch}, options);
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto file = ReadBack(groups[i].path);
    for (size_t j = 0; j < groups[i].columns.size(); ++j) {
      const auto& name = batch->schema()->field(groups[i].columns[j])->name();
      const auto chunk = ChunkOf(file, static_cast<int>(j));
      const auto encoding = ParquetEncoding(*options.columns.at(name).encoding);
      EXPECT_TRUE(Has(*chunk, encoding)) << name;
      EXPECT_FALSE(chunk->has_dictionary_page()) << name;
    }
  }
  ExpectReadsBack(Cut(batch, 7000), batch, GetParam(), options);
  auto stock = options;
  stock.own_pages = false;
  ExpectReadsBack(Cut(batch, 7000), batch, GetParam(), stock);
}

INSTANTIATE_TEST_SUITE_P(Nulls, WriterEncodings, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Some" : "None"; });

TEST(WriterEncodingChoices, HoldColumnsOfNulls) {
  const auto schema = SchemaOf(true);
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(arrow::MakeArrayOfNull(field->type(), 5000).ValueOrDie());
  }
  const auto batch = arrow::RecordBatch::Make(schema, 5000, columns);
  ExpectReadsBack(Cut(batch, 1700), batch, true, Chosen());
}

TEST(WriterEncodingChoices, AreRefusedWhereTheyCannotBe) {
  ScratchDir dir;
  const auto open = [&](const char* column, ColumnEncoding encoding, Layout layout) {
    auto options = DefaultOptions(Layout::kFast);
    options.layout = layout;
    options.columns[column].encoding = encoding;
    const auto opened =
        PackedWriter::Open(SchemaOf(true), GroupsOf(dir, Groups()), options, LocalStore());
    return CodeOf(opened.status());
  };
  using enum ColumnEncoding;
  for (const auto& [column, encoding] : {std::pair{"text", kByteStreamSplit},
                                         {"text", kDeltaBinaryPacked},
                                         {"flag", kByteStreamSplit},
                                         {"flag", kDeltaBinaryPacked},
                                         {"double", kDeltaBinaryPacked},
                                         {"noise", kDeltaByteArray},
                                         {"vector", kDeltaByteArray},
                                         {"vector", kDeltaLengthByteArray},
                                         {"float", kDeltaLengthByteArray}}) {
    EXPECT_EQ(open(column, encoding, Layout::kFast), ErrorCode::kInvalidArgument) << column;
  }
  EXPECT_EQ(open("vector", kByteStreamSplit, Layout::kMilvus), ErrorCode::kNotSupported);
  EXPECT_EQ(open("text", kDeltaByteArray, Layout::kMilvus), ErrorCode::kNotSupported);
  EXPECT_TRUE(dir.Entries().empty());
}

}  // namespace
}  // namespace packed::testing
