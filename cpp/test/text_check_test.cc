#include "text_check.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "arrow/builder.h"
#include "gtest/gtest.h"

namespace packed {
namespace {

using arrow::Array;

/// Texts of these bytes whatever they are; `nulls` by row.
template <typename Texts, typename Offset>
std::shared_ptr<Array> TextsOf(const std::vector<std::string>& values,
                               const std::vector<bool>& nulls = {}) {
  std::string bytes;
  std::vector<Offset> offsets{0};
  arrow::TypedBufferBuilder<bool> validity;
  for (size_t row = 0; row < values.size(); ++row) {
    bytes += values[row];
    offsets.push_back(static_cast<Offset>(bytes.size()));
    EXPECT_TRUE(validity.Append(nulls.empty() || !nulls[row]).ok());
  }
  return std::make_shared<Texts>(
      static_cast<int64_t>(values.size()), arrow::Buffer::FromVector(std::move(offsets)),
      arrow::Buffer::FromString(std::move(bytes)), nulls.empty() ? nullptr : *validity.Finish());
}

std::shared_ptr<Array> Texts(const std::vector<std::string>& values,
                             const std::vector<bool>& nulls = {}) {
  return TextsOf<arrow::StringArray, int32_t>(values, nulls);
}

TEST(TextCheck, TextsOfAnyLanguageAreValid) {
  EXPECT_TRUE(ValidateColumn(*Texts({})).ok());
  EXPECT_TRUE(ValidateColumn(*Texts({"", ""})).ok());
  EXPECT_TRUE(ValidateColumn(*Texts({"a", "", "\x7f"})).ok());
  EXPECT_TRUE(ValidateColumn(*Texts({"\u00e9t\u00e9", "\u6771\u4eac", "\U0001f600", ""})).ok());
}

TEST(TextCheck, ACharacterThatIsCutInTwoTextsIsNone) {
  const auto texts = Texts({"a\xc3", "\xa9z"});
  EXPECT_EQ(ValidateColumn(*texts).ToString(), texts->ValidateFull().ToString());
  EXPECT_FALSE(ValidateColumn(*texts).ok());
  EXPECT_TRUE(ValidateColumn(*Texts({"a\xc3\xa9z", ""})).ok());
}

TEST(TextCheck, BytesOfNullsAndOutsideOfASliceDoNotCount) {
  EXPECT_TRUE(ValidateColumn(*Texts({"a", "\xff", "b"}, {false, true, false})).ok());
  EXPECT_TRUE(ValidateColumn(*Texts({"\xff", "\u00e9", "\xff"})->Slice(1, 1)).ok());
  EXPECT_FALSE(ValidateColumn(*Texts({"\xff", "\u00e9", "\xff"})->Slice(1, 2)).ok());
}

TEST(TextCheck, OffsetsAreLookedAtFirst) {
  auto data = Texts({"abc", "def"})->data()->Copy();
  for (const std::vector<int32_t>& offsets :
       {std::vector<int32_t>{0, 4, 2}, std::vector<int32_t>{0, 3, 1 << 30},
        std::vector<int32_t>{-4, 3, 6}}) {
    data->buffers[1] = arrow::Buffer::FromVector(offsets);
    const auto texts = arrow::MakeArray(data);
    EXPECT_FALSE(ValidateColumn(*texts).ok());
    EXPECT_EQ(ValidateColumn(*texts).ToString(), texts->ValidateFull().ToString());
  }
}

/// Short texts of few different bytes: many are valid, and as many nearly.
std::string AnyText(std::mt19937* random) {
  static const std::vector<std::string> parts = {"a",    "\u00e9", "\u6771", "\U0001f600", "\xc3",
                                                 "\xa9", "\xe6",   "\xff",   "",           ""};
  std::string text;
  for (size_t n = (*random)() % 4; n > 0; --n) {
    const bool is_whole = (*random)() % 8 != 0;
    text += parts[(*random)() % (is_whole ? 4 : parts.size())];
  }
  return text;
}

TEST(TextCheck, SaysWhatArrowSays) {
  std::mt19937 random(5);
  int valid = 0;
  constexpr int kColumns = 2000;
  for (int column = 0; column < kColumns; ++column) {
    std::vector<std::string> values;
    std::vector<bool> nulls;
    for (size_t row = 0; row < 6; ++row) {
      values.push_back(AnyText(&random));
      nulls.push_back(random() % 4 == 0);
    }
    const bool is_nullable = column % 2 == 0;
    const auto given = is_nullable ? nulls : std::vector<bool>{};
    const auto texts = column % 3 == 0 ? TextsOf<arrow::LargeStringArray, int64_t>(values, given)
                                       : Texts(values, given);
    const auto slice = texts->Slice(static_cast<int64_t>(random() % 3));
    EXPECT_EQ(ValidateColumn(*slice).ToString(), slice->ValidateFull().ToString());
    valid += slice->ValidateFull().ok() ? 1 : 0;
  }
  EXPECT_GT(valid, kColumns / 5);
  EXPECT_LT(valid, kColumns * 4 / 5);
}

TEST(TextCheck, OtherTypesAreCheckedByArrow) {
  auto data = arrow::ArrayData::Make(arrow::int32(), 4, {nullptr, nullptr});
  EXPECT_FALSE(ValidateColumn(*arrow::MakeArray(data)).ok());
}

}  // namespace
}  // namespace packed
