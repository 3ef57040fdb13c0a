#include "packed/codec.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "codec_arrow.h"
#include "codec_kind.h"
#include "codec_lz4.h"
#include "codec_run.h"
#include "codec_sink.h"
#include "codec_snappy.h"
#include "codec_zstd.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

/// What most data becomes at least; memory grows from there on.
constexpr int64_t kExpectedGrowth = 4;
constexpr int64_t kExpectedShrinking = 2;

/// To memory that has room for CompressBound.
arrow::Result<int64_t> EncodeWhole(const ByteCodec& codec, ByteView src, ByteRoom out,
                                   const CancelToken& cancel) {
  if (codec.kind == CodecKind::kZstd) return ZstdEncode(codec, src, out, cancel);
  if (codec.kind == CodecKind::kLz4) return Lz4Encode(codec, src, out, cancel);
  return SnappyEncode(src, out);
}

arrow::Result<CodecOutput> EncodeByBound(const ByteCodec& codec, ByteView src,
                                         std::optional<ByteRoom> target,
                                         const CancelToken& cancel) {
  ARROW_ASSIGN_OR_RAISE(const int64_t bound,
                        CompressBound(codec.kind, static_cast<int64_t>(src.size())));
  if (target.has_value() && static_cast<int64_t>(target->size()) >= bound) {
    ARROW_ASSIGN_OR_RAISE(const int64_t size, EncodeWhole(codec, src, *target, cancel));
    return CodecOutput{nullptr, size};
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> out,
                        arrow::AllocateResizableBuffer(bound, Pool()));
  const ByteRoom room(out->mutable_data(), bound);
  ARROW_ASSIGN_OR_RAISE(const int64_t size, EncodeWhole(codec, src, room, cancel));
  if (!target.has_value()) {
    ARROW_RETURN_NOT_OK(out->Resize(size, /*shrink_to_fit=*/true));
    return CodecOutput{std::move(out), size};
  }
  const auto given = static_cast<int64_t>(target->size());
  if (size > given) return TargetTooSmall(size, given);
  std::memcpy(target->data(), out->data(), size);
  return CodecOutput{nullptr, size};
}

arrow::Result<std::unique_ptr<CodecStream>> MakeEncoder(const ByteCodec& codec,
                                                        int64_t block_bytes) {
  switch (codec.kind) {
    case CodecKind::kLz4:
      return MakeLz4Encoder(codec, block_bytes);
    case CodecKind::kSnappy:
      return MakeSnappyEncoder(block_bytes);
    case CodecKind::kZstd:
      return arrow::Status::NotImplemented("a stream of zstd is frames of EncodeBytes");
    default:
      return MakeArrowEncoder(codec);
  }
}

arrow::Result<std::unique_ptr<CodecStream>> MakeDecoder(const ByteCodec& codec) {
  switch (codec.kind) {
    case CodecKind::kZstd:
      return MakeZstdDecoder(codec);
    case CodecKind::kSnappy:
      return MakeSnappyDecoder();
    default:
      return MakeArrowDecoder(codec);
  }
}

}  // namespace

arrow::Status RunStream(CodecStream* stream, ByteView src, CodecSink* sink,
                        const CancelToken& cancel) {
  while (true) {
    ARROW_RETURN_NOT_OK(cancel.Check());
    const ByteView in = src.first(std::min<size_t>(src.size(), kCodecStepBytes));
    ARROW_ASSIGN_OR_RAISE(ByteRoom room, sink->Room());
    room = room.first(std::min<size_t>(room.size(), kCodecStepBytes));
    ARROW_ASSIGN_OR_RAISE(const auto step, stream->Run(in, in.size() == src.size(), room));
    ARROW_RETURN_NOT_OK(sink->Wrote(step.written));
    src = src.subspan(step.read);
    if (step.read > 0 || step.written > 0) continue;
    if (src.empty()) return stream->CheckEnd();
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected a whole stream but received bytes that it does not take");
  }
}

arrow::Result<CodecOutput> EncodeBytes(const ByteCodec& codec, ByteView src,
                                       std::optional<ByteRoom> target, const CancelToken& cancel) {
  ARROW_RETURN_NOT_OK(CheckByteCodec(codec));
  const bool streamed = codec.kind == CodecKind::kGzip || codec.kind == CodecKind::kBrotli;
  if (!streamed) return EncodeByBound(codec, src, target, cancel);
  ARROW_ASSIGN_OR_RAISE(const auto stream, MakeArrowEncoder(codec));
  const auto bytes = static_cast<int64_t>(src.size());
  CodecSink sink(target, bytes / kExpectedShrinking, std::numeric_limits<int64_t>::max());
  ARROW_RETURN_NOT_OK(RunStream(stream.get(), src, &sink, cancel));
  return sink.Finish();
}

arrow::Result<CodecOutput> DecodeBytes(const ByteCodec& codec, ByteView src,
                                       std::optional<ByteRoom> target, int64_t most_bytes,
                                       const CancelToken& cancel) {
  ARROW_RETURN_NOT_OK(CheckByteCodec(codec));
  if (src.empty()) return DamagedStream(codec.kind, "no bytes");
  CodecSink sink(target, static_cast<int64_t>(src.size()) * kExpectedGrowth, most_bytes);
  if (codec.kind == CodecKind::kZstd) {
    ARROW_RETURN_NOT_OK(ZstdDecode(codec, src, &sink, cancel));
  } else if (codec.kind == CodecKind::kSnappy) {
    ARROW_RETURN_NOT_OK(SnappyDecode(src, &sink, cancel));
  } else {
    ARROW_ASSIGN_OR_RAISE(const auto stream, MakeArrowDecoder(codec));
    ARROW_RETURN_NOT_OK(RunStream(stream.get(), src, &sink, cancel));
  }
  return sink.Finish();
}

arrow::Result<std::unique_ptr<CodecStream>> CodecStream::Encoder(const ByteCodec& codec,
                                                                 int64_t block_bytes) {
  ARROW_RETURN_NOT_OK(CheckByteCodec(codec));
  return MakeEncoder(codec, block_bytes);
}

arrow::Result<std::unique_ptr<CodecStream>> CodecStream::Decoder(const ByteCodec& codec) {
  ARROW_RETURN_NOT_OK(CheckByteCodec(codec));
  return MakeDecoder(codec);
}

}  // namespace packed
