#include "page_inflate.h"

#include "arrow/util/compression.h"

#include "page_zstd.h"

namespace packed {

arrow::Result<int64_t> DecompressPage(parquet::Compression::type codec,
                                      std::span<const uint8_t> bytes, int64_t size, uint8_t* out) {
  if (codec == parquet::Compression::ZSTD) {
    const auto room = std::span(out, static_cast<size_t>(size));
    if (const auto done = ZstdDecompressPage(bytes, room)) return *done;
  }
  const auto input = static_cast<int64_t>(bytes.size());
  return parquet::GetCodec(codec)->Decompress(input, bytes.data(), size, out);
}

}  // namespace packed
