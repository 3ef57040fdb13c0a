#include "distinct_values.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "arrow/util/checked_cast.h"

#include "page_encode.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::ArrayVector;
using arrow::internal::checked_cast;

/// Counts distinct values up to a limit; linear probing over views.
class DistinctCounter {
 public:
  /// At most `values` are added. Twice the slots, so that there always is a free one.
  DistinctCounter(int64_t limit, int64_t values)
      : limit_(limit), slots_(std::bit_ceil(static_cast<size_t>(2 * values + 1))) {}

  bool full() const { return count_ >= limit_; }
  int64_t count() const { return count_; }

  void Add(std::string_view value) {
    const size_t mask = slots_.size() - 1;
    size_t slot = std::hash<std::string_view>{}(value)&mask;
    for (; slots_[slot].data() != nullptr; slot = (slot + 1) & mask) {
      if (slots_[slot] == value) return;
    }
    slots_[slot] = value.data() == nullptr ? std::string_view("") : value;
    ++count_;
  }

 private:
  const int64_t limit_;
  int64_t count_ = 0;
  std::vector<std::string_view> slots_;
};

std::string_view ValueOf(const Array& piece, int64_t row) {
  if (const int64_t width = ValueBytes(*piece.type()); width > 0) {
    const auto* values = reinterpret_cast<const char*>(piece.data()->buffers[1]->data());
    return {values + (piece.offset() + row) * width, static_cast<size_t>(width)};
  }
  return arrow::is_large_binary_like(piece.type_id())
             ? checked_cast<const arrow::LargeBinaryArray&>(piece).GetView(row)
             : checked_cast<const arrow::BinaryArray&>(piece).GetView(row);
}

int64_t ValuesOf(const ArrayVector& sample) {
  int64_t values = 0;
  for (const auto& piece : sample) values += piece->length() - piece->null_count();
  return values;
}

/// Distinct values, or `limit` where there are as many or more.
int64_t CountDistinct(const ArrayVector& sample, int64_t limit, int64_t values) {
  DistinctCounter distinct(limit, values);
  for (const auto& piece : sample) {
    for (int64_t row = 0; row < piece->length() && !distinct.full(); ++row) {
      if (piece->IsValid(row)) distinct.Add(ValueOf(*piece, row));
    }
  }
  return distinct.count();
}

}  // namespace

bool HasFewDistinct(const ArrayVector& sample, double threshold) {
  const int64_t values = ValuesOf(sample);
  const auto limit = static_cast<int64_t>(static_cast<double>(values) * threshold);
  return limit > 0 && CountDistinct(sample, limit, values) < limit;
}

double DistinctRatio(const ArrayVector& sample) {
  const int64_t values = ValuesOf(sample);
  if (values == 0) return 0;
  return static_cast<double>(CountDistinct(sample, values, values)) / static_cast<double>(values);
}

}  // namespace packed
