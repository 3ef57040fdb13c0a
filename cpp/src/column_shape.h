#pragma once

#include <cstdint>
#include <optional>

#include "arrow/type.h"
#include "parquet/metadata.h"
#include "parquet/schema.h"
#include "parquet/types.h"

namespace packed {

/// \brief How the values of a flat column lie in pages and in Arrow's memory.
struct ColumnShape {
  enum class Form : uint8_t {
    kBytes,   ///< the same bytes in both
    kNarrow,  ///< the low bytes of 32-bit integers
    kBits,    ///< bits in both
    kText,    ///< of any length, behind it in pages
  };
  Form form = Form::kBytes;
  int64_t width = 0;         ///< bytes of a value in Arrow; 0 for bits and text
  int64_t stored_width = 0;  ///< bytes of a PLAIN value; 0 for bits and text
  bool optional = false;     ///< pages have definition levels of one bit
  bool integers = false;     ///< stored as INT32 or INT64
  parquet::Type::type physical = parquet::Type::UNDEFINED;

  /// Bytes that `rows` values take in Arrow.
  int64_t ValueBytes(int64_t rows) const {
    return form == Form::kBits ? (rows + 7) / 8 : rows * width;
  }
};

/// \brief The shape of a column that own code decodes; nullopt where that is left to Arrow's
/// reader. `stored` is the Arrow type that Arrow's reader gives the column.
std::optional<ColumnShape> ShapeOf(const parquet::ColumnDescriptor& leaf,
                                   const arrow::DataType& stored);

/// \brief Whether a footer says of a chunk nothing that only Arrow's reader knows: codecs,
/// encodings, encryption. What its pages say is another matter.
bool MayDecode(const parquet::ColumnChunkMetaData& chunk);

/// \brief First byte of a chunk's pages; -1 where the footer makes no sense.
int64_t ChunkOffset(const parquet::ColumnChunkMetaData& chunk);

}  // namespace packed
