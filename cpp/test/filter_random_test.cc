// Random filters over random columns, beside the definition: of rows, and of rows within bounds.

#include <cmath>
#include <random>

#include "gtest/gtest.h"

#include "filter_evaluate.h"
#include "filter_outcomes.h"
#include "filter_support.h"

namespace packed::test {
namespace {

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

}  // namespace
}  // namespace packed::test
