#include "packed/key_set.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "arrow/array/array_binary.h"
#include "arrow/array/array_primitive.h"
#include "arrow/util/checked_cast.h"

#include "catch.h"
#include "packed/error.h"

namespace packed {
namespace {

using arrow::internal::checked_cast;

template <typename Key>
constexpr bool kIsText = std::is_same_v<Key, std::string_view>;

template <typename Key>
using ArrayOf = std::conditional_t<kIsText<Key>, arrow::StringArray, arrow::Int64Array>;

arrow::Status Mismatch(const std::string& expected, const arrow::Array& received) {
  return MakeError(ErrorCode::kTypeMismatch, "Expected " + expected + " for keys but received " +
                                                 received.type()->ToString());
}

/// Keys by their position, and in order. Texts are views of `owner_`, which is a copy.
template <typename Key>
class TypedKeySet final : public KeySet {
 public:
  explicit TypedKeySet(const ArrayOf<Key>& keys) {
    if constexpr (kIsText<Key>) {
      owner_.reserve(static_cast<size_t>(keys.total_values_length()));
      for (int64_t i = 0; i < keys.length(); ++i) owner_.append(keys.GetView(i));
    }
    size_t start = 0;
    positions_.reserve(static_cast<size_t>(keys.length()));
    for (int64_t i = 0; i < keys.length(); ++i) {
      Key key{};
      if constexpr (kIsText<Key>) {
        key = std::string_view(owner_).substr(start, keys.GetView(i).size());
        start += key.size();
      } else {
        key = keys.Value(i);
      }
      if (positions_.emplace(key, static_cast<int32_t>(i)).second) sorted_.push_back(key);
    }
    std::sort(sorted_.begin(), sorted_.end());
  }

  int64_t size() const override { return static_cast<int64_t>(sorted_.size()); }

  arrow::Status Find(const arrow::Array& column, int64_t first_row,
                     FoundKeys* found) const override {
    const auto expected = kIsText<Key> ? arrow::Type::STRING : arrow::Type::INT64;
    if (column.type_id() != expected) return Mismatch(kIsText<Key> ? "utf8" : "int64", column);
    return CatchAll([&]() -> arrow::Status {
      if (!sorted_.empty()) FindIn(checked_cast<const ArrayOf<Key>&>(column), first_row, found);
      return arrow::Status::OK();
    });
  }

  bool AnyWithin(const KeyRange& range) const override {
    using Bound = std::conditional_t<kIsText<Key>, std::string, int64_t>;
    const auto* const min = std::get_if<Bound>(&range.min);
    const auto* const max = std::get_if<Bound>(&range.max);
    if (min == nullptr || max == nullptr) return true;
    const auto least = std::lower_bound(sorted_.begin(), sorted_.end(), Key(*min));
    return least != sorted_.end() && *least <= Key(*max);
  }

 private:
  void FindIn(const ArrayOf<Key>& column, int64_t first_row, FoundKeys* found) const {
    const Key least = sorted_.front();
    const Key greatest = sorted_.back();
    for (int64_t i = 0; i < column.length(); ++i) {
      const Key key = column.GetView(i);
      // Most rows end here: keys that are looked for lie near each other, or are few.
      if (key < least || greatest < key || column.IsNull(i)) continue;
      const auto position = positions_.find(key);
      if (position == positions_.end()) continue;
      found->rows.push_back(first_row + i);
      found->keys.push_back(position->second);
    }
  }

  std::string owner_;
  std::unordered_map<Key, int32_t> positions_;
  std::vector<Key> sorted_;
};

}  // namespace

arrow::Result<std::shared_ptr<KeySet>> KeySet::Make(const arrow::Array& keys) {
  return CatchAll([&]() -> arrow::Result<std::shared_ptr<KeySet>> {
    const bool text = keys.type_id() == arrow::Type::STRING;
    if (!text && keys.type_id() != arrow::Type::INT64) return Mismatch("int64 or utf8", keys);
    const arrow::Status valid = keys.ValidateFull();
    if (!valid.ok()) return WithContext(valid, ErrorCode::kInvalidData, {});
    if (keys.null_count() > 0) {
      return MakeError(ErrorCode::kInvalidData, "Expected keys without nulls but received " +
                                                    std::to_string(keys.null_count()));
    }
    if (text) {
      return std::make_shared<TypedKeySet<std::string_view>>(
          checked_cast<const arrow::StringArray&>(keys));
    }
    return std::make_shared<TypedKeySet<int64_t>>(checked_cast<const arrow::Int64Array&>(keys));
  });
}

}  // namespace packed
