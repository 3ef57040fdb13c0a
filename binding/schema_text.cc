#include "schema_text.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "arrow/util/utf8.h"

#include "c_metadata.h"

namespace packed::binding {
namespace {

/// Writes JSON whose members stand in the order of the calls.
class TextWriter {
 public:
  std::string Write(const ArrowSchema& schema) && {
    text_ = "{\"fields\":";
    AppendFields(schema);
    AppendMetadata(schema.metadata);
    text_ += '}';
    return std::move(text_);
  }

 private:
  /// A NativeField without the members that are false, empty or null.
  void AppendField(const ArrowSchema& field) {
    text_ += "{\"name\":";
    AppendString(field.name == nullptr ? "" : field.name);
    text_ += ",\"format\":";
    AppendString(field.format);
    if ((field.flags & ARROW_FLAG_NULLABLE) != 0) text_ += ",\"nullable\":true";
    if ((field.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0) text_ += ",\"dictionaryOrdered\":true";
    if ((field.flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0) text_ += ",\"keysSorted\":true";
    AppendMetadata(field.metadata);
    if (field.n_children > 0) {
      text_ += ",\"children\":";
      AppendFields(field);
    }
    if (field.dictionary != nullptr) {
      text_ += ",\"dictionary\":";
      AppendField(*field.dictionary);
    }
    text_ += '}';
  }

  void AppendFields(const ArrowSchema& parent) {
    text_ += '[';
    for (int64_t i = 0; i < parent.n_children; ++i) {
      if (i > 0) text_ += ',';
      AppendField(*parent.children[i]);
    }
    text_ += ']';
  }

  void AppendMetadata(const char* blob) {
    const StringPairs pairs = DecodeMetadata(blob);
    if (pairs.empty()) return;
    const char* separator = ",\"metadata\":[";
    for (const auto& [key, value] : pairs) {
      text_ += separator;
      AppendString(key);
      text_ += ',';
      AppendString(value);
      separator = ",";
    }
    text_ += ']';
  }

  /// Bytes that are not UTF-8 are taken one by one (latin1), as TextOf does.
  void AppendString(std::string_view bytes) {
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    const bool is_utf8 = arrow::util::ValidateUTF8(bytes);
    text_ += '"';
    for (const char character : bytes) {
      const auto byte = static_cast<uint8_t>(character);
      if (byte < 0x20) {
        text_ += "\\u00";
        text_ += kHexDigits[byte >> 4];
        text_ += kHexDigits[byte & 0xF];
      } else if (byte < 0x80 || is_utf8) {
        if (character == '"' || character == '\\') text_ += '\\';
        text_ += character;
      } else {
        text_ += static_cast<char>(0xC0 | (byte >> 6));
        text_ += static_cast<char>(0x80 | (byte & 0x3F));
      }
    }
    text_ += '"';
  }

  std::string text_;
};

}  // namespace

std::string SchemaText(const ArrowSchema& schema) {
  arrow::util::InitializeUTF8();
  return TextWriter().Write(schema);
}

}  // namespace packed::binding
