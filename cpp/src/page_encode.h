#pragma once

#include <cstdint>

#include "arrow/array.h"
#include "arrow/result.h"
#include "parquet/schema.h"
#include "parquet/types.h"

#include "encoded_chunk.h"
#include "page_codec.h"

namespace packed {

/// Everything that the pages of a column chunk have in common.
struct PageForm {
  const parquet::ColumnDescriptor* column = nullptr;  ///< a leaf at the top level
  /// Or BYTE_STREAM_SPLIT, or one of the three of deltas; the column's type has to suit it.
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;
  PageCompression compression;
  bool statistics = false;
  bool trial = false;  ///< of a sample, which nobody counts
};

/// \brief True for Arrow types whose values stand in a PLAIN page as they stand in memory, and for
/// strings and binaries.
bool IsPageType(const arrow::DataType& type);

/// \brief True where these are numbers whose differences can be stored: integers, dates, times and
/// timestamps of 32 and 64 bits.
bool IsDeltaType(const arrow::DataType& type);

/// \brief Bytes of one value, 0 for strings and binaries.
int64_t ValueBytes(const arrow::DataType& type);

/// \brief Encode the rows of `pieces` as one page. Throws as Parquet does; any thread.
///
/// An uncompressed page of a required column shares the memory of the pieces.
arrow::Result<EncodedPage> EncodePage(const PageForm& form, const arrow::ArrayVector& pieces);

/// \brief The values alone, without levels and not compressed: PLAIN or one of the three of deltas.
arrow::Result<std::shared_ptr<arrow::Buffer>> EncodeValues(parquet::Encoding::type encoding,
                                                           const arrow::ArrayVector& pieces);

}  // namespace packed
