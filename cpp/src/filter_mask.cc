#include "filter_mask.h"

#include <bit>

#include "arrow/buffer.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

namespace packed {
namespace {

RowBits AllRows(int64_t rows) {
  RowBits bits(WordsFor(rows), ~uint64_t{0});
  const int64_t last = rows % kRowsPerWord;
  if (last > 0) bits.back() = (uint64_t{1} << last) - 1;
  return bits;
}

}  // namespace

void FilterMask::And(const FilterMask& other) {
  for (size_t i = 0; i < is_true.size(); ++i) {
    is_true[i] &= other.is_true[i];
    is_false[i] |= other.is_false[i];
  }
}

void FilterMask::Or(const FilterMask& other) {
  for (size_t i = 0; i < is_true.size(); ++i) {
    is_true[i] |= other.is_true[i];
    is_false[i] &= other.is_false[i];
  }
}

RowBits ValidRows(const arrow::ArrayData& values) {
  if (values.type->id() == arrow::Type::NA) return RowBits(WordsFor(values.length));
  if (!values.buffers[0] || values.GetNullCount() == 0) return AllRows(values.length);
  RowBits bits(WordsFor(values.length));
  arrow::internal::CopyBitmap(values.buffers[0]->data(), values.offset, values.length,
                              reinterpret_cast<uint8_t*>(bits.data()), 0);
  const RowBits all = AllRows(values.length);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] &= all[i];
  return bits;
}

FilterMask MaskOf(RowBits tested, const RowBits& valid) {
  FilterMask mask{std::move(tested), RowBits(valid.size())};
  for (size_t i = 0; i < valid.size(); ++i) {
    mask.is_false[i] = valid[i] & ~mask.is_true[i];
    mask.is_true[i] &= valid[i];
  }
  return mask;
}

int64_t CountBits(const RowBits& bits) {
  int64_t count = 0;
  for (const uint64_t word : bits) count += std::popcount(word);
  return count;
}

std::shared_ptr<arrow::BooleanArray> ToBooleans(RowBits bits, int64_t rows) {
  return std::make_shared<arrow::BooleanArray>(rows, arrow::Buffer::FromVector(std::move(bits)));
}

}  // namespace packed
