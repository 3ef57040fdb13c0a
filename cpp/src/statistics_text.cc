#include "statistics_text.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <type_traits>

#include "arrow/util/string.h"
#include "arrow/util/utf8.h"
#include "parquet/schema.h"
#include "parquet/types.h"

namespace packed {
namespace {

constexpr size_t kMostBytes = 128;

template <typename Number>
std::string NumberText(Number number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

template <typename DType>
std::pair<std::string, std::string> NumberRange(const parquet::Statistics& statistics) {
  using Number = typename DType::c_type;
  const auto& typed = static_cast<const parquet::TypedStatistics<DType>&>(statistics);
  if constexpr (std::is_integral_v<Number>) {
    if (statistics.descr()->sort_order() == parquet::SortOrder::UNSIGNED) {
      using Unsigned = std::make_unsigned_t<Number>;
      return {NumberText(static_cast<Unsigned>(typed.min())),
              NumberText(static_cast<Unsigned>(typed.max()))};
    }
  }
  return {NumberText(typed.min()), NumberText(typed.max())};
}

/// Bytes as text: cut where a character begins.
std::string BytesText(const std::string& bytes) {
  const bool is_long = bytes.size() > kMostBytes;
  const bool is_text = arrow::util::ValidateUTF8(bytes);
  size_t length = is_long ? kMostBytes : bytes.size();
  while (is_text && length < bytes.size() && length > 0 && (bytes[length] & 0xC0) == 0x80) --length;
  const std::string shown = bytes.substr(0, length);
  return (is_text ? shown : "0x" + arrow::HexEncode(shown)) + (is_long ? "…" : "");
}

}  // namespace

std::optional<std::pair<std::string, std::string>> RangeText(
    const parquet::Statistics& statistics) {
  if (!statistics.HasMinMax()) return std::nullopt;
  switch (statistics.physical_type()) {
    case parquet::Type::BOOLEAN: {
      const auto& typed = static_cast<const parquet::BoolStatistics&>(statistics);
      return {{typed.min() ? "true" : "false", typed.max() ? "true" : "false"}};
    }
    case parquet::Type::INT32:
      return NumberRange<parquet::Int32Type>(statistics);
    case parquet::Type::INT64:
      return NumberRange<parquet::Int64Type>(statistics);
    case parquet::Type::FLOAT:
      return NumberRange<parquet::FloatType>(statistics);
    case parquet::Type::DOUBLE:
      return NumberRange<parquet::DoubleType>(statistics);
    case parquet::Type::BYTE_ARRAY:
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return {{BytesText(statistics.EncodeMin()), BytesText(statistics.EncodeMax())}};
    default:
      return std::nullopt;  // INT96 has no order
  }
}

}  // namespace packed
