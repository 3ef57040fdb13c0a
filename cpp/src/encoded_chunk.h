#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "parquet/statistics.h"
#include "parquet/types.h"

#include "page_header.h"

namespace packed {

/// A data page, ready but for its header, which depends on where in the file it comes to stand.
struct EncodedPage {
  PageFacts facts;
  arrow::BufferVector body;  ///< in pieces, in order
  bool borrows = false;      ///< the body is memory of the arrays that the page was made of
  /// Of the values, where the column has statistics; the chunk's are merged of them.
  std::shared_ptr<parquet::Statistics> statistics;
};

/// A column chunk that Arrow's writer made: header and body of all its pages, one after another,
/// and what the footer has to say about it. Offsets count from its first byte.
struct LiftedChunk {
  std::shared_ptr<arrow::Buffer> bytes;
  int64_t values = 0;
  int64_t uncompressed_bytes = 0;
  int64_t dictionary_offset = -1;  ///< < 0 = has none
  int64_t data_offset = 0;
  std::map<parquet::Encoding::type, int32_t> dictionary_encodings;
  std::map<parquet::Encoding::type, int32_t> data_encodings;
  std::shared_ptr<parquet::EncodedStatistics> statistics;  ///< null = none
};

}  // namespace packed
