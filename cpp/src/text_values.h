#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "arrow/buffer.h"
#include "arrow/result.h"

namespace packed {

/// \brief Rows of text or bytes: row `i` is bytes [starts()[i], starts()[i + 1]); nothing for null.
struct TextRows {
  int64_t rows = 0;
  std::shared_ptr<arrow::Buffer> offsets;  ///< rows + 1 of int64_t
  std::shared_ptr<arrow::Buffer> bytes;    ///< some may be read beyond the last value

  const int64_t* starts() const { return offsets->data_as<int64_t>(); }
};

/// \brief Memory for `rows` rows of `bytes` bytes together; the first offset is set.
arrow::Result<TextRows> MakeTextRows(int64_t rows, int64_t bytes);

/// \brief `count` values as PLAIN has them, each behind its length, at the rows set in `validity`,
/// or at all where it is null. IOError where the bytes do not have them.
arrow::Result<TextRows> ReadPlainText(std::span<const uint8_t> bytes, int64_t count,
                                      const uint8_t* validity, int64_t rows);

/// \brief The same of indices into `dictionary`, all of which are within it; the first row is that
/// of bit `offset` of `validity`.
arrow::Result<TextRows> GatherText(const TextRows& dictionary, std::span<const uint32_t> indices,
                                   const uint8_t* validity, int64_t offset, int64_t rows);

}  // namespace packed
