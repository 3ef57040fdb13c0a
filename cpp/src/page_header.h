#pragma once

#include <cstdint>
#include <string>

#include "parquet/statistics.h"
#include "parquet/types.h"

namespace packed {

/// What the header of a data page (V1) says.
struct PageFacts {
  int32_t values = 0;              ///< rows, null ones included
  int64_t uncompressed_bytes = 0;  ///< levels and values
  int64_t stored_bytes = 0;        ///< of the body as it stands in the file
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;
  parquet::EncodedStatistics statistics;
};

/// \brief The header as Parquet's own writer would write it (Thrift, compact protocol).
///
/// kInvalidData-worthy sizes (beyond 31 bits) are the caller's to refuse.
std::string DataPageHeader(const PageFacts& facts);

/// \brief The same header, lengthened so that a page whose header starts at `offset` has its body
/// at a multiple of `alignment`.
///
/// The added bytes are a field that the format does not know, which every Thrift reader skips.
std::string AlignedDataPageHeader(const PageFacts& facts, int64_t offset, int64_t alignment);

}  // namespace packed
