#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "thrift_compact.h"

namespace packed {

/// Numbers of `PageType` in parquet.thrift.
enum class PageKind : uint8_t { kDataV1 = 0, kIndex = 1, kDictionary = 2, kDataV2 = 3 };

/// What a page header says, as far as decoding needs it. Nothing negative, nothing else judged.
struct ParsedPage {
  PageKind kind = PageKind::kDataV1;
  int64_t header_bytes = 0;
  int64_t uncompressed_bytes = 0;
  int64_t compressed_bytes = 0;
  std::optional<uint32_t> crc;
  int64_t values = 0;                ///< nulls included
  int32_t encoding = -1;             ///< number of `Encoding` in parquet.thrift
  int32_t definition_encoding = -1;  ///< of a page of version 1
  int64_t definition_bytes = 0;      ///< of a page of version 2
  int64_t repetition_bytes = 0;      ///< of a page of version 2
  bool compressed = true;            ///< the values of a page of version 2
};

/// \brief Parse the page header that `bytes` start with, taking `page` for its facts.
///
/// kShort: the header is longer than `bytes`; kBad: this is no page header, or not one that a
/// reader of pages can do anything with.
ThriftCompactReader::State ParsePageHeader(std::span<const uint8_t> bytes, ParsedPage* page);

}  // namespace packed
