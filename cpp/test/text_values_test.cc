// Strings as PLAIN has them: damaged lengths are errors, whatever they leave for the others.

#include <cstdint>
#include <span>
#include <string>

#include "gtest/gtest.h"

#include "text_values.h"

namespace packed::test {
namespace {

void Append(uint32_t length, const std::string& value, std::string* page) {
  page->append(reinterpret_cast<const char*>(&length), sizeof(length));
  *page += value;
}

arrow::Result<TextRows> Read(const std::string& page, int64_t count) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(page.data());
  return ReadPlainText(std::span(bytes, page.size()), count, nullptr, count);
}

TEST(TextValues, AreThoseOfThePage) {
  std::string page;
  Append(3, "abc", &page);
  Append(0, "", &page);
  Append(5, "defgh", &page);
  const TextRows text = *Read(page, 3);
  EXPECT_EQ(text.starts()[1], 3);
  EXPECT_EQ(text.starts()[2], 3);
  EXPECT_EQ(text.starts()[3], 8);
  EXPECT_EQ(text.bytes->ToString().substr(0, 8), "abcdefgh");
}

TEST(TextValues, ThatTakeTheLengthsOfOthersAreRefused) {
  constexpr int64_t kCount = 100;
  std::string page;
  for (int64_t i = 0; i < kCount; ++i) Append(1, "x", &page);
  // The first value is all that follows: more than there is room for without the other lengths.
  const auto rest = static_cast<uint32_t>(page.size() - sizeof(uint32_t));
  page.replace(0, sizeof(rest), reinterpret_cast<const char*>(&rest), sizeof(rest));
  EXPECT_TRUE(Read(page, kCount).status().IsIOError());
}

TEST(TextValues, ThatEndBeyondThePageAreRefused) {
  std::string page;
  Append(4, "abc", &page);
  EXPECT_TRUE(Read(page, 1).status().IsIOError());
  EXPECT_TRUE(Read(page, 2).status().IsIOError());
}

}  // namespace
}  // namespace packed::test
