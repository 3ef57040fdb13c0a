// Projection, read schemas, fields that files do not have, defaults, vectors as lists.

#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

class ReaderSchema : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteParquet(
        dir_ / "0",
        {.table = TableOf({IdField(100, "1", arrow::int64()), IdField(1, "100", arrow::int64())},
                          {Int64s(kRows), Int64s(kRows, 7, 3)}),
         .row_groups = {10, 90},
         .groups = "100,1;101"});
    WriteParquet(dir_ / "1",
                 {.table = TableOf({IdField(101, "0", arrow::utf8(), true)}, {Strings(kRows)}),
                  .row_groups = {60, 40},
                  .groups = "100,1;101"});
    paths_ = {dir_ / "0", dir_ / "1"};
  }

  arrow::Status OpenStatus(ReaderOptions options) const {
    return OpenReader(paths_, std::move(options)).status();
  }

  static constexpr int64_t kRows = 100;
  TempDir dir_;
  std::vector<std::string> paths_;
};

TEST_F(ReaderSchema, OwnSchemaHasTheFieldIdsAndNothingElse) {
  const auto reader = OpenReader(paths_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const auto expected =
      arrow::schema({IdField(100, "1", arrow::int64()), IdField(1, "100", arrow::int64()),
                     IdField(101, "0", arrow::utf8(), true)});
  EXPECT_TRUE((*reader)->schema()->Equals(*expected, /*check_metadata=*/true))
      << (*reader)->schema()->ToString(true);
  EXPECT_FALSE((*reader)->schema()->HasMetadata());
}

TEST_F(ReaderSchema, NumericNamesAreNotIds) {
  ReaderOptions by_name;
  by_name.columns = {{std::string("100"), std::string("0"), std::string("1")}};
  auto table = ReadFiles(paths_, by_name);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE((*table)->column(0)->chunk(0)->Slice(0, 10)->Equals(*Int64s(10, 7, 3)));
  EXPECT_TRUE(ColumnOf(**table, "1")->Equals(*Int64s(kRows)));
  ReaderOptions by_id;
  by_id.columns = {{int64_t{100}, int64_t{1}}};
  table = ReadFiles(paths_, by_id);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->schema()->field_names(), (std::vector<std::string>{"1", "100"}));
  EXPECT_TRUE(ColumnOf(**table, "1")->Equals(*Int64s(kRows)));
}

TEST_F(ReaderSchema, UnknownDuplicateAndEmptyColumns) {
  ReaderOptions options;
  options.columns = {{std::string("nothing")}};
  EXPECT_TRUE(FailsWith(OpenStatus(options), ErrorCode::kInvalidArgument, {"nothing"}));
  EXPECT_EQ(DescribeError(OpenStatus(options)).context.field, "nothing");
  options.columns = {{int64_t{999}}};
  EXPECT_TRUE(FailsWith(OpenStatus(options), ErrorCode::kInvalidArgument, {"999"}));
  options.columns = {{int64_t{100}, std::string("1")}};
  EXPECT_TRUE(FailsWith(OpenStatus(options), ErrorCode::kInvalidArgument, {"twice"}));
  options.columns.emplace();
  EXPECT_TRUE(FailsWith(OpenStatus(options), ErrorCode::kInvalidArgument, {"empty"}));
}

TEST_F(ReaderSchema, Case23And37_MissingFieldsInPlaceAndOneIdTwice) {
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField(400, "new", arrow::float32()), IdField(101, "text", arrow::utf8()),
                     IdField(100, "id", arrow::int64()), IdField(100, "again", arrow::int64())});
  const auto table = ReadFiles(paths_, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE((*table)->schema()->field(0)->nullable());
  EXPECT_EQ((*table)->column(0)->null_count(), kRows);
  EXPECT_TRUE(ColumnOf(**table, "text")->Equals(*Strings(kRows)));
  EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(kRows)));
  EXPECT_TRUE(ColumnOf(**table, "again")->Equals(*Int64s(kRows)));
}

TEST_F(ReaderSchema, Case37_BadFieldIdInTheSchema) {
  ReaderOptions options;
  options.schema = arrow::schema({arrow::field(
      "f", arrow::int64(), arrow::key_value_metadata({"PARQUET:field_id"}, {"not_a_number"}))});
  EXPECT_TRUE(FailsWith(OpenStatus(options), ErrorCode::kInvalidSchema, {"f"}));
}

TEST_F(ReaderSchema, FieldsWithoutIdsMatchByName) {
  ReaderOptions options;
  options.schema =
      arrow::schema({arrow::field("0", arrow::utf8()), arrow::field("x", arrow::int8()),
                     arrow::field("1", arrow::int64())});
  const auto table = ReadFiles(paths_, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "0")->Equals(*Strings(kRows)));
  EXPECT_TRUE(ColumnOf(**table, "1")->Equals(*Int64s(kRows)));
  EXPECT_EQ(ColumnOf(**table, "x")->null_count(), kRows);
}

TEST_F(ReaderSchema, OnlyUnknownFieldsHaveAllRows) {
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField(400, "new", arrow::float32()), IdField(401, "text", arrow::utf8())});
  options.batch_rows = 33;
  const auto table = ReadFiles(paths_, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), kRows);
  EXPECT_EQ((*table)->column(1)->null_count(), kRows);
  EXPECT_EQ((*table)->column(1)->num_chunks(), 4);
}

TEST_F(ReaderSchema, DefaultsFillMissingFields) {
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField(400, "n", arrow::int32()), IdField(100, "id", arrow::int64()),
                     IdField(401, "t", arrow::utf8()), IdField(402, "z", arrow::int8())});
  arrow::Int32Builder numbers;
  arrow::StringBuilder texts;
  ASSERT_TRUE(numbers.Append(42).ok());
  ASSERT_TRUE(texts.Append("plain").ok());
  options.defaults = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("n", arrow::int32()), arrow::field("t", arrow::utf8()),
                     arrow::field("id", arrow::int64())}),
      1, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), Int64s(1, -1)});
  const auto table = ReadFiles(paths_, options);
  ASSERT_TRUE(table.ok()) << table.status();
  const auto n = ColumnOf(**table, "n");
  const auto t = ColumnOf(**table, "t");
  for (int64_t i = 0; i < kRows; ++i) {
    EXPECT_EQ(static_cast<const arrow::Int32Array&>(*n).Value(i), 42);
    EXPECT_EQ(static_cast<const arrow::StringArray&>(*t).GetView(i), "plain");
  }
  EXPECT_TRUE(ColumnOf(**table, "id")->Equals(*Int64s(kRows)));
  EXPECT_EQ(ColumnOf(**table, "z")->null_count(), kRows);
  EXPECT_FALSE((*table)->schema()->field(0)->nullable());
  EXPECT_TRUE((*table)->schema()->field(3)->nullable());
}

TEST_F(ReaderSchema, DefaultsOfAnotherTypeNameOrLength) {
  ReaderOptions options;
  options.schema = arrow::schema({IdField(400, "n", arrow::int32())});
  const auto give = [&](const std::string& name, int64_t rows) {
    options.defaults = arrow::RecordBatch::Make(arrow::schema({arrow::field(name, arrow::int64())}),
                                                rows, {Int64s(rows)});
    return OpenStatus(options);
  };
  EXPECT_TRUE(FailsWith(give("n", 1), ErrorCode::kTypeMismatch, {"field n", "int32", "int64"}));
  EXPECT_TRUE(FailsWith(give("m", 1), ErrorCode::kInvalidArgument, {"received m"}));
  EXPECT_TRUE(FailsWith(give("n", 2), ErrorCode::kInvalidArgument, {"one row"}));
}

TEST_F(ReaderSchema, NullsInARequiredFieldComeAsAnErrorWhereTheyAre) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < kRows; ++i) {
    ASSERT_TRUE((i == 70 ? builder.AppendNull() : builder.Append(i)).ok());
  }
  WriteParquet(dir_ / "n", {.table = TableOf({IdField(5, "a", arrow::int64(), true)},
                                             {builder.Finish().ValueOrDie()}),
                            .row_groups = {50, 50},
                            .groups = "5"});
  ReaderOptions options;
  options.schema = arrow::schema({IdField(5, "a", arrow::int64())});
  const auto reader = OpenReader({dir_ / "n"}, options);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const auto first = (*reader)->ReadNext();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ((*first)->num_rows(), 50);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(FailsWith((*reader)->ReadNext().status(), ErrorCode::kInvalidData, {"field a"}));
  }
}

TEST_F(ReaderSchema, VectorsAsLists) {
  std::string bytes(12 * kRows, '\0');
  for (int64_t i = 0; i < 3 * kRows; ++i) {
    const float value = static_cast<float>(i) / 4;
    memcpy(bytes.data() + 4 * i, &value, 4);
  }
  const auto vectors = std::make_shared<arrow::FixedSizeBinaryArray>(
      arrow::fixed_size_binary(12), kRows, arrow::Buffer::FromString(bytes));
  WriteParquet(dir_ / "v",
               {.table = TableOf({IdField(5, "v", vectors->type())}, {vectors}), .groups = "5"});
  ReaderOptions options;
  options.vectors = VectorForm::kFixedSizeList;
  const auto table = ReadFiles({dir_ / "v"}, options);
  ASSERT_TRUE(table.ok()) << table.status();
  const auto lists = ColumnOf(**table, "v");
  ASSERT_TRUE(lists->type()->Equals(*arrow::fixed_size_list(arrow::float32(), 3)));
  const auto& values = static_cast<const arrow::FloatArray&>(
      *static_cast<const arrow::FixedSizeListArray&>(*lists).values());
  for (int64_t i = 0; i < 3 * kRows; ++i) EXPECT_EQ(values.Value(i), static_cast<float>(i) / 4);

  const auto odd = std::make_shared<arrow::FixedSizeBinaryArray>(arrow::fixed_size_binary(6), kRows,
                                                                 arrow::Buffer::FromString(bytes));
  WriteParquet(dir_ / "o",
               {.table = TableOf({IdField(5, "v", odd->type())}, {odd}), .groups = "5"});
  EXPECT_TRUE(FailsWith(OpenReader({dir_ / "o"}, options).status(), ErrorCode::kTypeMismatch,
                        {"field v", "fixed_size_binary[6]"}));
}

}  // namespace
}  // namespace packed::test
