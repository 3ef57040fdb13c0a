#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "arrow/result.h"

namespace packed {

/// \brief A JSON value (RFC 8259). Numbers are doubles.
struct JsonValue {
  using List = std::vector<JsonValue>;
  using Members = std::vector<std::pair<std::string, JsonValue>>;  ///< in order of the text

  std::variant<std::nullptr_t, bool, double, std::string, List, Members> value = nullptr;

  /// The first member of that name; null where there is none, or the value is no object.
  const JsonValue* Find(std::string_view name) const;

  /// Null where the value is of another type.
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&value);
  }
};

/// \brief Parse a text that is one value. kInvalidData saying at which byte it is not JSON, or
/// nested deeper than 32 levels.
arrow::Result<JsonValue> ParseJson(std::string_view text);

/// \brief `text` (UTF-8) in quotes, as JSON has it.
std::string JsonText(std::string_view text);

/// \brief The shortest number that is read as this one, which is finite.
std::string JsonNumber(double number);

}  // namespace packed
