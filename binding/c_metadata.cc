#include "c_metadata.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace packed::binding {
namespace {

constexpr std::string_view kExtensionPrefix = "ARROW:extension:";

bool IsExtensionKey(std::string_view key) { return key.starts_with(kExtensionPrefix); }

void AppendLength(size_t length, std::string* blob) {
  const auto value = static_cast<int32_t>(length);
  blob->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

int32_t LoadInt32(const char* bytes) {
  int32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace

StringPairs DecodeMetadata(const char* blob) {
  StringPairs pairs;
  if (blob == nullptr) return pairs;
  const auto next_string = [&blob] {
    const int32_t length = LoadInt32(blob);
    std::string text(blob + sizeof(length), static_cast<size_t>(length));
    blob += sizeof(length) + static_cast<size_t>(length);
    return text;
  };
  const int32_t count = LoadInt32(blob);
  blob += sizeof(count);
  for (int32_t i = 0; i < count; ++i) {
    std::string key = next_string();
    pairs.emplace_back(std::move(key), next_string());
  }
  return pairs;
}

std::string EncodeMetadata(const StringPairs& pairs) {
  const auto count = std::count_if(pairs.begin(), pairs.end(),
                                   [](const auto& pair) { return !IsExtensionKey(pair.first); });
  std::string blob;
  AppendLength(static_cast<size_t>(count), &blob);
  for (const auto& [key, value] : pairs) {
    if (IsExtensionKey(key)) continue;
    AppendLength(key.size(), &blob);
    blob += key;
    AppendLength(value.size(), &blob);
    blob += value;
  }
  return blob;
}

bool HasExtensionKey(const StringPairs& pairs) {
  return std::any_of(pairs.begin(), pairs.end(),
                     [](const auto& pair) { return IsExtensionKey(pair.first); });
}

}  // namespace packed::binding
