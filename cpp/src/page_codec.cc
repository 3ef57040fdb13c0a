#include "page_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/util/compression.h"

#include "codec_check.h"
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

/// Into memory of the thread where that is large enough, so that what waits for its turn in the
/// file is of the right size and warm memory is used again.
Result<std::shared_ptr<Buffer>> Compress(ArrowCodec* codec, const uint8_t* data, int64_t size) {
  const int64_t most = codec->MaxCompressedLen(size, data);
  if (uint8_t* scratch = ScratchMemory(Scratch::kCompressedPage, most)) {
    ARROW_ASSIGN_OR_RAISE(const int64_t used, codec->Compress(size, data, most, scratch));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<Buffer> out, arrow::AllocateBuffer(used, Pool()));
    std::memcpy(out->mutable_data(), scratch, used);
    return out;
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> out,
                        arrow::AllocateResizableBuffer(most, Pool()));
  ARROW_ASSIGN_OR_RAISE(const int64_t used, codec->Compress(size, data, most, out->mutable_data()));
  ARROW_RETURN_NOT_OK(out->Resize(used, /*shrink_to_fit=*/true));
  return out;
}

Result<bool> LooksCompressible(ArrowCodec* codec, const Buffer& page) {
  const int64_t size = std::min(kProbeBytes, page.size());
  const uint8_t* middle = page.data() + (page.size() - size) / 2;
  const int64_t most = codec->MaxCompressedLen(size, middle);
  uint8_t* scratch = ScratchMemory(Scratch::kCompressedPage, most);
  ARROW_ASSIGN_OR_RAISE(const int64_t used, codec->Compress(size, middle, most, scratch));
  return Pays(used, size);
}

}  // namespace

Result<std::shared_ptr<Buffer>> CompressPage(const PageCompression& compression,
                                             const std::shared_ptr<Buffer>& page) {
  const auto type = compression.codec.type;
  if (type == arrow::Compression::UNCOMPRESSED) return page;
  const auto level = EffectiveLevel(compression.codec);
  ARROW_ASSIGN_OR_RAISE(
      auto codec,
      ArrowCodec::Create(type, level.value_or(ArrowCodec::UseDefaultCompressionLevel())));
  if (!compression.adaptive || page->size() <= kProbeBytes) {
    return Compress(codec.get(), page->data(), page->size());
  }
  ARROW_ASSIGN_OR_RAISE(const bool compressible, LooksCompressible(codec.get(), *page));
  if (!compressible) return MakeRawFrame(*page);
  ARROW_ASSIGN_OR_RAISE(auto compressed, Compress(codec.get(), page->data(), page->size()));
  if (Pays(compressed->size(), page->size())) return compressed;
  return MakeRawFrame(*page);
}

}  // namespace packed
