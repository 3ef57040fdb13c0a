// The JSON of our footer keys.

#include "json_value.h"

#include <cmath>
#include <limits>
#include <random>

#include "gtest/gtest.h"

#include "packed/error.h"

namespace packed {
namespace {

JsonValue Parsed(const std::string& text) {
  const auto value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << text << ": " << value.status();
  return value.ok() ? *value : JsonValue{};
}

TEST(JsonValue, HasEveryKindOfValue) {
  const JsonValue value =
      Parsed(R"( {"a" : [1, -2.5e3, true, false, null, "x"], "b": {"c": {}}, "a": 7, "d": []} )");
  const auto* list = value.Find("a")->As<JsonValue::List>();
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->size(), 6);
  EXPECT_EQ(*(*list)[0].As<double>(), 1);
  EXPECT_EQ(*(*list)[1].As<double>(), -2500);
  EXPECT_TRUE(*(*list)[2].As<bool>());
  EXPECT_FALSE(*(*list)[3].As<bool>());
  EXPECT_NE((*list)[4].As<std::nullptr_t>(), nullptr);
  EXPECT_EQ(*(*list)[5].As<std::string>(), "x");
  EXPECT_NE(value.Find("b")->Find("c")->As<JsonValue::Members>(), nullptr);
  EXPECT_TRUE(value.Find("d")->As<JsonValue::List>()->empty());
  EXPECT_EQ(value.Find("e"), nullptr);
  EXPECT_EQ((*list)[0].Find("a"), nullptr);
}

TEST(JsonValue, ReadsEscapes) {
  const JsonValue value = Parsed(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")");
  EXPECT_EQ(*value.As<std::string>(), "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600");
}

TEST(JsonValue, RefusesWhatIsNone) {
  for (const char* text :
       {"",        " ",         "{",           "}",           "[1,]",   "{\"a\"}",    "{\"a\":}",
        "{a:1}",   "[1 2]",     "1 2",         "01",          "-",      "+1",         ".5",
        "1.",      "1.e3",      "1e",          "1e999x",      "nul",    "truex",      "\"a",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\n\"", "{\"a\":1,}", "[\"a\":1]",
        "inf",     "nan"}) {
    const auto value = ParseJson(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(DescribeError(value.status()).code, ErrorCode::kInvalidData) << text;
  }
}

TEST(JsonValue, BoundsTheDepth) {
  const std::string deep(32, '[');
  EXPECT_TRUE(ParseJson(deep + std::string(32, ']')).ok());
  EXPECT_FALSE(ParseJson(std::string(100000, '[')).ok());
}

TEST(JsonValue, TextAndNumbersComeBack) {
  const std::string text("a\"\\\x01\n\u00e9 z");
  EXPECT_EQ(*Parsed(JsonText(text)).As<std::string>(), text);
  for (const double number :
       {0.0, 1.0, -1.5, 0.1, 1e300, 5e-324, static_cast<double>(0.1F), 2147483647.0}) {
    EXPECT_EQ(*Parsed(JsonNumber(number)).As<double>(), number);
  }
}

/// Never anything but a value or an error, whatever the bytes are.
TEST(JsonValue, TakesAnyBytes) {
  const std::string good =
      R"({"version":1,"fields":[{"fieldId":102,"name":"a\u00e9\n","dim":3,"maxError":1.5e-3}]})";
  std::mt19937 random(3);
  int parsed = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = good.substr(0, random() % (good.size() + 1));
    for (int change = static_cast<int>(random() % 3); change > 0 && !text.empty(); --change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    const auto value = ParseJson(text);
    if (value.ok()) {
      ++parsed;
    } else {
      EXPECT_EQ(DescribeError(value.status()).code, ErrorCode::kInvalidData);
    }
  }
  EXPECT_GT(parsed, 0);
}

}  // namespace
}  // namespace packed
