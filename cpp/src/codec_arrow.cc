#include "codec_arrow.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "arrow/util/compression.h"

#include "codec_kind.h"
#include "packed/error.h"

namespace packed {
namespace {

using arrow::util::Compressor;
using arrow::util::Decompressor;

/// zlib takes streams of its own format for gzip, too.
constexpr std::array<uint8_t, 2> kGzipMagic{0x1f, 0x8b};

class ArrowDecoder final : public CodecStream {
 public:
  ArrowDecoder(CodecKind kind, std::shared_ptr<Decompressor> decompressor)
      : kind_(kind), decompressor_(std::move(decompressor)) {}

  arrow::Result<Step> Run(ByteView in, bool /*last*/, ByteRoom out) override {
    if (at_end_) {
      if (in.empty()) return Step{};
      ARROW_RETURN_NOT_OK(NextFrame());
    }
    ARROW_RETURN_NOT_OK(CheckMagic(in));
    const auto done = decompressor_->Decompress(static_cast<int64_t>(in.size()), in.data(),
                                                static_cast<int64_t>(out.size()), out.data());
    if (!done.ok()) return DamagedStream(kind_, done.status().message());
    frame_read_ += done->bytes_read;
    at_end_ = decompressor_->IsFinished();
    return Step{done->bytes_read, done->bytes_written};
  }

  arrow::Status CheckEnd() const override {
    if (at_end_) return arrow::Status::OK();
    return DamagedStream(kind_, "one that ends in the middle");
  }

 private:
  arrow::Status NextFrame() {
    if (kind_ == CodecKind::kBrotli) return DamagedStream(kind_, "bytes behind its end");
    at_end_ = false;
    frame_read_ = 0;
    return decompressor_->Reset();
  }

  /// The first bytes of a frame may come one at a time.
  arrow::Status CheckMagic(ByteView in) const {
    if (kind_ != CodecKind::kGzip) return arrow::Status::OK();
    for (size_t i = 0; i < in.size() && frame_read_ + i < kGzipMagic.size(); ++i) {
      if (in[i] != kGzipMagic[frame_read_ + i]) {
        return DamagedStream(kind_, "bytes that begin no frame");
      }
    }
    return arrow::Status::OK();
  }

  const CodecKind kind_;
  const std::shared_ptr<Decompressor> decompressor_;
  size_t frame_read_ = 0;
  bool at_end_ = false;
};

class ArrowEncoder final : public CodecStream {
 public:
  explicit ArrowEncoder(std::shared_ptr<Compressor> compressor)
      : compressor_(std::move(compressor)) {}

  arrow::Result<Step> Run(ByteView in, bool last, ByteRoom out) override {
    if (ended_ || (in.empty() && !last)) return Step{};
    const auto room = static_cast<int64_t>(out.size());
    if (in.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto done, compressor_->End(room, out.data()));
      ended_ = !done.should_retry;
      return Step{0, done.bytes_written};
    }
    ARROW_ASSIGN_OR_RAISE(const auto done, compressor_->Compress(static_cast<int64_t>(in.size()),
                                                                 in.data(), room, out.data()));
    return Step{done.bytes_read, done.bytes_written};
  }

 private:
  const std::shared_ptr<Compressor> compressor_;
  bool ended_ = false;
};

}  // namespace

arrow::Result<std::unique_ptr<CodecStream>> MakeArrowDecoder(const ByteCodec& codec) {
  std::unique_ptr<arrow::util::Codec> arrow_codec;
  if (codec.kind == CodecKind::kLz4) {
    ARROW_ASSIGN_OR_RAISE(arrow_codec, arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME));
  } else {
    ARROW_ASSIGN_OR_RAISE(arrow_codec, ArrowCodecOf(codec));
  }
  ARROW_ASSIGN_OR_RAISE(auto decompressor, arrow_codec->MakeDecompressor());
  return std::make_unique<ArrowDecoder>(codec.kind, std::move(decompressor));
}

arrow::Result<std::unique_ptr<CodecStream>> MakeArrowEncoder(const ByteCodec& codec) {
  ARROW_ASSIGN_OR_RAISE(const auto arrow_codec, ArrowCodecOf(codec));
  ARROW_ASSIGN_OR_RAISE(auto compressor, arrow_codec->MakeCompressor());
  return std::make_unique<ArrowEncoder>(std::move(compressor));
}

}  // namespace packed
