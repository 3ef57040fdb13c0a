#pragma once

#include <memory>

#include "arrow/result.h"

#include "codec_sink.h"
#include "packed/cancel.h"
#include "packed/codec.h"

namespace packed {

/// \brief One frame with its size and a checksum, in `out`, which has room for CompressBound; its
/// length. With the encoder of the calling thread.
arrow::Result<int64_t> ZstdEncode(const ByteCodec& codec, ByteView src, ByteRoom out,
                                  const CancelToken& cancel);

/// \brief All frames of `src`. With the decoder of the calling thread.
arrow::Status ZstdDecode(const ByteCodec& codec, ByteView src, CodecSink* sink,
                         const CancelToken& cancel);

arrow::Result<std::unique_ptr<CodecStream>> MakeZstdDecoder(const ByteCodec& codec);

}  // namespace packed
