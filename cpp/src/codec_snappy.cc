#include "codec_snappy.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "arrow/util/compression.h"

#include "codec_kind.h"
#include "codec_pending.h"
#include "codec_run.h"
#include "codec_snappy_chunks.h"
#include "crc32c.h"
#include "packed/error.h"

namespace packed {
namespace {

using ArrowCodec = arrow::util::Codec;

ByteCodec Snappy() { return {CodecKind::kSnappy}; }

/// Three bytes say at most 64 bytes again.
constexpr uint64_t kMostRatio = 22;
constexpr int kSizeBytes = 5;
constexpr int kSizeBits = 7;

arrow::Status Damaged(const char* received) { return DamagedStream(CodecKind::kSnappy, received); }

/// The size that a block begins with: little-endian groups of seven bits.
arrow::Result<uint32_t> DeclaredSize(ByteView src) {
  uint64_t size = 0;
  for (int i = 0; i < kSizeBytes && i < static_cast<int>(src.size()); ++i) {
    size |= static_cast<uint64_t>(src[i] & 0x7f) << (kSizeBits * i);
    if (src[i] < 0x80) {
      if (size > UINT32_MAX) break;
      return static_cast<uint32_t>(size);
    }
  }
  return Damaged("bytes that begin no block");
}

class SnappyEncoder final : public BlockEncoder {
 public:
  SnappyEncoder(std::unique_ptr<ArrowCodec> codec, size_t block_bytes)
      : BlockEncoder(block_bytes), codec_(std::move(codec)) {}

 protected:
  void Begin(std::vector<uint8_t>* out) override {
    out->assign(kSnappyIdentifier.begin(), kSnappyIdentifier.end());
  }

  arrow::Status Block(ByteView block, std::vector<uint8_t>* out) override {
    const auto size = static_cast<int64_t>(block.size());
    const int64_t most = codec_->MaxCompressedLen(size, block.data());
    out->resize(kSnappyChunkHeaderBytes + kSnappyChecksumBytes + most);
    uint8_t* const content = out->data() + kSnappyChunkHeaderBytes + kSnappyChecksumBytes;
    ARROW_ASSIGN_OR_RAISE(int64_t bytes, codec_->Compress(size, block.data(), most, content));
    // As others do it: what loses less than an eighth is stored.
    const bool stored = bytes >= size - size / 8;
    if (stored) {
      std::copy(block.begin(), block.end(), content);
      bytes = size;
    }
    StoreSnappyHeader(stored ? SnappyChunk::kStored : SnappyChunk::kCompressed,
                      kSnappyChecksumBytes + bytes, MaskedCrc32c(block), out->data());
    out->resize(kSnappyChunkHeaderBytes + kSnappyChecksumBytes + bytes);
    return arrow::Status::OK();
  }

  void End(std::vector<uint8_t>* /*out*/) override {}

 private:
  const std::unique_ptr<ArrowCodec> codec_;
};

}  // namespace

arrow::Status SnappyDecodeBlock(ByteView src, CodecSink* sink) {
  ARROW_ASSIGN_OR_RAISE(const uint32_t size, DeclaredSize(src));
  if (size > kMostRatio * src.size()) return Damaged("a size that its bytes cannot have");
  ARROW_ASSIGN_OR_RAISE(const auto place, sink->Whole(size));
  if (!place.has_value()) return sink->Wrote(size);  // counted, for the error that follows
  ARROW_ASSIGN_OR_RAISE(const auto codec, ArrowCodecOf(Snappy()));
  uint8_t nothing = 0;
  uint8_t* const out = size == 0 ? &nothing : place->data();
  const auto bytes = codec->Decompress(static_cast<int64_t>(src.size()), src.data(), size, out);
  if (!bytes.ok()) return Damaged("a block that is damaged");
  if (*bytes != size) return Damaged("another size than it says");
  return sink->Wrote(size);
}

arrow::Status SnappyDecode(ByteView src, CodecSink* sink, const CancelToken& cancel) {
  if (src.size() >= kSnappyIdentifier.size() &&
      std::equal(kSnappyIdentifier.begin(), kSnappyIdentifier.end(), src.begin())) {
    const auto decoder = MakeSnappyDecoder();
    return RunStream(decoder.get(), src, sink, cancel);
  }
  return SnappyDecodeBlock(src, sink);
}

arrow::Result<int64_t> SnappyEncode(ByteView src, ByteRoom out) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, ArrowCodecOf(Snappy()));
  return codec->Compress(static_cast<int64_t>(src.size()), src.data(),
                         static_cast<int64_t>(out.size()), out.data());
}

arrow::Result<std::unique_ptr<CodecStream>> MakeSnappyEncoder(int64_t block_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto codec, ArrowCodecOf(Snappy()));
  return std::make_unique<SnappyEncoder>(std::move(codec),
                                         std::min<int64_t>(block_bytes, kSnappyChunkBytes));
}

}  // namespace packed
