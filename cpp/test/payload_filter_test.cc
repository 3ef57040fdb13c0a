// Filters over columns that live in payloads of their own (StorageV1).

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "filter_support.h"
#include "packed/payload.h"
#include "packed/visibility.h"

namespace packed::test {
namespace {

using Numbers = std::vector<int64_t>;

constexpr int64_t kRows = 1000;

Payload InMemory(const std::shared_ptr<arrow::Array>& column) {
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("val", column->type())}),
                                              column->length(), {column});
  const auto bytes = EncodePayload(batch->schema(), {batch}, {}).ValueOrDie();
  return {"", bytes, 0, bytes->size()};
}

/// One payload for each of `lengths`, which add up to the rows of `column`.
PayloadColumn Cut(const std::shared_ptr<arrow::Array>& column, const Numbers& lengths) {
  PayloadColumn cut;
  int64_t first = 0;
  for (const int64_t length : lengths) {
    cut.payloads.push_back(InMemory(column->Slice(first, length)));
    first += length;
  }
  return cut;
}

/// Rows 0 to 999 of ts = row + 1, id = row, text = its number, and a field that has no payloads.
class PayloadFilter : public ::testing::Test {
 protected:
  arrow::Result<OpenedPayloads> Open(Filter filter, PayloadReaderOptions options = {}) const {
    options.filter = std::move(filter);
    return OpenPayloads(schema_, columns_, std::move(options), nullptr);
  }

  static void ExpectRows(OpenedPayloads& opened, const Numbers& rows) {
    const auto table = ReadRest(*opened.source).ValueOrDie();
    EXPECT_EQ(NumbersOf(*table, "id"), rows);
    EXPECT_EQ(opened.meter->Read().rows_filtered, opened.rows - static_cast<int64_t>(rows.size()));
  }

  const std::shared_ptr<arrow::Schema> schema_ = arrow::schema(
      {IdField(1, "ts", arrow::int64()), IdField(100, "id", arrow::int64()),
       IdField(102, "text", arrow::utf8()), IdField(103, "added", arrow::int32(), true)});
  const std::vector<PayloadColumn> columns_{Cut(Int64s(kRows, 1), {600, 400}),
                                            Cut(Int64s(kRows), {1, 998, 1}),
                                            Cut(Strings(kRows, ""), {1000}),
                                            {}};
};

TEST_F(PayloadFilter, RowsAreThoseForWhichItIsTrue) {
  auto some = Open(In("id", {int64_t{0}, int64_t{600}, int64_t{999}, int64_t{-1}})).ValueOrDie();
  EXPECT_EQ(some.rows, kRows);
  ExpectRows(some, {0, 600, 999});
  auto both = Open(AllOf({Where("text", FilterOp::kEqual, std::string("7")),
                          Where("ts", FilterOp::kLess, int64_t{100})}))
                  .ValueOrDie();
  ExpectRows(both, {7});
  auto none = Open(Where("id", FilterOp::kLess, int64_t{0})).ValueOrDie();
  ExpectRows(none, {});
  EXPECT_EQ(none.source->ReadNext().ValueOrDie(), nullptr);
}

TEST_F(PayloadFilter, ColumnsThatDoNotComeOutAreJudged) {
  PayloadReaderOptions options;
  options.output = std::vector<int>{2};
  auto opened = Open(Where("id", FilterOp::kGreaterEqual, int64_t{998}), options).ValueOrDie();
  EXPECT_EQ(opened.source->schema()->field_names(), (std::vector<std::string>{"text"}));
  const auto texts = ReadRest(*opened.source).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*texts, "text")->Equals(*Texts({"998", "999"})));
}

TEST_F(PayloadFilter, AFieldWithoutPayloadsIsItsDefaultOrNull) {
  auto nulls = Open(AllOf({IsNull("added"), In("id", {int64_t{3}})})).ValueOrDie();
  ExpectRows(nulls, {3});
  auto unknown = Open(NoneOf(Where("added", FilterOp::kEqual, int64_t{7}))).ValueOrDie();
  ExpectRows(unknown, {});
  PayloadReaderOptions options;
  options.defaults = arrow::RecordBatch::Make(arrow::schema({schema_->field(3)}), 1,
                                              {ArrayOf({"added", arrow::int32(), {int64_t{7}}})});
  auto given = Open(AllOf({Where("added", FilterOp::kEqual, int64_t{7}),
                           Where("id", FilterOp::kLess, int64_t{2})}),
                    options)
                   .ValueOrDie();
  ExpectRows(given, {0, 1});
}

TEST_F(PayloadFilter, HoldsAmongVisibleRowsOnly) {
  PayloadReaderOptions options;
  options.output = std::vector<int>{1};
  options.visible = VisibleRows{Visibility::Make(502), /*key_field=*/100, /*timestamp_field=*/1};
  ASSERT_TRUE(options.visible->filter->AddDeletes(*Longs({500}), *Longs({502})).ok());
  auto opened = Open(Where("text", FilterOp::kGreaterEqual, std::string("499")), options);
  // Text above "499" among the visible rows 0 to 501, of which 500 is deleted.
  Numbers expected;
  for (int64_t row = 0; row < 502; ++row) {
    if (std::to_string(row) >= "499" && row != 500) expected.push_back(row);
  }
  EXPECT_EQ(NumbersOf(*ReadRest(*opened->source).ValueOrDie(), "id"), expected);
  EXPECT_EQ(options.visible->filter->hidden_rows(), kRows - 502 + 1);
  EXPECT_EQ(opened->meter->Read().rows_filtered, 501 - static_cast<int64_t>(expected.size()));
}

TEST_F(PayloadFilter, WhatDoesNotFitIsNamedAtTheOpening) {
  EXPECT_TRUE(
      FailsWith(Open(IsNull("price")).status(), ErrorCode::kInvalidArgument, {"known", "price"}));
  EXPECT_TRUE(FailsWith(Open(Where("id", FilterOp::kEqual, std::string("1"))).status(),
                        ErrorCode::kTypeMismatch, {"id (int64)"}));
  EXPECT_TRUE(FailsWith(Open(AnyOf({})).status(), ErrorCode::kInvalidArgument, {"arguments"}));
}

TEST_F(PayloadFilter, EndsWhereItIsClosedOrCancelled) {
  PayloadReaderOptions options;
  options.batch_rows = 10;
  auto opened = Open(Where("id", FilterOp::kGreaterEqual, int64_t{0}), options).ValueOrDie();
  EXPECT_EQ(opened.source->ReadNext().ValueOrDie()->num_rows(), 1);  // the first payload
  options.cancel.Cancel();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(FailsWith(opened.source->ReadNext().status(), ErrorCode::kAborted));
  }
  auto closed = Open(IsNull("added")).ValueOrDie();
  for (int i = 0; i < 2; ++i) closed.source->Close();
  EXPECT_TRUE(FailsWith(closed.source->ReadNext().status(), ErrorCode::kClosed));
}

class RandomPayloadFilter : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomPayloadFilter, RowsAreThoseOfTheDefinition) {
  std::mt19937 random(GetParam());
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  const int64_t rows = draw(1, 300);
  const auto columns = DrawColumns(&random, rows);
  arrow::FieldVector fields{arrow::field("row", arrow::int64())};
  std::vector<PayloadColumn> payloads{Cut(Int64s(rows), {rows})};
  for (const auto& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    const int64_t first = draw(0, rows);
    payloads.push_back(Cut(ArrayOf(column), {first, rows - first}));
  }
  for (int i = 0; i < 20; ++i) {
    PayloadReaderOptions options;
    options.filter = DrawFilter(&random, columns);
    options.output = std::vector<int>{0};
    if (draw(0, 1) == 0) options.batch_rows = draw(1, 40);
    const auto opened = OpenPayloads(arrow::schema(fields), payloads, options, nullptr);
    ASSERT_TRUE(opened.ok()) << opened.status();
    const auto table = ReadRest(*opened->source);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(NumbersOf(**table, "row"), RowsWhere(*options.filter, columns)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPayloadFilter, ::testing::Range(0U, 8U));

}  // namespace
}  // namespace packed::test
