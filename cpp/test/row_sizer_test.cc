#include "row_sizer.h"

#include <memory>
#include <utility>

#include "arrow/array.h"
#include "gtest/gtest.h"

#include "stored_type.h"
#include "writer_harness.h"

namespace packed::testing {
namespace {

int64_t BitsOf(const arrow::Array& array, bool nullable, int64_t begin, int64_t end) {
  const auto field = arrow::field("f", array.type(), nullable);
  return RowSizer({{array.data().get(), field.get()}}).Bits(begin, end);
}

TEST(RowSizer, FixedWidthCountsValuesAndValidity) {
  const auto numbers = Json(arrow::int32(), "[1, null, 3]");
  EXPECT_EQ(BitsOf(*numbers, true, 0, 3), 3 * 33);
  EXPECT_EQ(BitsOf(*numbers, false, 1, 3), 2 * 32);
  EXPECT_EQ(BitsOf(*Json(arrow::boolean(), "[true, false]"), true, 0, 2), 4);
  EXPECT_EQ(BitsOf(*Json(arrow::null(), "[null]"), false, 0, 1), 0);
}

TEST(RowSizer, StringsCountOffsetsAndTheBytesOfTheSlice) {
  const auto words = Json(arrow::utf8(), R"(["a", "bb", "", "dddd"])");
  EXPECT_EQ(BitsOf(*words, false, 0, 4), 8 * (16 + 7));
  EXPECT_EQ(BitsOf(*words->Slice(1), false, 0, 2), 8 * (8 + 2));
  EXPECT_EQ(BitsOf(*Json(arrow::large_utf8(), R"(["a"])"), false, 0, 1), 8 * (8 + 1));
}

TEST(RowSizer, NestedRangesGoThroughOffsets) {
  const auto lists = Json(arrow::list(arrow::int16()), "[[1, 2, 3], [], [4]]");
  EXPECT_EQ(BitsOf(*lists, false, 0, 3), 3 * 32 + 4 * 17);
  EXPECT_EQ(BitsOf(*lists->Slice(2), false, 0, 1), 32 + 17);
  const auto structs = Json(arrow::struct_({arrow::field("a", arrow::utf8(), false)}),
                            R"([{"a": "xx"}, {"a": "y"}])");
  EXPECT_EQ(BitsOf(*structs->Slice(1), true, 0, 1), 1 + 32 + 8);
}

/// What is dictionary-encoded, a view or a list view takes what its decoded form takes.
TEST(RowSizer, EncodedColumnsHaveTheirDecodedSize) {
  const auto dictionary =
      arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                         Json(arrow::int8(), "[1, null, 0, 1, 1]"),
                                         Json(arrow::utf8(), R"(["a", "bbbb"])"))
          .ValueOrDie();
  const auto fixed = arrow::DictionaryArray::FromArrays(
                         arrow::dictionary(arrow::int8(), arrow::int64()),
                         Json(arrow::int8(), "[1, null, 0]"), Json(arrow::int64(), "[5, 6]"))
                         .ValueOrDie();
  const std::vector<std::shared_ptr<arrow::Array>> encoded = {
      dictionary, fixed, Json(arrow::utf8_view(), R"(["a", null, "more than twelve bytes", ""])"),
      Json(arrow::list_view(arrow::utf8()), R"([["a", "bb"], null, [], ["c"]])")};
  for (const auto& array : encoded) {
    SCOPED_TRACE(array->type()->ToString());
    const auto stored = StoredType(array->type());
    for (int64_t begin = 0; begin < array->length(); ++begin) {
      const auto slice = array->Slice(begin);
      const auto plain = arrow::MakeArray(ToStored(slice->data(), stored).ValueOrDie());
      for (int64_t end = 0; end <= slice->length(); ++end) {
        EXPECT_EQ(BitsOf(*slice, true, 0, end), BitsOf(*plain, true, 0, end));
      }
    }
  }
}

TEST(RowSizer, VectorsCountAsTheirBytes) {
  const auto lists = Json(arrow::list(arrow::float32()), "[[1, 2], null]");
  const auto field = arrow::field("v", lists->type());
  EXPECT_EQ(RowSizer({{lists->data().get(), field.get(), 8}}).Bits(0, 2), 2 * 65);
}

TEST(RowSizer, ShortestRunIsTheFirstThatReachesTheTarget) {
  const auto words = Json(arrow::utf8(), R"(["", "xxxxxxxxxx", "", "y", ""])");
  const auto field = arrow::field("f", words->type(), false);
  const RowSizer sizer({{words->data().get(), field.get()}});
  for (int64_t begin = 0; begin < 5; ++begin) {
    for (int64_t bits = 0; bits < 400; ++bits) {
      int64_t expected = -1;
      for (int64_t end = begin + 1; end <= 5 && expected < 0; ++end) {
        if (sizer.Bits(begin, end) >= bits) expected = end;
      }
      ASSERT_EQ(sizer.ShortestRun(begin, 5, bits), expected) << begin << " " << bits;
    }
  }
  EXPECT_EQ(sizer.ShortestRun(5, 5, 0), -1);
}

}  // namespace
}  // namespace packed::testing
