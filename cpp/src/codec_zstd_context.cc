#include "codec_zstd_context.h"

#include <zstd_errors.h>

#include <string>

#include "codec_kind.h"
#include "packed/error.h"

namespace packed {
namespace {

constexpr size_t kMostKeptBytes = 16 << 20;

// Plain memory of ZSTD: nothing of Arrow is touched when a thread ends.
thread_local ZstdPointer<ZSTD_CCtx> thread_encoder;
thread_local ZstdPointer<ZSTD_DCtx> thread_decoder;

arrow::Status NoMemory() {
  return MakeError(ErrorCode::kOutOfMemory, "Expected memory for a context of ZSTD");
}

}  // namespace

arrow::Status ZstdStatus(size_t code) {
  if (ZSTD_isError(code) == 0) return arrow::Status::OK();
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
      return NoMemory();
    case ZSTD_error_frameParameter_windowTooLarge:
      return MakeError(ErrorCode::kInvalidData,
                       "Expected a stream of zstd that is decoded with a window of at most 128 "
                       "MiB but received one that needs more");
    case ZSTD_error_dictionary_wrong:
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected the dictionary that the stream was encoded with but received "
                       "another or none");
    case ZSTD_error_prefix_unknown:
      return DamagedStream(CodecKind::kZstd, "bytes that begin no frame");
    default:
      return DamagedStream(CodecKind::kZstd, ZSTD_getErrorName(code));
  }
}

arrow::Result<ThreadEncoder> ThreadEncoder::Take(int level, bool checksum) {
  if (thread_encoder == nullptr) thread_encoder.reset(ZSTD_createCCtx());
  if (thread_encoder == nullptr) return NoMemory();
  ThreadEncoder encoder(thread_encoder.get());
  ZSTD_CCtx* const context = encoder.get();
  ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)));
  ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)));
  ARROW_RETURN_NOT_OK(
      ZstdStatus(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)));
  return encoder;
}

arrow::Result<ThreadEncoder> ThreadEncoder::Take(const ByteCodec& codec) {
  const int level = LevelOf(codec);
  ARROW_ASSIGN_OR_RAISE(ThreadEncoder encoder, Take(level, /*checksum=*/true));
  if (codec.dictionary != nullptr) {
    ARROW_ASSIGN_OR_RAISE(const auto* digest, codec.dictionary->digests().ForLevel(level));
    ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_CCtx_refCDict(encoder.get(), digest)));
  }
  return encoder;
}

ThreadEncoder::~ThreadEncoder() {
  if (context_ == nullptr) return;
  // Dictionaries that it refers to may go before its next use.
  ZSTD_CCtx_reset(context_, ZSTD_reset_session_and_parameters);
  if (ZSTD_sizeof_CCtx(context_) > kMostKeptBytes) thread_encoder.reset();
}

arrow::Status ResetDecoder(ZSTD_DCtx* context, const ByteCodec& codec) {
  ARROW_RETURN_NOT_OK(ZstdStatus(ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters)));
  if (codec.dictionary == nullptr) return arrow::Status::OK();
  return ZstdStatus(ZSTD_DCtx_refDDict(context, codec.dictionary->digests().decoder.get()));
}

arrow::Result<ZSTD_DCtx*> ThreadDecoder(const ByteCodec& codec) {
  // One that decoded a frame of unknown size keeps its window.
  if (thread_decoder != nullptr && ZSTD_sizeof_DCtx(thread_decoder.get()) > kMostKeptBytes) {
    thread_decoder.reset();
  }
  if (thread_decoder == nullptr) thread_decoder.reset(ZSTD_createDCtx());
  if (thread_decoder == nullptr) return NoMemory();
  ARROW_RETURN_NOT_OK(ResetDecoder(thread_decoder.get(), codec));
  return thread_decoder.get();
}

}  // namespace packed
