#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/result.h"

namespace packed {

/// Bits of rows, in Arrow's order; those behind the last row are 0.
using RowBits = std::vector<uint64_t>;

inline constexpr int64_t kRowsPerWord = 64;

inline size_t WordsFor(int64_t rows) {
  return static_cast<size_t>((rows + kRowsPerWord - 1) / kRowsPerWord);
}

/// \brief Bits by `test(row)` of each row.
template <typename Test>
RowBits TestRows(int64_t rows, const Test& test) {
  RowBits bits(WordsFor(rows));
  int64_t row = 0;
  for (uint64_t& word : bits) {
    const int64_t count = rows - row < kRowsPerWord ? rows - row : kRowsPerWord;
    uint64_t tested = 0;
    for (int64_t i = 0; i < count; ++i) {
      tested |= static_cast<uint64_t>(test(row + i) ? 1 : 0) << i;
    }
    word = tested;
    row += count;
  }
  return bits;
}

/// \brief What a filter is for each row: true, false or, where neither bit is set, null.
struct FilterMask {
  RowBits is_true;
  RowBits is_false;

  /// Kleene's, of two masks of as many rows.
  void And(const FilterMask& other);
  void Or(const FilterMask& other);
  void Not() { std::swap(is_true, is_false); }
};

/// \brief One bit for each row that is not null, of arrays without a dictionary.
RowBits ValidRows(const arrow::ArrayData& values);

/// \brief `tested` where rows are valid, null elsewhere.
FilterMask MaskOf(RowBits tested, const RowBits& valid);

int64_t CountBits(const RowBits& bits);

/// \brief The bits as an array without nulls, which takes them over.
std::shared_ptr<arrow::BooleanArray> ToBooleans(RowBits bits, int64_t rows);

}  // namespace packed
