#include "page_cut.h"

#include <algorithm>

#include "arrow/util/checked_cast.h"

#include "page_encode.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::ArrayVector;
using arrow::internal::checked_cast;

constexpr int64_t kLengthBytes = 4;

template <typename ArrayType>
int64_t BinarySize(const ArrayType& rows, int64_t begin, int64_t end) {
  return rows.value_offset(end) - rows.value_offset(begin) + kLengthBytes * (end - begin);
}

/// End of the shortest run of rows from `begin` with `bytes` or more, -1 when there is none.
template <typename ArrayType>
int64_t ShortestRun(const ArrayType& rows, int64_t begin, int64_t bytes) {
  int64_t low = begin + 1;
  int64_t high = rows.length();
  if (low > high || BinarySize(rows, begin, high) < bytes) return -1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (BinarySize(rows, begin, middle) >= bytes) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

template <typename ArrayType>
int64_t BinaryPageEnd(const ArrayVector& pieces, int64_t begin, int64_t page_bytes) {
  int64_t first = 0;
  int64_t missing = page_bytes;
  for (const auto& piece : pieces) {
    const auto& rows = checked_cast<const ArrayType&>(*piece);
    const int64_t from = std::max<int64_t>(0, begin - first);
    if (from < rows.length()) {
      const int64_t end = ShortestRun(rows, from, missing);
      if (end >= 0) return first + end;
      missing -= BinarySize(rows, from, rows.length());
    }
    first += rows.length();
  }
  return -1;
}

}  // namespace

int64_t RowsOf(const ArrayVector& pieces) {
  int64_t rows = 0;
  for (const auto& piece : pieces) rows += piece->length();
  return rows;
}

ArrayVector SliceRows(const ArrayVector& pieces, int64_t begin, int64_t end) {
  ArrayVector slices;
  int64_t first = 0;
  for (const auto& piece : pieces) {
    const int64_t from = std::clamp<int64_t>(begin - first, 0, piece->length());
    const int64_t to = std::clamp<int64_t>(end - first, 0, piece->length());
    if (from < to) slices.push_back(piece->Slice(from, to - from));
    first += piece->length();
  }
  return slices;
}

int64_t PlainSize(const Array& rows) {
  if (const int64_t width = ValueBytes(*rows.type()); width > 0) return width * rows.length();
  if (arrow::is_binary_like(rows.type_id())) {
    return BinarySize(checked_cast<const arrow::BinaryArray&>(rows), 0, rows.length());
  }
  if (arrow::is_large_binary_like(rows.type_id())) {
    return BinarySize(checked_cast<const arrow::LargeBinaryArray&>(rows), 0, rows.length());
  }
  return 16 * rows.length();
}

int64_t PageEnd(const ArrayVector& pieces, int64_t begin, int64_t page_rows, int64_t page_bytes) {
  if (page_rows > 0) return begin + page_rows <= RowsOf(pieces) ? begin + page_rows : -1;
  return arrow::is_large_binary_like(pieces[0]->type_id())
             ? BinaryPageEnd<arrow::LargeBinaryArray>(pieces, begin, page_bytes)
             : BinaryPageEnd<arrow::BinaryArray>(pieces, begin, page_bytes);
}

}  // namespace packed
