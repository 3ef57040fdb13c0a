#include "codec_zstd.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codec_kind.h"
#include "codec_zstd_context.h"
#include "packed/error.h"

namespace packed {
namespace {

constexpr int64_t kSkippableHeaderBytes = 8;
/// A block of 128 KiB takes at least a header of three bytes and one of content (RFC
/// 8878, 3.1.1.2).
constexpr uint64_t kBlockBytes = 128 << 10;
constexpr uint64_t kLeastBlockBytes = 4;

/// In steps, so that an abort does not wait for all of it. Both buffers stay where they are: ZSTD
/// reads from the one and writes to the other without copies of its own.
arrow::Result<int64_t> EncodeInSteps(ZSTD_CCtx* context, ByteView src, ByteRoom out,
                                     const CancelToken& cancel) {
  ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_CCtx_setParameter(context, ZSTD_c_stableInBuffer, 1)));
  ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_CCtx_setParameter(context, ZSTD_c_stableOutBuffer, 1)));
  ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_CCtx_setPledgedSrcSize(context, src.size())));
  ZSTD_inBuffer in{src.data(), 0, 0};
  ZSTD_outBuffer written{out.data(), out.size(), 0};
  while (in.size < src.size()) {
    ARROW_RETURN_NOT_OK(cancel.Check());
    in.size = std::min<size_t>(in.size + kCodecStepBytes, src.size());
    const auto directive = in.size == src.size() ? ZSTD_e_end : ZSTD_e_continue;
    size_t left = 0;
    do {
      left = ZSTD_compressStream2(context, &written, &in, directive);
      ARROW_RETURN_NOT_OK(ZstdStatus(left));
    } while (directive == ZSTD_e_end && left > 0);
  }
  return static_cast<int64_t>(written.pos);
}

/// Decodes one frame after the other.
class FrameDecoder {
 public:
  FrameDecoder(const ByteCodec& codec, CodecSink* sink, const CancelToken& cancel)
      : codec_(codec), sink_(sink), cancel_(cancel) {}

  /// The length of the frame that `src` begins with.
  arrow::Result<size_t> Next(ByteView src) {
    ZSTD_FrameHeader header;
    const size_t missing = ZSTD_getFrameHeader(&header, src.data(), src.size());
    ARROW_RETURN_NOT_OK(ZstdStatus(missing));
    if (missing > 0) return CutShort();
    if (header.frameType == ZSTD_skippableFrame) return SkippableFrame(header, src);
    ARROW_RETURN_NOT_OK(CheckDictionary(header));
    if (header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN) return Streamed(src);
    if (header.frameContentSize / kBlockBytes > src.size() / kLeastBlockBytes) {
      return DamagedStream(CodecKind::kZstd, "a size that its bytes cannot have");
    }
    const auto content = static_cast<int64_t>(header.frameContentSize);
    ARROW_ASSIGN_OR_RAISE(const auto place, sink_->Whole(content));
    if (!place.has_value()) return Streamed(src);
    ARROW_ASSIGN_OR_RAISE(const size_t frame, FrameBytes(src));
    ARROW_RETURN_NOT_OK(content > kCodecStepBytes ? InSteps(src.first(frame), *place)
                                                  : AtOnce(src.first(frame), *place));
    ARROW_RETURN_NOT_OK(sink_->Wrote(content));
    return frame;
  }

 private:
  static arrow::Status CutShort() {
    return DamagedStream(CodecKind::kZstd, "one that ends in the middle");
  }

  static arrow::Result<size_t> SkippableFrame(const ZSTD_FrameHeader& header, ByteView src) {
    const uint64_t bytes = header.frameContentSize + kSkippableHeaderBytes;
    if (bytes > src.size()) return CutShort();
    return static_cast<size_t>(bytes);
  }

  arrow::Status CheckDictionary(const ZSTD_FrameHeader& header) const {
    const uint32_t given = codec_.dictionary == nullptr ? 0 : codec_.dictionary->id();
    if (header.dictID == 0 || header.dictID == given) return arrow::Status::OK();
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected dictionary " + std::to_string(header.dictID) +
                         " for the stream but received " +
                         (given == 0 ? "none" : "dictionary " + std::to_string(given)));
  }

  static arrow::Result<size_t> FrameBytes(ByteView src) {
    const size_t bytes = ZSTD_findFrameCompressedSize(src.data(), src.size());
    if (ZSTD_isError(bytes) != 0) return CutShort();  // all that it looks at are lengths
    return bytes;
  }

  arrow::Status AtOnce(ByteView frame, ByteRoom place) const {
    ARROW_ASSIGN_OR_RAISE(ZSTD_DCtx * context, ThreadDecoder(codec_));
    const size_t bytes =
        ZSTD_decompressDCtx(context, place.data(), place.size(), frame.data(), frame.size());
    return CheckContent(bytes, place);
  }

  /// In steps, straight to its place, whatever window the frame was made with.
  arrow::Status InSteps(ByteView frame, ByteRoom place) const {
    ARROW_ASSIGN_OR_RAISE(ZSTD_DCtx * context, ThreadDecoder(codec_));
    ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_DCtx_setParameter(context, ZSTD_d_stableOutBuffer, 1)));
    ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_DCtx_setParameter(
        context, ZSTD_d_windowLogMax, ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound)));
    ZSTD_inBuffer in{frame.data(), 0, 0};
    ZSTD_outBuffer out{place.data(), place.size(), 0};
    size_t hint = 1;
    while (hint > 0) {
      ARROW_RETURN_NOT_OK(cancel_.Check());
      if (in.pos == in.size && in.size == frame.size()) return CutShort();
      in.size = std::min<size_t>(in.pos + kCodecStepBytes / 4, frame.size());
      hint = ZSTD_decompressStream(context, &out, &in);
      ARROW_RETURN_NOT_OK(ZstdStatus(hint));
    }
    return CheckContent(out.pos, place);
  }

  static arrow::Status CheckContent(size_t bytes, ByteRoom place) {
    ARROW_RETURN_NOT_OK(ZstdStatus(bytes));
    if (bytes == place.size()) return arrow::Status::OK();
    return DamagedStream(CodecKind::kZstd, "another size than it says");
  }

  /// A frame that does not say its size, or that the caller's memory is too small for.
  arrow::Result<size_t> Streamed(ByteView src) const {
    ARROW_ASSIGN_OR_RAISE(ZSTD_DCtx * context, ThreadDecoder(codec_));
    ZSTD_inBuffer in{src.data(), 0, 0};
    for (size_t hint = 1; hint > 0;) {
      ARROW_RETURN_NOT_OK(cancel_.Check());
      ARROW_ASSIGN_OR_RAISE(const ByteRoom room, sink_->Room());
      ZSTD_outBuffer out{room.data(), std::min<size_t>(room.size(), kCodecStepBytes), 0};
      in.size = std::min<size_t>(in.pos + kCodecStepBytes, src.size());
      hint = ZSTD_decompressStream(context, &out, &in);
      ARROW_RETURN_NOT_OK(ZstdStatus(hint));
      ARROW_RETURN_NOT_OK(sink_->Wrote(static_cast<int64_t>(out.pos)));
      if (hint > 0 && in.pos == src.size() && out.pos < out.size) return CutShort();
    }
    return in.pos;
  }

  const ByteCodec& codec_;
  CodecSink* const sink_;
  const CancelToken& cancel_;
};

class ZstdDecoder final : public CodecStream {
 public:
  explicit ZstdDecoder(ByteCodec codec) : codec_(std::move(codec)) {}

  arrow::Status Open() {
    context_.reset(ZSTD_createDCtx());
    if (context_ == nullptr) {
      return MakeError(ErrorCode::kOutOfMemory, "Expected memory for a context of ZSTD");
    }
    return ResetDecoder(context_.get(), codec_);
  }

  arrow::Result<Step> Run(ByteView in, bool /*last*/, ByteRoom out) override {
    // ZSTD counts calls that do nothing, and takes many of them for a mistake.
    if (in.empty() && (at_end_ || !full_)) return Step{};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const size_t hint = ZSTD_decompressStream(context_.get(), &output, &input);
    ARROW_RETURN_NOT_OK(ZstdStatus(hint));
    at_end_ = hint == 0;
    full_ = output.pos == output.size;  // there may be more of it inside
    return Step{static_cast<int64_t>(input.pos), static_cast<int64_t>(output.pos)};
  }

  arrow::Status CheckEnd() const override {
    if (at_end_) return arrow::Status::OK();
    return DamagedStream(CodecKind::kZstd, "one that ends in the middle");
  }

 private:
  const ByteCodec codec_;
  ZstdPointer<ZSTD_DCtx> context_;
  bool at_end_ = false;
  bool full_ = false;
};

}  // namespace

arrow::Result<int64_t> ZstdEncode(const ByteCodec& codec, ByteView src, ByteRoom out,
                                  const CancelToken& cancel) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, ThreadEncoder::Take(codec));
  if (src.size() > kCodecStepBytes) return EncodeInSteps(encoder.get(), src, out, cancel);
  const size_t bytes =
      ZSTD_compress2(encoder.get(), out.data(), out.size(), src.data(), src.size());
  ARROW_RETURN_NOT_OK(ZstdStatus(bytes));
  return static_cast<int64_t>(bytes);
}

arrow::Status ZstdDecode(const ByteCodec& codec, ByteView src, CodecSink* sink,
                         const CancelToken& cancel) {
  FrameDecoder decoder(codec, sink, cancel);
  do {
    ARROW_RETURN_NOT_OK(cancel.Check());
    ARROW_ASSIGN_OR_RAISE(const size_t frame, decoder.Next(src));
    src = src.subspan(frame);
  } while (!src.empty());
  return arrow::Status::OK();
}

arrow::Result<std::unique_ptr<CodecStream>> MakeZstdDecoder(const ByteCodec& codec) {
  auto decoder = std::make_unique<ZstdDecoder>(codec);
  ARROW_RETURN_NOT_OK(decoder->Open());
  return decoder;
}

}  // namespace packed
