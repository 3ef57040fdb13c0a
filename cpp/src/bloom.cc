#include "packed/bloom.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include "arrow/util/checked_cast.h"
#include "arrow/util/endian.h"

#include "bloom_bits.h"
#include "bloom_size.h"
#include "catch.h"
#include "packed/error.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::Result;
using arrow::Status;
using arrow::internal::checked_cast;

// Milvus hashes int64 keys as little-endian bytes, which is how they lie here.
static_assert(ARROW_LITTLE_ENDIAN);

std::string_view KeyAt(const arrow::Int64Array& keys, int64_t row) {
  return {reinterpret_cast<const char*>(keys.raw_values() + row), sizeof(int64_t)};
}

template <typename Strings>
std::string_view KeyAt(const Strings& keys, int64_t row) {
  return keys.GetView(row);
}

std::optional<KeyRange> RangeOf(const arrow::Int64Array& keys) {
  const int64_t* const values = keys.raw_values();
  const auto [min, max] = std::minmax_element(values, values + keys.length());
  return KeyRange{*min, *max};
}

template <typename Strings>
std::optional<KeyRange> RangeOf(const Strings& keys) {
  std::string_view min = keys.GetView(0);
  std::string_view max = min;
  for (int64_t row = 1; row < keys.length(); ++row) {
    const std::string_view key = keys.GetView(row);
    if (key < min) {
      min = key;
    } else if (key > max) {
      max = key;
    }
  }
  return KeyRange{std::string(min), std::string(max)};
}

Status CheckKeys(const Array& keys) {
  const Status valid = keys.ValidateFull();
  if (!valid.ok()) return WithContext(valid, ErrorCode::kInvalidData, {});
  if (keys.null_count() == 0) return Status::OK();
  int64_t row = 0;
  while (keys.IsValid(row)) ++row;
  return MakeError(ErrorCode::kInvalidData,
                   "Expected a key for row " + std::to_string(row) + " but received null");
}

/// Calls `visit` with the column as what it is.
template <typename Visit>
auto VisitKeys(const Array& keys, Visit&& visit)
    -> std::invoke_result_t<Visit, const arrow::Int64Array&> {
  switch (keys.type_id()) {
    case arrow::Type::INT64:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      ARROW_RETURN_NOT_OK(CheckKeys(keys));
      break;
    default:
      return MakeError(
          ErrorCode::kTypeMismatch,
          "Expected int64 or utf8 for primary keys but received " + keys.type()->ToString());
  }
  return CatchAll([&] {
    if (keys.type_id() == arrow::Type::INT64) {
      return visit(checked_cast<const arrow::Int64Array&>(keys));
    }
    if (keys.type_id() == arrow::Type::STRING) {
      return visit(checked_cast<const arrow::StringArray&>(keys));
    }
    return visit(checked_cast<const arrow::LargeStringArray&>(keys));
  });
}

/// \brief Calls `use(row, hash)` for every key.
///
/// Keys are hashed some ahead of their use, so that the memory of one is fetched while others
/// are looked at: a filter of a million keys is larger than the caches near to the core.
template <typename Bits, typename Keys, typename Use>
void ForEachHash(const Bits& bits, const Keys& keys, Use&& use) {
  constexpr int64_t kAhead = 32;
  std::array<typename Bits::Hash, kAhead> hashes;
  for (int64_t start = 0; start < keys.length(); start += kAhead) {
    const int64_t count = std::min(kAhead, keys.length() - start);
    for (int64_t i = 0; i < count; ++i) {
      hashes[i] = Bits::HashOf(KeyAt(keys, start + i));
      bits.Prefetch(hashes[i]);
    }
    for (int64_t i = 0; i < count; ++i) use(start + i, hashes[i]);
  }
}

template <typename Bits>
class ColumnFilter final : public BloomFilter {
 public:
  explicit ColumnFilter(Bits bits) : bits_(std::move(bits)) {}

  Result<std::optional<KeyRange>> Add(const Array& keys) override {
    return VisitKeys(keys, [this](const auto& column) -> Result<std::optional<KeyRange>> {
      if (column.length() == 0) return std::optional<KeyRange>();
      ForEachHash(bits_, column, [this](int64_t, const auto& hash) { bits_.Set(hash); });
      return RangeOf(column);
    });
  }

  Result<std::vector<uint8_t>> Test(const Array& keys) const override {
    return VisitKeys(keys, [this](const auto& column) -> Result<std::vector<uint8_t>> {
      std::vector<uint8_t> found(column.length());
      ForEachHash(bits_, column, [this, &found](int64_t row, const auto& hash) {
        found[row] = bits_.Has(hash) ? 1 : 0;
      });
      return found;
    });
  }

  Result<BloomParts> ToParts() const override {
    return CatchAll([this]() -> Result<BloomParts> { return bits_.Save(); });
  }

 private:
  Bits bits_;
};

template <typename Bits>
Result<std::unique_ptr<BloomFilter>> Wrap(Result<Bits> bits) {
  ARROW_RETURN_NOT_OK(bits);
  return std::make_unique<ColumnFilter<Bits>>(std::move(bits).MoveValueUnsafe());
}

}  // namespace

Result<std::unique_ptr<BloomFilter>> BloomFilter::Make(BloomKind kind, int64_t capacity,
                                                       double false_positive) {
  ARROW_ASSIGN_OR_RAISE(const BloomSize size, SizeBloom(kind, capacity, false_positive));
  if (kind == BloomKind::kBasic) return Wrap(BasicBits::Make(size));
  return Wrap(BlockedBits::Make(size));
}

Result<std::unique_ptr<BloomFilter>> BloomFilter::FromParts(const BloomParts& parts) {
  if (parts.k < 1 || parts.k > kMaxHashes) {
    return MakeError(ErrorCode::kInvalidData,
                     "Expected 1 to " + std::to_string(kMaxHashes) +
                         " hash functions for a bloom filter but received " +
                         std::to_string(parts.k));
  }
  if (parts.kind == BloomKind::kBasic) return Wrap(BasicBits::Load(parts));
  return Wrap(BlockedBits::Load(parts));
}

}  // namespace packed
