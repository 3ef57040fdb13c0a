// What a filter is for each row of arrays.

#include "filter_evaluate.h"

#include <limits>

#include "arrow/util/float16.h"
#include "gtest/gtest.h"

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

}  // namespace
}  // namespace packed::test
