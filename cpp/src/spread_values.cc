#include "spread_values.h"

#include <algorithm>
#include <cstring>

#include "arrow/util/bit_run_reader.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

namespace packed {
namespace {

template <typename T>
T Load(const uint8_t* values, int64_t index) {
  T value;
  std::memcpy(&value, values + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <typename T>
void Store(uint8_t* values, int64_t index, T value) {
  std::memcpy(values + index * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

/// Without branches: nulls come in no order that could be foretold.
template <typename Stored, typename Out>
void Spread(const uint8_t* dense, int64_t count, const uint8_t* validity, int64_t rows,
            uint8_t* values) {
  if (validity == nullptr) {
    for (int64_t i = 0; i < rows; ++i) {
      Store(values, i, static_cast<Out>(Load<Stored>(dense, i)));
    }
    return;
  }
  int64_t next = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const auto valid = static_cast<int64_t>(arrow::bit_util::GetBit(validity, i));
    const auto value = static_cast<Out>(Load<Stored>(dense, std::min(next, count - 1)));
    Store(values, i, static_cast<Out>(value & static_cast<Out>(-valid)));
    next += valid;
  }
}

void SpreadWide(int64_t width, const uint8_t* dense, const uint8_t* validity, int64_t rows,
                uint8_t* values) {
  std::memset(values, 0, static_cast<size_t>(rows * width));
  arrow::internal::VisitSetBitRunsVoid(validity, 0, rows, [&](int64_t position, int64_t length) {
    std::memcpy(values + position * width, dense, static_cast<size_t>(length * width));
    dense += length * width;
  });
}

template <typename T>
void Gather(const uint8_t* dictionary, const uint32_t* indices, int64_t count, uint8_t* values) {
  for (int64_t i = 0; i < count; ++i) Store(values, i, Load<T>(dictionary, indices[i]));
}

}  // namespace

void SpreadValues(const ColumnShape& shape, const uint8_t* dense, int64_t count,
                  const uint8_t* validity, int64_t rows, uint8_t* values) {
  if (count == 0) {
    std::memset(values, 0, static_cast<size_t>(rows * shape.width));
    return;
  }
  if (shape.form == ColumnShape::Form::kNarrow) {
    if (shape.width == 1) return Spread<uint32_t, uint8_t>(dense, count, validity, rows, values);
    return Spread<uint32_t, uint16_t>(dense, count, validity, rows, values);
  }
  if (validity == nullptr) {
    std::memcpy(values, dense, static_cast<size_t>(rows * shape.width));
    return;
  }
  if (shape.width == 4) return Spread<uint32_t, uint32_t>(dense, count, validity, rows, values);
  if (shape.width == 8) return Spread<uint64_t, uint64_t>(dense, count, validity, rows, values);
  SpreadWide(shape.width, dense, validity, rows, values);
}

void SpreadBits(const uint8_t* dense, int64_t count, const uint8_t* validity, int64_t rows,
                uint8_t* values) {
  if (validity == nullptr || count == 0) {
    arrow::bit_util::SetBitsTo(values, 0, rows, false);
    if (count > 0) arrow::internal::CopyBitmap(dense, 0, rows, values, 0);
    return;
  }
  arrow::bit_util::SetBitsTo(values, 0, rows, false);
  int64_t next = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const bool valid = arrow::bit_util::GetBit(validity, i);
    const bool value = arrow::bit_util::GetBit(dense, std::min(next, count - 1));
    arrow::bit_util::SetBitTo(values, i, valid && value);
    next += valid ? 1 : 0;
  }
}

void GatherValues(const uint8_t* dictionary, int64_t width, const uint32_t* indices, int64_t count,
                  uint8_t* values) {
  switch (width) {
    case 1:
      return Gather<uint8_t>(dictionary, indices, count, values);
    case 2:
      return Gather<uint16_t>(dictionary, indices, count, values);
    case 4:
      return Gather<uint32_t>(dictionary, indices, count, values);
    case 8:
      return Gather<uint64_t>(dictionary, indices, count, values);
    default:
      for (int64_t i = 0; i < count; ++i) {
        std::memcpy(values + i * width, dictionary + static_cast<int64_t>(indices[i]) * width,
                    static_cast<size_t>(width));
      }
  }
}

}  // namespace packed
