#include "page_zstd.h"

#include "codec_zstd_context.h"

namespace packed {

int64_t ZstdPageBound(int64_t bytes) {
  return static_cast<int64_t>(ZSTD_COMPRESSBOUND(static_cast<size_t>(bytes)));
}

arrow::Result<int64_t> ZstdCompressPage(int level, const ZstdSearch& search, ByteView page,
                                        ByteRoom out) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, ThreadEncoder::Take(level, /*checksum=*/false));
  // ZSTD itself takes 0 for what the level has.
  ARROW_RETURN_NOT_OK(
      ZstdStatus(ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_minMatch, search.min_match)));
  ARROW_RETURN_NOT_OK(
      ZstdStatus(ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_hashLog, search.hash_log)));
  const size_t bytes =
      ZSTD_compress2(encoder.get(), out.data(), out.size(), page.data(), page.size());
  ARROW_RETURN_NOT_OK(ZstdStatus(bytes));
  return static_cast<int64_t>(bytes);
}

std::optional<int64_t> ZstdDecompressPage(ByteView bytes, ByteRoom out) {
  const auto context = ThreadDecoder(ByteCodec{});
  if (!context.ok()) return std::nullopt;
  const size_t size =
      ZSTD_decompressDCtx(*context, out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) return std::nullopt;
  return static_cast<int64_t>(size);
}

}  // namespace packed
