#pragma once

#include <cstdint>

#include "arrow/array/data.h"
#include "arrow/type.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/checked_cast.h"

namespace packed {

/// \brief The rows of a column of FixedSizeBinary, whatever they are slices of. Does not own.
class VectorRows {
 public:
  explicit VectorRows(const arrow::ArrayData& data)
      : rows_(data.length),
        bytes_(arrow::internal::checked_cast<const arrow::FixedSizeBinaryType&>(*data.type)
                   .byte_width()),
        offset_(data.offset),
        validity_(data.GetNullCount() == 0 || !data.buffers[0] ? nullptr : data.buffers[0]->data()),
        values_(data.length == 0 ? nullptr : data.buffers[1]->data() + data.offset * bytes_) {}

  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }
  const uint8_t* row(int64_t i) const { return values_ + i * bytes_; }
  bool IsNull(int64_t i) const {
    return validity_ != nullptr && !arrow::bit_util::GetBit(validity_, offset_ + i);
  }

 private:
  int64_t rows_;
  int64_t bytes_;
  int64_t offset_;
  const uint8_t* validity_;
  const uint8_t* values_;
};

}  // namespace packed
