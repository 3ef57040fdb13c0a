#pragma once

// stableInBuffer and frame headers are experimental parts of ZSTD, whose version is pinned.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <cstddef>

#include "arrow/result.h"

#include "codec_dictionary.h"
#include "packed/codec.h"

namespace packed {

/// \brief The encoder of the calling thread, as new, while this lives.
///
/// Its tables stay for the next call unless they are large: those of high levels have hundreds of
/// MiB. One at a time per thread.
class ThreadEncoder {
 public:
  /// \brief Ready to encode at the level and with the dictionary of `codec`, with a checksum.
  static arrow::Result<ThreadEncoder> Take(const ByteCodec& codec);
  /// \brief Ready to encode at a level.
  static arrow::Result<ThreadEncoder> Take(int level, bool checksum);
  ~ThreadEncoder();
  ThreadEncoder(ThreadEncoder&& other) noexcept : context_(other.context_) {
    other.context_ = nullptr;
  }
  ThreadEncoder& operator=(ThreadEncoder&&) = delete;

  ZSTD_CCtx* get() const { return context_; }

 private:
  explicit ThreadEncoder(ZSTD_CCtx* context) : context_(context) {}

  ZSTD_CCtx* context_;
};

/// \brief The decoder of the calling thread, as new but for the dictionary of `codec`.
arrow::Result<ZSTD_DCtx*> ThreadDecoder(const ByteCodec& codec);

arrow::Status ResetDecoder(ZSTD_DCtx* context, const ByteCodec& codec);

/// \brief The failure that `code` of ZSTD is; OK where it is none.
arrow::Status ZstdStatus(size_t code);

}  // namespace packed
