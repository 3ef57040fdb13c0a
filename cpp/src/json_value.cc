#include "json_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "arrow/util/value_parsing.h"

#include "packed/error.h"

namespace packed {
namespace {

constexpr int kMostLevels = 32;

/// Whether the whole text is a number that a double can be.
bool ReadDouble(const char* first, const char* end, double* number) {
#if defined(_LIBCPP_VERSION)
  // std::from_chars of LLVM's library, and so of macOS, knows no floating point.
  return arrow::internal::StringToFloat(first, static_cast<size_t>(end - first), '.', number) &&
         std::isfinite(*number);
#else
  const auto [last, error] = std::from_chars(first, end, *number);
  return error == std::errc() && last == end;
#endif
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  arrow::Result<JsonValue> Whole() {
    ARROW_ASSIGN_OR_RAISE(JsonValue value, Value(0));
    SkipSpace();
    if (at_ != text_.size()) return Wrong("the end");
    return value;
  }

 private:
  arrow::Status Wrong(const std::string& expected) const {
    const std::string received = at_ < text_.size() ? "another character" : "the end";
    return MakeError(ErrorCode::kInvalidData, "Expected " + expected + " at byte " +
                                                  std::to_string(at_) + " of JSON but received " +
                                                  received);
  }

  void SkipSpace() {
    const size_t next = text_.find_first_not_of(" \t\r\n", at_);
    at_ = next == std::string_view::npos ? text_.size() : next;
  }

  bool Take(char wanted) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  // Depth is bounded by kMostLevels.
  // NOLINTNEXTLINE(misc-no-recursion)
  arrow::Result<JsonValue> Value(int level) {
    if (level > kMostLevels) return Wrong("at most 32 levels");
    if (Take('{')) return Object(level);
    if (Take('[')) return Array(level);
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == '"') {
      ARROW_ASSIGN_OR_RAISE(std::string text, String());
      return JsonValue{std::move(text)};
    }
    if (TakeWord("true")) return JsonValue{true};
    if (TakeWord("false")) return JsonValue{false};
    if (TakeWord("null")) return JsonValue{nullptr};
    return Number();
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  arrow::Result<JsonValue> Object(int level) {
    JsonValue::Members members;
    if (Take('}')) return JsonValue{std::move(members)};
    do {
      SkipSpace();
      ARROW_ASSIGN_OR_RAISE(std::string name, String());
      if (!Take(':')) return Wrong("':'");
      ARROW_ASSIGN_OR_RAISE(JsonValue value, Value(level + 1));
      members.emplace_back(std::move(name), std::move(value));
    } while (Take(','));
    if (!Take('}')) return Wrong("',' or '}'");
    return JsonValue{std::move(members)};
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  arrow::Result<JsonValue> Array(int level) {
    JsonValue::List list;
    if (Take(']')) return JsonValue{std::move(list)};
    do {
      ARROW_ASSIGN_OR_RAISE(JsonValue value, Value(level + 1));
      list.push_back(std::move(value));
    } while (Take(','));
    if (!Take(']')) return Wrong("',' or ']'");
    return JsonValue{std::move(list)};
  }

  arrow::Result<JsonValue> Number() {
    const size_t end = std::min(text_.find_first_not_of("+-0123456789.eE", at_), text_.size());
    const char* const first = text_.data() + at_;
    double number = 0;
    const bool read = ReadDouble(first, text_.data() + end, &number);
    // What from_chars takes and JSON does not: nothing before or behind the point, zeros ahead.
    const std::string_view digits = text_.substr(at_, end - at_);
    const std::string_view whole = digits.substr(digits.starts_with('-') ? 1 : 0);
    const bool zeros = whole.size() > 1 && whole[0] == '0' && whole[1] >= '0' && whole[1] <= '9';
    const size_t point = whole.find('.');
    const bool bare =
        point == 0 ||
        (point != std::string_view::npos &&
         (point + 1 == whole.size() || whole[point + 1] < '0' || whole[point + 1] > '9'));
    if (!read || zeros || bare) {
      return Wrong("a value");
    }
    at_ = end;
    return JsonValue{number};
  }

  arrow::Result<std::string> String() {
    if (!Take('"')) return Wrong("a string");
    std::string text;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return Wrong("no control character");
      ++at_;
      if (c == '"') return text;
      if (c != '\\') {
        text += c;
        continue;
      }
      ARROW_RETURN_NOT_OK(Escape(&text));
    }
    return Wrong("'\"'");
  }

  arrow::Status Escape(std::string* text) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return Wrong("an escape");
    const char c = text_[at_++];
    const size_t known = kNames.find(c);
    if (known != std::string_view::npos) {
      *text += kMeanings[known];
      return arrow::Status::OK();
    }
    if (c != 'u') return Wrong("an escape");
    ARROW_ASSIGN_OR_RAISE(uint32_t code, Hexadecimal());
    if (code >= 0xd800 && code < 0xdc00) {
      if (!TakeWord("\\u")) return Wrong("the other half of a character");
      ARROW_ASSIGN_OR_RAISE(const uint32_t low, Hexadecimal());
      if (low < 0xdc00 || low > 0xdfff) return Wrong("the other half of a character");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      return Wrong("a whole character");
    }
    AppendUtf8(code, text);
    return arrow::Status::OK();
  }

  arrow::Result<uint32_t> Hexadecimal() {
    constexpr size_t kDigits = 4;
    const std::string_view digits = text_.substr(at_, kDigits);
    uint32_t code = 0;
    const auto [last, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (error != std::errc() || digits.size() != kDigits || last != digits.data() + kDigits) {
      return Wrong("four hexadecimal digits");
    }
    at_ += kDigits;
    return code;
  }

  static void AppendUtf8(uint32_t code, std::string* text) {
    const auto tail = [&](int shift) {
      *text += static_cast<char>(0x80 | ((code >> shift) & 0x3f));
    };
    if (code < 0x80) {
      *text += static_cast<char>(code);
    } else if (code < 0x800) {
      *text += static_cast<char>(0xc0 | (code >> 6));
      tail(0);
    } else if (code < 0x10000) {
      *text += static_cast<char>(0xe0 | (code >> 12));
      tail(6);
      tail(0);
    } else {
      *text += static_cast<char>(0xf0 | (code >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view name) const {
  const auto* members = As<Members>();
  if (members == nullptr) return nullptr;
  for (const auto& [known, member] : *members) {
    if (known == name) return &member;
  }
  return nullptr;
}

arrow::Result<JsonValue> ParseJson(std::string_view text) { return Parser(text).Whole(); }

std::string JsonText(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 0xf];
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string JsonNumber(double number) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end};
}

}  // namespace packed
