// What a filter may be for rows of which bounds are known.

#include "filter_outcomes.h"

#include <tuple>

#include "gtest/gtest.h"

#include "filter_prune.h"
#include "filter_support.h"

namespace packed::test {
namespace {

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
