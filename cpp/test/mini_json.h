#pragma once

#include <cctype>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace packed::test {

/// Enough JSON to read the fixtures' expected values. Numbers keep their text, so that no
/// 64-bit integer is rounded; asking for what is not there throws.
struct Json {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string text;  ///< of a string, a number, true or false
  std::vector<Json> items;
  std::map<std::string, Json> members;

  static Json Parse(std::string_view text);

  bool has(const std::string& name) const { return members.contains(name); }
  const Json& operator[](const std::string& name) const { return members.at(name); }
  int64_t integer() const { return std::strtoll(text.c_str(), nullptr, 10); }
  bool boolean() const { return text == "true"; }
};

class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}

  Json Value() {
    Skip();
    switch (Peek()) {
      case '{':
        return Object();
      case '[':
        return Array();
      case '"':
        return {Json::Kind::kString, String(), {}, {}};
      default:
        return Word();
    }
  }

 private:
  char Peek() const {
    if (at_ >= text_.size()) throw std::runtime_error("JSON ends early");
    return text_[at_];
  }

  void Skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  void Expect(char c) {
    Skip();
    if (Peek() != c) throw std::runtime_error("JSON has another character");
    ++at_;
  }

  /// After an element: true when another one follows.
  bool More(char end) {
    Skip();
    const char c = Peek();
    ++at_;
    if (c != ',' && c != end) throw std::runtime_error("JSON list is not separated");
    return c == ',';
  }

  bool Empty(char end) {
    Skip();
    if (Peek() != end) return false;
    ++at_;
    return true;
  }

  Json Object() {
    Json json{Json::Kind::kObject, "", {}, {}};
    Expect('{');
    if (Empty('}')) return json;
    do {
      Skip();
      std::string name = String();
      Expect(':');
      json.members.emplace(std::move(name), Value());
    } while (More('}'));
    return json;
  }

  Json Array() {
    Json json{Json::Kind::kArray, "", {}, {}};
    Expect('[');
    if (Empty(']')) return json;
    do {
      json.items.push_back(Value());
    } while (More(']'));
    return json;
  }

  std::string String() {
    Expect('"');
    std::string out;
    while (Peek() != '"') {
      const char c = text_[at_++];
      if (c != '\\') {
        out += c;
        continue;
      }
      const char escape = Peek();
      ++at_;
      if (escape == 'u') {
        AppendUtf8(std::stoul(std::string(text_.substr(at_, 4)), nullptr, 16), &out);
        at_ += 4;
      } else {
        constexpr std::string_view kFrom = "nrtbf";
        const size_t index = kFrom.find(escape);
        out += index == std::string_view::npos ? escape : "\n\r\t\b\f"[index];
      }
    }
    ++at_;
    return out;
  }

  /// Surrogate pairs do not occur in what the tests look at.
  static void AppendUtf8(unsigned long code, std::string* out) {
    if (code < 0x80) {
      *out += static_cast<char>(code);
    } else if (code < 0x800) {
      *out += static_cast<char>(0xc0 | (code >> 6));
      *out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      *out += static_cast<char>(0xe0 | (code >> 12));
      *out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      *out += static_cast<char>(0x80 | (code & 0x3f));
    }
  }

  Json Word() {
    const size_t start = at_;
    while (at_ < text_.size() && text_.find_first_of(",]} \n\r\t", at_) != at_) ++at_;
    std::string word(text_.substr(start, at_ - start));
    if (word == "null") return {};
    const bool boolean = word == "true" || word == "false";
    return {boolean ? Json::Kind::kBool : Json::Kind::kNumber, std::move(word), {}, {}};
  }

  std::string_view text_;
  size_t at_ = 0;
};

inline Json Json::Parse(std::string_view text) { return JsonParser(text).Value(); }

}  // namespace packed::test
