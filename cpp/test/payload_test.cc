// Columns that live in Parquet files of their own, inside other files or in memory.

#include "packed/payload.h"

#include <chrono>
#include <filesystem>
#include <numeric>

#include "arrow/array/concatenate.h"
#include "arrow/array/util.h"
#include "arrow/io/memory.h"
#include "parquet/arrow/reader.h"
#include "parquet/file_reader.h"

#include "packed/memory.h"
#include "packed/writer.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

std::shared_ptr<arrow::RecordBatch> OneColumn(const std::shared_ptr<arrow::Array>& column,
                                              bool nullable = true) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("val", column->type(), nullable)}),
                                  column->length(), {column});
}

std::shared_ptr<arrow::Buffer> Encode(const arrow::RecordBatchVector& batches,
                                      const PayloadEncoding& encoding = {}) {
  return EncodePayload(batches.front()->schema(), batches, encoding).ValueOrDie();
}

Payload InMemory(const std::shared_ptr<arrow::Array>& column) {
  auto bytes = Encode({OneColumn(column)});
  const int64_t length = bytes->size();
  return {"", std::move(bytes), 0, length};
}

/// The rest of a source as one table.
arrow::Result<std::shared_ptr<arrow::Table>> Drain(BatchSource& source) {
  arrow::RecordBatchVector batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto batch, source.ReadNext());
    if (!batch) break;
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    batches.push_back(std::move(batch));
  }
  ARROW_ASSIGN_OR_RAISE(const auto again, source.ReadNext());
  if (again) return arrow::Status::Invalid("a batch after the end");
  return arrow::Table::FromRecordBatches(source.schema(), batches);
}

arrow::Result<std::shared_ptr<arrow::Table>> Read(const std::shared_ptr<arrow::Schema>& schema,
                                                  std::vector<PayloadColumn> columns,
                                                  PayloadReaderOptions options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto opened,
                        OpenPayloads(schema, std::move(columns), std::move(options), LocalStore()));
  ARROW_ASSIGN_OR_RAISE(auto table, Drain(*opened.source));
  if (table->num_rows() != opened.rows) return arrow::Status::Invalid("other rows than announced");
  return table;
}

/// Files of payloads with other bytes before, between and behind them, as a binlog has them.
class PayloadFiles : public ::testing::Test {
 protected:
  /// One payload for each of `columns`, all in one file.
  std::vector<Payload> Write(const std::string& name, const arrow::ArrayVector& columns) {
    std::string file(157, '!');
    std::vector<Payload> payloads;
    for (const auto& column : columns) {
      const auto bytes = Encode({OneColumn(column)});
      payloads.push_back({dir_ / name, nullptr, static_cast<int64_t>(file.size()), bytes->size()});
      file += bytes->ToString() + std::string(33, '?');
    }
    TempDir::Write(dir_ / name, file);
    return payloads;
  }

  TempDir dir_;
  const std::shared_ptr<arrow::Schema> schema_ =
      arrow::schema({IdField(100, "id", arrow::int64()), IdField(102, "text", arrow::utf8())});
};

TEST(EncodePayload, EveryTypeComesBack) {
  const auto numbers = Int64s(1000, -500)->View(arrow::int64()).ValueOrDie();
  const auto cast = [&](const std::shared_ptr<arrow::DataType>& type) {
    arrow::ArrayVector parts;
    for (int i = 0; i < 500; ++i) {
      parts.push_back(arrow::MakeArrayFromScalar(*arrow::MakeScalar(type, i % 100).ValueOrDie(), 1)
                          .ValueOrDie());
      parts.push_back(arrow::MakeArrayOfNull(type, 1).ValueOrDie());
    }
    return arrow::Concatenate(parts).ValueOrDie();
  };
  arrow::FieldVector fields;
  std::vector<PayloadColumn> columns;
  arrow::ArrayVector expected;
  for (const auto& type : {arrow::boolean(), arrow::int8(), arrow::int16(), arrow::int32(),
                           arrow::int64(), arrow::float32(), arrow::float64()}) {
    expected.push_back(cast(type));
  }
  expected.push_back(Strings(1000));
  expected.push_back(Strings(1000)->View(arrow::binary()).ValueOrDie());
  expected.push_back(numbers->View(arrow::fixed_size_binary(8)).ValueOrDie());
  expected.push_back(arrow::MakeArrayOfNull(arrow::utf8(), 1000).ValueOrDie());
  for (const auto& column : expected) {
    fields.push_back(arrow::field("f" + std::to_string(fields.size()), column->type()));
    columns.push_back({{InMemory(column)}, 0});
  }
  const auto table = Read(arrow::schema(fields), columns).ValueOrDie();
  for (int i = 0; i < table->num_columns(); ++i) {
    EXPECT_TRUE(ColumnOf(*table, fields[i]->name())->Equals(*expected[i])) << *expected[i]->type();
  }
}

TEST(EncodePayload, AFileIsWhatTheWriterOfPayloadsMakes) {
  for (const bool dictionary : {true, false}) {
    SCOPED_TRACE(dictionary);
    const auto batch = OneColumn(Strings(2000), /*nullable=*/false);
    const auto bytes = Encode({batch, batch->Slice(0, 0), batch->Slice(7, 11)},
                              {{arrow::Compression::ZSTD, 3}, dictionary});
    const auto file =
        parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(bytes));
    const auto& metadata = *file->metadata();
    EXPECT_EQ(metadata.num_rows(), 2011);
    EXPECT_EQ(metadata.num_row_groups(), 1);
    EXPECT_EQ(metadata.key_value_metadata(), nullptr);
    EXPECT_EQ(metadata.schema()->Column(0)->max_definition_level(), 0);
    const auto chunk = metadata.RowGroup(0)->ColumnChunk(0);
    EXPECT_EQ(chunk->compression(), parquet::Compression::ZSTD);
    EXPECT_EQ(chunk->has_dictionary_page(), dictionary);
    EXPECT_TRUE(chunk->is_stats_set());
  }
}

TEST(EncodePayload, NoRowsAreAFileWithoutRowGroups) {
  const auto schema = arrow::schema({arrow::field("val", arrow::int64())});
  const auto bytes = EncodePayload(schema, {}, {}).ValueOrDie();
  const auto table = Read(schema, {{{{"", bytes, 0, bytes->size()}}, 0}}).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 0);
}

TEST(EncodePayload, BadInputIsNamed) {
  const auto schema = arrow::schema({arrow::field("val", arrow::int64(), false)});
  const auto nulls = arrow::RecordBatch::Make(
      schema, 2, arrow::ArrayVector{arrow::MakeArrayOfNull(arrow::int64(), 2).ValueOrDie()});
  const auto texts = arrow::RecordBatch::Make(schema, 2, arrow::ArrayVector{Strings(2)});
  EXPECT_TRUE(FailsWith(EncodePayload(schema, {nulls}, {}).status(), ErrorCode::kInvalidData,
                        {"'val'", "null"}));
  EXPECT_TRUE(FailsWith(EncodePayload(schema, {texts}, {}).status(), ErrorCode::kTypeMismatch,
                        {"'val'", "string"}));
  EXPECT_TRUE(FailsWith(EncodePayload(schema, {}, {{arrow::Compression::ZSTD, 99}, true}).status(),
                        ErrorCode::kInvalidArgument, {"99"}));
  EXPECT_TRUE(
      FailsWith(EncodePayload(arrow::schema({}), {}, {}).status(), ErrorCode::kInvalidSchema));
}

TEST_F(PayloadFiles, ColumnsAreCutAtDifferentRows) {
  auto ids = Write("100", {Int64s(700), Int64s(1, 700), Int64s(0), Int64s(2299, 701)});
  const auto more = Write("100b", {Int64s(3000, 3000)});
  ids.insert(ids.end(), more.begin(), more.end());
  const auto texts = Strings(6000);
  const auto payloads = Write("102", {texts->Slice(0, 4000), texts->Slice(4000)});
  PayloadReaderOptions options;
  options.batch_rows = 512;
  const auto table = Read(schema_, {{ids, 0}, {payloads, 0}}, options).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 6000);
  EXPECT_TRUE(ColumnOf(*table, "id")->Equals(*Int64s(6000)));
  EXPECT_TRUE(ColumnOf(*table, "text")->Equals(*texts));
  EXPECT_TRUE(table->schema()->Equals(*schema_, /*check_metadata=*/true));
  for (const auto& chunk : table->column(0)->chunks()) EXPECT_LE(chunk->length(), 512);
}

TEST_F(PayloadFiles, UnequalTotalsNameBothFields) {
  const auto ids = Write("100", {Int64s(10), Int64s(10)});
  const auto texts = Write("102", {Strings(19)});
  const auto status = Read(schema_, {{ids, 0}, {texts, 0}}).status();
  EXPECT_TRUE(FailsWith(status, ErrorCode::kFileCorrupted, {"id", "20", "text", "19"}));
  EXPECT_EQ(DescribeError(status).context.path, dir_ / "102");
  EXPECT_EQ(DescribeError(status).context.field, "text");
}

TEST_F(PayloadFiles, APayloadCutShortIsNeverAnEnd) {
  const auto ids = Write("100", {Int64s(1000)});
  const auto schema = arrow::schema({schema_->field(0)});
  for (const int64_t missing : {int64_t{1}, int64_t{8}, int64_t{100}, ids[0].length}) {
    SCOPED_TRACE(missing);
    auto cut = ids;
    cut[0].length -= missing;
    const auto status = Read(schema, {{cut, 0}}).status();
    EXPECT_TRUE(FailsWith(status, ErrorCode::kFileCorrupted));
    EXPECT_EQ(DescribeError(status).context.path, ids[0].path);
    EXPECT_EQ(DescribeError(status).context.field, "id");
  }
  for (const auto& [offset, length] : std::vector<std::pair<int64_t, int64_t>>{
           {-1, 10}, {0, -1}, {int64_t{1} << 40, 1}, {1, INT64_MAX}, {157, 1 << 20}}) {
    auto outside = ids;
    outside[0].offset = offset;
    outside[0].length = length;
    EXPECT_TRUE(FailsWith(Read(schema, {{outside, 0}}).status(), ErrorCode::kFileCorrupted,
                          {ids[0].path, std::to_string(length)}));
  }
  auto other = ids;
  other[0].path = dir_ / "none";
  EXPECT_TRUE(FailsWith(Read(schema, {{other, 0}}).status(), ErrorCode::kNotFound));
}

TEST_F(PayloadFiles, AFileThatChangesUnderAReaderIsNoticed) {
  const auto schema = arrow::schema({schema_->field(0)});
  // Of another size, and of the same.
  for (const int64_t rows : {1001, 1000}) {
    const auto ids = Write("100", {Int64s(1000)});
    auto opened = OpenPayloads(schema, {{ids, 0}}, {}, LocalStore()).ValueOrDie();
    Write("100", {Int64s(rows)});
    const auto later = std::filesystem::last_write_time(ids[0].path) + std::chrono::seconds(1);
    std::filesystem::last_write_time(ids[0].path, later);
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(
          FailsWith(opened.source->ReadNext().status(), ErrorCode::kFileChanged, {ids[0].path}));
    }
  }
}

TEST_F(PayloadFiles, FieldsWithoutPayloadsAreConstants) {
  const auto schema =
      arrow::schema({IdField(100, "id", arrow::int64()), IdField(103, "added", arrow::utf8()),
                     IdField(104, "empty", arrow::float64())});
  PayloadReaderOptions options;
  options.rows = 77;  // has no say where a column has payloads
  options.defaults = arrow::RecordBatch::Make(arrow::schema({arrow::field("added", arrow::utf8())}),
                                              1, {Strings(1, "d")});
  const auto ids = Write("100", {Int64s(20), Int64s(10, 20)});
  const auto table = Read(schema, {{ids, 0}, {}, {}}, options).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 30);
  for (int64_t row = 0; row < 30; ++row) {
    EXPECT_EQ(static_cast<const arrow::StringArray&>(*ColumnOf(*table, "added")).GetView(row),
              "d0");
  }
  EXPECT_EQ(table->column(2)->null_count(), 30);
  EXPECT_FALSE(table->schema()->field(1)->nullable());
  EXPECT_TRUE(table->schema()->field(2)->nullable());

  options.output = std::vector<int>{1};
  EXPECT_EQ(Read(schema, {{ids, 0}, {}, {}}, options).ValueOrDie()->num_rows(), 77);

  options.defaults = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("added", arrow::int64())}), 1, {Int64s(1)});
  EXPECT_TRUE(FailsWith(Read(schema, {{ids, 0}, {}, {}}, options).status(),
                        ErrorCode::kTypeMismatch, {"added", "int64"}));
}

TEST_F(PayloadFiles, SeveralColumnsOfOnePayload) {
  const auto both = TableOf({arrow::field("0", arrow::utf8()), arrow::field("1", arrow::int64())},
                            {Strings(50), Int64s(50)});
  const auto batch = both->CombineChunksToBatch().ValueOrDie();
  const auto bytes = Encode({batch});
  const Payload payload{"", bytes, 0, bytes->size()};
  const auto table = Read(schema_, {{{payload, payload}, 1}, {{payload, payload}, 0}}).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 100);
  EXPECT_TRUE(ColumnOf(*table, "id")->Slice(50)->Equals(*Int64s(50)));
  EXPECT_TRUE(FailsWith(Read(schema_, {{{payload}, 2}, {{payload}, 0}}).status(),
                        ErrorCode::kFileCorrupted, {"id", "position 2", "2 columns"}));
}

TEST_F(PayloadFiles, TypesAreRestoredOrRefused) {
  const auto bytes = Write("102", {Strings(9)->View(arrow::binary()).ValueOrDie()});
  const auto text = arrow::schema({schema_->field(1)});
  EXPECT_TRUE(ColumnOf(*Read(text, {{bytes, 0}}).ValueOrDie(), "text")->Equals(*Strings(9)));
  const auto ids = Write("100", {Int64s(9)});
  const auto status = Read(text, {{ids, 0}}).status();
  EXPECT_TRUE(FailsWith(status, ErrorCode::kTypeMismatch, {"int64", "string", "text"}));
  EXPECT_EQ(DescribeError(status).context.path, ids[0].path);
  const auto nulls = Write("n", {arrow::MakeArrayOfNull(arrow::utf8(), 3).ValueOrDie()});
  EXPECT_TRUE(FailsWith(Read(text, {{nulls, 0}}).status(), ErrorCode::kInvalidData, {"text"}));
}

TEST_F(PayloadFiles, OnlyFilesWhoseTurnItIsAreOpen) {
  const auto open_files = [] {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return std::distance(begin(descriptors), end(descriptors));
  };
  std::vector<Payload> ids;
  for (int i = 0; i < 200; ++i) {
    const auto one = Write("id" + std::to_string(i), {Int64s(10, i * 10)});
    ids.insert(ids.end(), one.begin(), one.end());
  }
  const auto before = open_files();
  auto opened =
      OpenPayloads(arrow::schema({schema_->field(0)}), {{ids, 0}}, {}, LocalStore()).ValueOrDie();
  EXPECT_EQ(opened.rows, 2000);
  EXPECT_LE(open_files(), before + 1);
  int64_t rows = 0;
  while (const auto batch = opened.source->ReadNext().ValueOrDie()) {
    EXPECT_TRUE(batch->column(0)->Equals(*Int64s(batch->num_rows(), rows)));
    rows += batch->num_rows();
    EXPECT_LE(open_files(), before + 4);
  }
  EXPECT_EQ(rows, 2000);
  opened.source->Close();
  EXPECT_EQ(open_files(), before);
}

TEST_F(PayloadFiles, MemoryStaysWithinTheBudget) {
  std::vector<Payload> ids;
  for (int i = 0; i < 4; ++i) {
    const auto one = Write("id" + std::to_string(i), {Int64s(1 << 20, int64_t{i} << 20)});
    ids.insert(ids.end(), one.begin(), one.end());
  }
  PayloadReaderOptions options;
  options.buffer_bytes = 1 << 20;
  auto opened = OpenPayloads(arrow::schema({schema_->field(0)}), {{ids, 0}}, options, LocalStore())
                    .ValueOrDie();
  const int64_t before = Pool()->bytes_allocated();
  int64_t most = 0;
  int64_t rows = 0;
  while (const auto batch = opened.source->ReadNext().ValueOrDie()) {
    most = std::max(most, Pool()->bytes_allocated() - before);
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 4 << 20);
  // Every payload has 8 MiB: the budget, and pages and dictionaries of two decoders, are less.
  EXPECT_LT(most, 7 << 20);
}

TEST_F(PayloadFiles, CancelAndClose) {
  const auto ids = Write("100", {Int64s(20000)});
  const auto schema = arrow::schema({schema_->field(0)});
  PayloadReaderOptions options;
  auto opened = OpenPayloads(schema, {{ids, 0}}, options, LocalStore()).ValueOrDie();
  ASSERT_TRUE(opened.source->ReadNext().ok());
  options.cancel.Cancel();
  EXPECT_TRUE(FailsWith(opened.source->ReadNext().status(), ErrorCode::kAborted));
  EXPECT_TRUE(FailsWith(OpenPayloads(schema, {{ids, 0}}, options, LocalStore()).status(),
                        ErrorCode::kAborted));
  for (int i = 0; i < 2; ++i) opened.source->Close();
  EXPECT_TRUE(FailsWith(opened.source->ReadNext().status(), ErrorCode::kClosed));
}

TEST_F(PayloadFiles, ArgumentsAreChecked) {
  const auto ids = Write("100", {Int64s(5)});
  const auto texts = Write("102", {Strings(5)});
  const std::vector<PayloadColumn> columns{{ids, 0}, {texts, 0}};
  const auto fails = [&](PayloadReaderOptions options, const std::vector<std::string>& parts) {
    return FailsWith(Read(schema_, columns, std::move(options)).status(),
                     ErrorCode::kInvalidArgument, parts);
  };
  EXPECT_TRUE(FailsWith(Read(schema_, {{ids, 0}}).status(), ErrorCode::kInvalidArgument,
                        {"2 fields", "1"}));
  PayloadReaderOptions options;
  options.rows = -1;
  EXPECT_TRUE(fails(options, {"-1"}));
  options = {};
  options.batch_rows = 0;
  EXPECT_TRUE(fails(options, {"batch_rows"}));
  options = {};
  options.output = std::vector<int>{2};
  EXPECT_TRUE(fails(options, {"2"}));
  options.output = std::vector<int>{1, 1};
  EXPECT_TRUE(fails(options, {"text", "twice"}));
  options = {};
  options.visible = VisibleRows{Visibility::Make(1), 100, 999};
  EXPECT_TRUE(fails(options, {"999"}));
}

}  // namespace
}  // namespace packed::test
