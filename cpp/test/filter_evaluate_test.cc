// What a filter is for each row of arrays, and what it may be for rows of which bounds are known.

#include "filter_evaluate.h"

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "arrow/util/float16.h"
#include "gtest/gtest.h"

#include "filter_outcomes.h"
#include "filter_prune.h"
#include "filter_support.h"
#include "packed/error.h"

namespace packed::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// 'T', 'F' or 'N' for each row of one column named x.
std::string Evaluate(const Filter& filter, const std::shared_ptr<arrow::Array>& x) {
  const auto bound = BindFilter(filter, arrow::Schema({arrow::field("x", x->type())}));
  EXPECT_TRUE(bound.ok()) << bound.status();
  if (!bound.ok()) return "";
  const FilterMask mask = EvaluateFilter(*bound, {x}, x->length()).ValueOrDie();
  std::string outcomes;
  for (int64_t row = 0; row < x->length(); ++row) {
    const bool is_true = (mask.is_true[row / 64] >> (row % 64) & 1) != 0;
    const bool is_false = (mask.is_false[row / 64] >> (row % 64) & 1) != 0;
    EXPECT_FALSE(is_true && is_false);
    outcomes += is_true ? 'T' : is_false ? 'F' : 'N';
  }
  return outcomes;
}

std::shared_ptr<arrow::Array> Doubles(const std::vector<Cell>& cells) {
  return ArrayOf({"x", arrow::float64(), cells});
}

TEST(FilterEvaluate, NaNEqualsNothingAndIsInNoOrder) {
  const auto x = Doubles({kNaN, 1.0, std::nullopt});
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kEqual, kNaN), x), "FFN");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kNotEqual, kNaN), x), "TTN");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kNotEqual, 1.0), x), "TFN");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kLess, kNaN), x), "FFN");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kGreaterEqual, 0.0), x), "FTN");
  EXPECT_EQ(Evaluate(NoneOf(Where("x", FilterOp::kLess, 2.0)), x), "TFN");
  EXPECT_EQ(Evaluate(In("x", {kNaN, 1.0}), x), "FTN");
}

TEST(FilterEvaluate, MinusZeroIsZero) {
  const auto x = Doubles({-0.0, 0.0});
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kEqual, 0.0), x), "TT");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kLess, 0.0), x), "FF");
  EXPECT_EQ(Evaluate(In("x", {-0.0}), x), "TT");
  EXPECT_EQ(Evaluate(In("x", {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, -0.0}), x), "TT");
}

TEST(FilterEvaluate, FloatsOfFewerBitsCompareAsWhatTheyAre) {
  const auto single = ArrayOf({"x", arrow::float32(), {0.1, 0.5}});
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kEqual, 0.1), single), "FF");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kEqual, static_cast<double>(0.1F)), single), "TF");
  arrow::HalfFloatBuilder builder;
  for (const float value : {0.5F, -2.0F}) {
    ASSERT_TRUE(builder.Append(arrow::util::Float16::FromFloat(value).bits()).ok());
  }
  const auto half = builder.Finish().ValueOrDie();
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kLess, 0.0), half), "FT");
  EXPECT_EQ(Evaluate(In("x", {0.5}), half), "TF");
}

TEST(FilterEvaluate, IntegersOfAllBitsAreExact) {
  constexpr int64_t kLarge = int64_t{1} << 53;
  const auto x = Int64s(3, kLarge);
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kEqual, kLarge + 1), x), "FTF");
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kGreater, kLarge + 1), x), "FFT");
  const auto huge =
      ArrayOf({"x", arrow::uint64(), {std::numeric_limits<uint64_t>::max(), int64_t{0}}});
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kGreater, std::numeric_limits<int64_t>::max()), huge),
            "TF");
  EXPECT_EQ(Evaluate(In("x", {std::numeric_limits<uint64_t>::max()}), huge), "TF");
}

TEST(FilterEvaluate, AnEmptyListIsFalseAndNullForNulls) {
  EXPECT_EQ(Evaluate(In("x", {}), Doubles({1.0, std::nullopt})), "FN");
  EXPECT_EQ(Evaluate(NoneOf(In("x", {})), Doubles({1.0, std::nullopt})), "TN");
}

TEST(FilterEvaluate, LogicIsKleenes) {
  const std::vector<Filter> outcomes{Where("x", FilterOp::kEqual, 1.0),
                                     Where("x", FilterOp::kNotEqual, 1.0),
                                     Where("y", FilterOp::kEqual, 1.0)};
  const auto schema =
      arrow::schema({arrow::field("x", arrow::float64()), arrow::field("y", arrow::float64())});
  const auto of = [&](const Filter& filter) {
    const auto bound = BindFilter(filter, *schema).ValueOrDie();
    const auto mask =
        EvaluateFilter(bound, {Doubles({1.0}), Doubles({std::nullopt})}, 1).ValueOrDie();
    return mask.is_true[0] != 0 ? 'T' : mask.is_false[0] != 0 ? 'F' : 'N';
  };
  std::string both;
  std::string either;
  for (const Filter& a : outcomes) {
    for (const Filter& b : outcomes) {
      both += of(AllOf({a, b}));
      either += of(AnyOf({a, b}));
    }
  }
  EXPECT_EQ(both, "TFNFFFNFN");
  EXPECT_EQ(either, "TTTTFNTNN");
}

TEST(FilterEvaluate, DictionariesViewsAndColumnsOfNullsAreColumnsToo) {
  const auto values =
      ArrayOf({"x", arrow::utf8(), {std::string("b"), std::nullopt, std::string("a")}});
  const auto indices =
      ArrayOf({"x", arrow::int32(), {int64_t{2}, int64_t{0}, std::nullopt, int64_t{1}}});
  const auto dictionary = arrow::DictionaryArray::FromArrays(
                              arrow::dictionary(arrow::int32(), arrow::utf8()), indices, values)
                              .ValueOrDie();
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kGreater, std::string("a")), dictionary), "FTNN");
  EXPECT_EQ(Evaluate(IsNull("x"), dictionary), "FFTT");
  EXPECT_EQ(Evaluate(IsNull("x"), dictionary->Slice(1, 2)), "FT");
  arrow::StringViewBuilder builder;
  ASSERT_TRUE(builder.Append("longer than twelve bytes").ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto views = builder.Finish().ValueOrDie();
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kNotEqual, std::string("longer")), views), "TN");
  const auto nulls = std::make_shared<arrow::NullArray>(3);
  EXPECT_EQ(Evaluate(Where("x", FilterOp::kEqual, true), nulls), "NNN");
  EXPECT_EQ(Evaluate(IsNull("x"), nulls), "TTT");
}

TEST(FilterEvaluate, WhatDoesNotFitIsNamed) {
  const arrow::Schema columns({arrow::field("price", arrow::int64()),
                               arrow::field("v", arrow::fixed_size_binary(8)),
                               arrow::field("n", arrow::uint32())});
  const auto bind = [&](const Filter& filter) { return BindFilter(filter, columns).status(); };
  EXPECT_TRUE(FailsWith(bind(Where("price", FilterOp::kEqual, 1.5)), ErrorCode::kTypeMismatch,
                        {"price", "int64", "float"}));
  EXPECT_TRUE(
      FailsWith(bind(Where("price", FilterOp::kEqual, std::numeric_limits<uint64_t>::max())),
                ErrorCode::kTypeMismatch, {"price", "18446744073709551615"}));
  EXPECT_TRUE(FailsWith(bind(In("n", {int64_t{1}, int64_t{-1}})), ErrorCode::kTypeMismatch,
                        {"n (uint32)", "-1"}));
  EXPECT_TRUE(
      FailsWith(bind(Where("n", FilterOp::kEqual, true)), ErrorCode::kTypeMismatch, {"n", "true"}));
  EXPECT_TRUE(FailsWith(bind(Where("v", FilterOp::kEqual, std::string("x"))),
                        ErrorCode::kTypeMismatch, {"v (fixed_size_binary[8])"}));
  EXPECT_TRUE(bind(IsNull("v")).ok());
  EXPECT_TRUE(FailsWith(bind(IsNull("w")), ErrorCode::kInvalidArgument, {"known column", "w"}));
  EXPECT_TRUE(FailsWith(bind(AllOf({})), ErrorCode::kInvalidArgument, {"arguments", "0"}));
  EXPECT_TRUE(FailsWith(bind({FilterOp::kLess, {}, "price", {}}), ErrorCode::kInvalidArgument,
                        {"1 value", "0"}));
  Filter deep = IsNull("v");
  for (int i = 0; i <= kMostFilterDepth; ++i) deep = NoneOf(std::move(deep));
  EXPECT_TRUE(FailsWith(bind(deep), ErrorCode::kInvalidArgument, {"256 levels"}));
  EXPECT_TRUE(bind(deep.args.front()).ok());
}

class RandomFilters : public ::testing::TestWithParam<unsigned> {
 protected:
  RandomFilters() : random_(GetParam()), columns_(DrawColumns(&random_, 150)) {
    arrow::FieldVector fields;
    for (const auto& column : columns_) {
      fields.push_back(arrow::field(column.name, column.type));
      arrays_.push_back(ArrayOf(column));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  /// The bounds that the rows have indeed, or fewer.
  ColumnBounds BoundsOfCells(const CellColumn& column, int64_t begin, int64_t end);

  std::mt19937 random_;
  const std::vector<CellColumn> columns_;
  arrow::ArrayVector arrays_;
  std::shared_ptr<arrow::Schema> schema_;
};

template <typename T>
void Widen(const T& value, Limits<T>* limits) {
  if (!limits->least || value < *limits->least) limits->least = value;
  if (!limits->most || *limits->most < value) limits->most = value;
}

ColumnBounds RandomFilters::BoundsOfCells(const CellColumn& column, int64_t begin, int64_t end) {
  ColumnBounds bounds;
  bounds.may_be_null = false;
  bounds.may_have_value = false;
  const FilterKind kind = FilterKindOf(*column.type);
  Limits<int64_t> integers;
  Limits<uint64_t> naturals;
  Limits<double> floats;
  Limits<std::string> texts;
  for (int64_t row = begin; row < end; ++row) {
    const Cell& cell = column.cells[row];
    (cell ? bounds.may_have_value : bounds.may_be_null) = true;
    if (!cell) continue;
    if (const auto* text = std::get_if<std::string>(&*cell)) Widen(*text, &texts);
    if (const auto* flag = std::get_if<bool>(&*cell)) Widen<uint64_t>(*flag ? 1 : 0, &naturals);
    if (const auto* large = std::get_if<uint64_t>(&*cell)) Widen(*large, &naturals);
    if (const auto* number = std::get_if<int64_t>(&*cell)) {
      if (kind == FilterKind::kSigned) Widen(*number, &integers);
      if (kind == FilterKind::kUnsigned) Widen(static_cast<uint64_t>(*number), &naturals);
    }
    const auto* number = std::get_if<double>(&*cell);
    if (number != nullptr && std::isnan(*number)) bounds.may_be_nan = true;
    if (number != nullptr && !std::isnan(*number)) Widen(*number, &floats);
  }
  if (kind == FilterKind::kSigned) bounds.limits = integers;
  if (kind == FilterKind::kUnsigned || kind == FilterKind::kBoolean) bounds.limits = naturals;
  if (kind == FilterKind::kFloat) bounds.limits = floats;
  if (kind == FilterKind::kBytes) bounds.limits = texts;
  if (random_() % 8 == 0) bounds.limits = std::monostate();
  return bounds;
}

TEST_P(RandomFilters, RowsAreThoseOfTheDefinition) {
  for (int i = 0; i < 100; ++i) {
    const Filter filter = DrawFilter(&random_, columns_);
    const auto bound = BindFilter(filter, *schema_).ValueOrDie();
    const int64_t skip = static_cast<int64_t>(random_() % 70);
    arrow::ArrayVector slices;
    for (const auto& array : arrays_) slices.push_back(array->Slice(skip));
    const FilterMask mask = EvaluateFilter(bound, slices, 150 - skip).ValueOrDie();
    std::vector<int64_t> kept;
    const auto booleans = ToBooleans(mask.is_true, 150 - skip);
    for (int64_t row = 0; row < booleans->length(); ++row) {
      if (booleans->Value(row)) kept.push_back(row + skip);
    }
    std::vector<int64_t> expected = RowsWhere(filter, columns_);
    std::erase_if(expected, [skip](int64_t row) { return row < skip; });
    ASSERT_EQ(kept, expected) << i;
    ASSERT_EQ(CountBits(mask.is_true), static_cast<int64_t>(expected.size()));
  }
}

/// Sound for each row, and no broader than single leaves have to be.
TEST_P(RandomFilters, OutcomesOfBoundsHaveThoseOfEveryRow) {
  for (int i = 0; i < 200; ++i) {
    const Filter filter = DrawFilter(&random_, columns_);
    const auto bound = BindFilter(filter, *schema_).ValueOrDie();
    const auto begin = static_cast<int64_t>(random_() % 149);
    const int64_t end = begin + 1 + static_cast<int64_t>(random_() % (150 - begin));
    std::vector<ColumnBounds> bounds;
    std::vector<const ColumnBounds*> known;
    for (const auto& column : columns_) bounds.push_back(BoundsOfCells(column, begin, end));
    for (const auto& column : bounds) known.push_back(&column);
    const Outcomes outcomes = OutcomesOf(bound, known);
    for (int64_t row = begin; row < end; ++row) {
      const auto judged = Judge(filter, columns_, row);
      const Outcomes own = !judged ? kMayBeNull : *judged ? kMayBeTrue : kMayBeFalse;
      ASSERT_NE(outcomes & own, 0) << i << " row " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFilters, ::testing::Range(0U, 12U));

ColumnBounds Between(int64_t least, int64_t most) {
  ColumnBounds bounds;
  bounds.may_be_null = false;
  bounds.limits = Limits<int64_t>{least, most};
  return bounds;
}

Outcomes OutcomesFor(const Filter& filter, const ColumnBounds& x) {
  const arrow::Schema schema({arrow::field("x", arrow::int64())});
  return OutcomesOf(BindFilter(filter, schema).ValueOrDie(), {&x});
}

TEST(FilterOutcomes, AreAsFewAsBoundsAllow) {
  const ColumnBounds x = Between(10, 20);
  for (const auto& [op, value, expected] : std::vector<std::tuple<FilterOp, int64_t, Outcomes>>{
           {FilterOp::kEqual, 9, kMayBeFalse},
           {FilterOp::kEqual, 10, kMayBeTrue | kMayBeFalse},
           {FilterOp::kNotEqual, 21, kMayBeTrue},
           {FilterOp::kLess, 10, kMayBeFalse},
           {FilterOp::kLess, 21, kMayBeTrue},
           {FilterOp::kLessEqual, 10, kMayBeTrue | kMayBeFalse},
           {FilterOp::kLessEqual, 20, kMayBeTrue},
           {FilterOp::kGreater, 20, kMayBeFalse},
           {FilterOp::kGreaterEqual, 20, kMayBeTrue | kMayBeFalse},
           {FilterOp::kGreaterEqual, 10, kMayBeTrue}}) {
    EXPECT_EQ(OutcomesFor(Where("x", op, value), x), expected) << static_cast<int>(op) << value;
  }
  EXPECT_EQ(OutcomesFor(In("x", {int64_t{9}, int64_t{21}}), x), kMayBeFalse);
  EXPECT_EQ(OutcomesFor(In("x", {int64_t{9}, int64_t{15}}), x), kMayBeTrue | kMayBeFalse);
  EXPECT_EQ(OutcomesFor(IsNull("x"), x), kMayBeFalse);
  EXPECT_EQ(OutcomesFor(Where("x", FilterOp::kEqual, int64_t{7}), Between(7, 7)), kMayBeTrue);
  EXPECT_EQ(OutcomesFor(In("x", {int64_t{7}}), Between(7, 7)), kMayBeTrue);
  // Limits the wrong way round say nothing.
  EXPECT_EQ(OutcomesFor(Where("x", FilterOp::kEqual, int64_t{0}), Between(9, 7)),
            kMayBeTrue | kMayBeFalse);
  ColumnBounds nulls;
  nulls.may_have_value = false;
  EXPECT_EQ(OutcomesFor(NoneOf(Where("x", FilterOp::kEqual, int64_t{1})), nulls), kMayBeNull);
}

TEST(FilterPrune, JudgesFromEachEndToTheNext) {
  const arrow::Schema schema(
      {arrow::field("x", arrow::int64()), arrow::field("y", arrow::int64())});
  const std::vector<BoundedColumn> columns{
      {{10, Between(0, 9)}, {20, Between(10, 19)}, {30, Between(20, 29)}},
      {{15, Between(0, 0)}, {25, Between(1, 1)}, {30, Between(0, 0)}}};
  const auto kept = [&](const Filter& filter) {
    return RowsThatMayMatch(BindFilter(filter, schema).ValueOrDie(), columns, 30);
  };
  const Filter x = Where("x", FilterOp::kGreaterEqual, int64_t{10});
  const Filter y = Where("y", FilterOp::kEqual, int64_t{1});
  EXPECT_EQ(kept(x), (RowRanges{{10, 30}}));
  EXPECT_EQ(kept(AllOf({x, y})), (RowRanges{{15, 25}}));
  EXPECT_EQ(kept(AllOf({NoneOf(x), y})), RowRanges{});
  EXPECT_EQ(kept(AnyOf({NoneOf(x), y})), (RowRanges{{0, 10}, {15, 25}}));
}

}  // namespace
}  // namespace packed::test
