#pragma once

#include <cstdint>

#include "parquet/types.h"

#include "column_shape.h"
#include "read_page_header.h"

namespace packed {

/// Numbers of `Encoding` in parquet.thrift.
enum PageEncoding : int32_t {
  kPlain = 0,
  kPlainDictionary = 2,
  kRle = 3,
  kDelta = 5,
  kDeltaLengthText = 6,
  kDeltaText = 7,
  kRleDictionary = 8,
  kSplit = 9
};

/// \brief Whether a page is one that PageDecoder knows: what is not is Arrow's.
bool KnowsPage(const ParsedPage& page, const ColumnShape& shape);

/// \brief Whether values of this encoding are indices into a dictionary.
bool IsDictionary(int32_t encoding);

/// \brief Whether a data page has indices into a dictionary.
bool HasIndices(const ParsedPage& page);

/// \brief Whether the body of a data page is its rows, as Arrow has them, one after the other.
bool StoresRows(const ParsedPage& page, const ColumnShape& shape, parquet::Compression::type codec);

/// \brief Whether the body of a data page is a frame of ZSTD whose content is its rows, as Arrow
/// has them, one after the other.
bool CompressesRows(const ParsedPage& page, const ColumnShape& shape,
                    parquet::Compression::type codec);

}  // namespace packed
