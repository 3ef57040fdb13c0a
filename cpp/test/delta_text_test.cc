// Strings as deltas: what is encoded is decoded, and damaged pages are errors.

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "gtest/gtest.h"

#include "delta_encode.h"
#include "page_support.h"
#include "text_delta.h"

namespace packed::test {
namespace {

using Encoding = parquet::Encoding;
using Values = std::vector<std::string>;

constexpr int32_t kNumbers[] = {kDeltaLengthText, kDeltaText};

Encoding::type EncodingOf(int32_t number) {
  return number == kDeltaText ? Encoding::DELTA_BYTE_ARRAY : Encoding::DELTA_LENGTH_BYTE_ARRAY;
}

template <typename Builder>
std::shared_ptr<arrow::Array> ArrayOf(const Values& values, int64_t null_every = 0) {
  Builder builder;
  for (size_t i = 0; i < values.size(); ++i) {
    const bool null = null_every > 0 && i % null_every == 0;
    EXPECT_TRUE((null ? builder.AppendNull() : builder.Append(values[i])).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::string Encoded(int32_t number, const arrow::ArrayVector& pieces) {
  return EncodeDeltas(EncodingOf(number), pieces).ValueOrDie()->ToString();
}

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Values ValuesOf(const TextRows& text) {
  Values values;
  for (int64_t row = 0; row < text.rows; ++row) {
    const int64_t* const at = text.starts() + row;
    values.emplace_back(text.bytes->data_as<char>() + at[0], static_cast<size_t>(at[1] - at[0]));
  }
  return values;
}

Values Decoded(int32_t number, const std::string& bytes, int64_t count) {
  const auto text = ReadText(number, BytesOf(bytes), count, nullptr, count);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? ValuesOf(*text) : Values{};
}

Values SortedPaths(int64_t count) {
  Values values;
  for (int64_t i = 0; i < count; ++i) values.push_back("collection/part/" + std::to_string(i / 3));
  values.emplace_back();
  values.emplace_back(5000, 'x');
  values.emplace_back(5001, 'x');
  return values;
}

TEST(DeltaText, DecodesWhatItEncodes) {
  for (const int32_t number : kNumbers) {
    for (const int64_t count : {0, 1, 2, 127, 128, 129, 5000}) {
      const Values values = SortedPaths(count);
      const auto size = static_cast<int64_t>(values.size());
      const auto whole = ArrayOf<arrow::StringBuilder>(values);
      const std::string bytes = Encoded(number, {whole});
      EXPECT_EQ(Decoded(number, bytes, size), values);
      // However the rows come, and with offsets of 64 bits.
      EXPECT_EQ(Encoded(number, {whole->Slice(0, 2), whole->Slice(2)}), bytes);
      EXPECT_EQ(Encoded(number, {ArrayOf<arrow::LargeBinaryBuilder>(values)}), bytes);
    }
  }
}

TEST(DeltaText, LeavesOutWhatTheValueBeforeBeginsWith) {
  const auto array = ArrayOf<arrow::StringBuilder>(SortedPaths(3000));
  EXPECT_LT(5 * Encoded(kDeltaText, {array}).size(), Encoded(kDeltaLengthText, {array}).size());
}

TEST(DeltaText, PutsValuesAtTheirRows) {
  const Values values{"-", "aa", "ab", "-", "abc", "", "-", "b"};
  const auto array = ArrayOf<arrow::StringBuilder>(values, 3);
  for (const int32_t number : kNumbers) {
    const std::string bytes = Encoded(number, {array});
    const auto text = ReadText(number, BytesOf(bytes), 5, array->null_bitmap_data(), 8);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(ValuesOf(*text), (Values{"", "aa", "ab", "", "abc", "", "", "b"}));
    const std::vector<uint8_t> nothing(1, 0);
    const auto nulls = ReadText(number, {}, 0, nothing.data(), 8);
    ASSERT_TRUE(nulls.ok()) << nulls.status();
    EXPECT_EQ(ValuesOf(*nulls), Values(8));
  }
}

TEST(DeltaText, EveryCutIsAnError) {
  const Values values = SortedPaths(300);
  const auto count = static_cast<int64_t>(values.size());
  for (const int32_t number : kNumbers) {
    const std::string bytes = Encoded(number, {ArrayOf<arrow::StringBuilder>(values)});
    for (size_t size = 0; size < bytes.size(); size += 1 + size / 50) {
      EXPECT_FALSE(ReadText(number, BytesOf(bytes).first(size), count, nullptr, count).ok())
          << size;
    }
    EXPECT_FALSE(ReadText(number, BytesOf(bytes), count - 1, nullptr, count - 1).ok());
    EXPECT_FALSE(ReadText(number, BytesOf(bytes), count + 1, nullptr, count + 1).ok());
  }
}

/// Under a sanitizer this reads and writes nothing that is not there.
TEST(DeltaText, DamageIsAnErrorOrOtherText) {
  std::mt19937_64 random(7);
  const Values values = SortedPaths(300);
  const auto count = static_cast<int64_t>(values.size());
  for (const int32_t number : kNumbers) {
    const std::string whole = Encoded(number, {ArrayOf<arrow::StringBuilder>(values)});
    int64_t errors = 0;
    for (int i = 0; i < 3000; ++i) {
      std::string bytes = whole;
      for (uint64_t j = 0; j <= random() % 3; ++j) {
        bytes[random() % std::min<size_t>(bytes.size(), 400)] = static_cast<char>(random());
      }
      const auto text = ReadText(number, BytesOf(bytes), count, nullptr, count);
      errors += text.ok() ? 0 : 1;
      if (text.ok()) {
        EXPECT_EQ(ValuesOf(*text).size(), values.size());
      }
    }
    EXPECT_GT(errors, 100);
  }
}

std::string Numbers(int64_t count, int32_t first, int32_t others) {
  arrow::Int32Builder builder;
  EXPECT_TRUE(builder.Append(first).ok());
  for (int64_t i = 1; i < count; ++i) EXPECT_TRUE(builder.Append(others).ok());
  const auto array = builder.Finish().ValueOrDie();
  return EncodeDeltas(Encoding::DELTA_BINARY_PACKED, {array}).ValueOrDie()->ToString();
}

TEST(DeltaText, RefusesWhatPrefixesMakeOfNothing) {
  constexpr int64_t kCount = 1 << 20;
  constexpr int32_t kLength = 1 << 20;
  const std::string text(kLength, 'x');
  const auto page = [&](int64_t count) {
    return Numbers(count, 0, kLength) + Numbers(count, kLength, 0) + text;
  };
  EXPECT_EQ(Decoded(kDeltaText, page(3), 3), Values(3, text));
  const std::string terabyte = page(kCount);
  const auto refused = ReadText(kDeltaText, BytesOf(terabyte), kCount, nullptr, kCount);
  EXPECT_TRUE(refused.status().IsIOError()) << refused.status();
  const std::string orphan = Numbers(1, 1, 0) + Numbers(1, 0, 0);
  EXPECT_FALSE(ReadText(kDeltaText, BytesOf(orphan), 1, nullptr, 1).ok());
}

}  // namespace
}  // namespace packed::test
