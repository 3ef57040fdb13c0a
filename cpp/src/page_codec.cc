#include "page_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/util/compression.h"

#include "codec_check.h"
#include "codec_kind.h"
#include "packed/memory.h"
#include "page_scratch.h"
#include "raw_frame.h"

namespace packed {
namespace {

using arrow::Buffer;
using arrow::Result;
using ArrowCodec = arrow::util::Codec;

/// Of the middle of a page; its ends are less like the rest where levels come first.
constexpr int64_t kProbeBytes = 16 << 10;
/// A page is worth compressing when this share of it goes away. Float mantissas lose 7 % at the
/// price of decoding every byte, in every read.
constexpr double kLeastGain = 0.10;

bool Pays(int64_t compressed, int64_t plain) {
  return static_cast<double>(compressed) <= (1 - kLeastGain) * static_cast<double>(plain);
}

/// The codec of pages: our own ZSTD, of everything else Arrow's.
class PageEncoder {
 public:
  static Result<PageEncoder> Make(const PageCompression& compression) {
    PageEncoder encoder;
    const Codec& codec = compression.codec;
    const auto level = EffectiveLevel(codec);
    if (codec.type == arrow::Compression::ZSTD) {
      encoder.level_ = LevelOf({CodecKind::kZstd, level});
      encoder.search_ = compression.search;
      return encoder;
    }
    ARROW_ASSIGN_OR_RAISE(
        encoder.arrow_,
        ArrowCodec::Create(codec.type, level.value_or(ArrowCodec::UseDefaultCompressionLevel())));
    return encoder;
  }

  int64_t MostBytes(ByteView plain) const {
    const auto size = static_cast<int64_t>(plain.size());
    return arrow_ ? arrow_->MaxCompressedLen(size, plain.data()) : ZstdPageBound(size);
  }

  Result<int64_t> Run(ByteView plain, ByteRoom out) const {
    if (!arrow_) return ZstdCompressPage(level_, search_, plain, out);
    return arrow_->Compress(static_cast<int64_t>(plain.size()), plain.data(),
                            static_cast<int64_t>(out.size()), out.data());
  }

 private:
  int level_ = 0;      ///< of ZSTD
  ZstdSearch search_;  ///< of ZSTD
  std::unique_ptr<ArrowCodec> arrow_;
};

ByteRoom RoomAt(uint8_t* data, int64_t size) { return {data, static_cast<size_t>(size)}; }

/// A compressed page of at least this part of its room keeps it; others are copied.
constexpr int64_t kFullNumerator = 7;
constexpr int64_t kFullDenominator = 8;

/// What waits for its turn in the file is about of the right size.
Result<std::shared_ptr<Buffer>> Compress(const PageEncoder& encoder, ByteView plain) {
  const int64_t most = encoder.MostBytes(plain);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> out,
                        arrow::AllocateResizableBuffer(most, Pool()));
  ARROW_ASSIGN_OR_RAISE(const int64_t used, encoder.Run(plain, RoomAt(out->mutable_data(), most)));
  const bool full = used * kFullDenominator >= most * kFullNumerator;
  ARROW_RETURN_NOT_OK(out->Resize(used, /*shrink_to_fit=*/!full));
  return out;
}

Result<bool> LooksCompressible(const PageEncoder& encoder, ByteView page) {
  const size_t size = std::min<size_t>(kProbeBytes, page.size());
  const ByteView middle = page.subspan((page.size() - size) / 2, size);
  const int64_t most = encoder.MostBytes(middle);
  uint8_t* scratch = ScratchMemory(Scratch::kCompressedPage, most);
  ARROW_ASSIGN_OR_RAISE(const int64_t used, encoder.Run(middle, RoomAt(scratch, most)));
  return Pays(used, static_cast<int64_t>(size));
}

}  // namespace

Result<std::shared_ptr<Buffer>> CompressPage(const PageCompression& compression,
                                             const std::shared_ptr<Buffer>& page) {
  if (compression.codec.type == arrow::Compression::UNCOMPRESSED) return page;
  ARROW_ASSIGN_OR_RAISE(const auto encoder, PageEncoder::Make(compression));
  const ByteView plain(page->data(), static_cast<size_t>(page->size()));
  if (!compression.adaptive || page->size() <= kProbeBytes) return Compress(encoder, plain);
  ARROW_ASSIGN_OR_RAISE(const bool compressible, LooksCompressible(encoder, plain));
  if (!compressible) return MakeRawFrame(*page);
  ARROW_ASSIGN_OR_RAISE(auto compressed, Compress(encoder, plain));
  if (Pays(compressed->size(), page->size())) return compressed;
  return MakeRawFrame(*page);
}

}  // namespace packed
