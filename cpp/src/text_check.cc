#include "text_check.h"

#include <cstdint>
#include <memory>
#include <span>

#include "arrow/util/checked_cast.h"
#include "arrow/util/utf8.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::internal::checked_cast;

bool IsAscii(std::span<const uint8_t> bytes) {
  uint8_t any = 0;
  for (const uint8_t byte : bytes) any |= byte;  // no way out of the loop: it is vectorized
  return any < 0x80;
}

/// Whether the texts, those of null rows too, are one valid text that is cut between characters.
/// The offsets have been checked.
template <typename Texts>
bool AreValid(const Texts& texts) {
  if (texts.length() == 0) return true;
  const auto* offsets = texts.raw_value_offsets();
  const auto end = offsets[texts.length()];
  const std::span bytes(texts.raw_data() + offsets[0], static_cast<size_t>(end - offsets[0]));
  if (IsAscii(bytes)) return true;
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(bytes.data(), static_cast<int64_t>(bytes.size()))) return false;
  constexpr uint8_t kKind = 0xC0;
  constexpr uint8_t kContinuation = 0x80;
  for (int64_t row = 1; row < texts.length(); ++row) {
    if (offsets[row] < end && (texts.raw_data()[offsets[row]] & kKind) == kContinuation) {
      return false;
    }
  }
  return true;
}

bool AreValidTexts(const Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return AreValid(checked_cast<const arrow::StringArray&>(array));
    case arrow::Type::LARGE_STRING:
      return AreValid(checked_cast<const arrow::LargeStringArray&>(array));
    default:
      return false;
  }
}

/// The same bytes without the promise that they are texts; null for other types.
std::shared_ptr<Array> AsBinary(const Array& array) {
  const auto id = array.type_id();
  if (id != arrow::Type::STRING && id != arrow::Type::LARGE_STRING) return nullptr;
  auto data = array.data()->Copy();
  data->type = id == arrow::Type::STRING ? arrow::binary() : arrow::large_binary();
  return arrow::MakeArray(data);
}

}  // namespace

arrow::Status ValidateColumn(const Array& array) {
  const auto bytes = AsBinary(array);
  if (bytes != nullptr && bytes->ValidateFull().ok() && AreValidTexts(array)) {
    return arrow::Status::OK();
  }
  return array.ValidateFull();
}

}  // namespace packed
