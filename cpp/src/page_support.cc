#include "page_support.h"

namespace packed {

bool IsDictionary(int32_t encoding) {
  return encoding == kPlainDictionary || encoding == kRleDictionary;
}

bool HasIndices(const ParsedPage& page) { return IsDictionary(page.encoding); }

bool KnowsPage(const ParsedPage& page, const ColumnShape& shape) {
  const bool bits = shape.form == ColumnShape::Form::kBits;
  switch (page.kind) {
    case PageKind::kIndex:
      return false;
    case PageKind::kDictionary:
      return !bits && (page.encoding == kPlain || page.encoding == kPlainDictionary);
    case PageKind::kDataV1:
      if (shape.optional && page.definition_encoding != kRle) return false;
      break;
    case PageKind::kDataV2:
      if (page.repetition_bytes != 0) return false;
      break;
  }
  if (bits) return page.encoding == kPlain || page.encoding == kRle;
  const bool text = shape.form == ColumnShape::Form::kText;
  if (text) {
    return page.encoding == kPlain || IsDictionary(page.encoding) ||
           page.encoding == kDeltaLengthText || page.encoding == kDeltaText;
  }
  return page.encoding == kPlain || IsDictionary(page.encoding) ||
         (page.encoding == kDelta && shape.integers) || page.encoding == kSplit;
}

bool StoresRows(const ParsedPage& page, const ColumnShape& shape,
                parquet::Compression::type codec) {
  const bool stored = codec == parquet::Compression::UNCOMPRESSED ||
                      (page.kind == PageKind::kDataV2 && !page.compressed);
  return stored && !page.crc && !shape.optional && page.encoding == kPlain &&
         shape.form == ColumnShape::Form::kBytes && page.definition_bytes == 0 &&
         page.compressed_bytes / shape.width >= page.values;
}

bool CompressesRows(const ParsedPage& page, const ColumnShape& shape,
                    parquet::Compression::type codec) {
  return codec == parquet::Compression::ZSTD && page.kind == PageKind::kDataV1 && !page.crc &&
         !shape.optional && page.encoding == kPlain && shape.form == ColumnShape::Form::kBytes &&
         page.uncompressed_bytes == page.values * shape.width;
}

}  // namespace packed
