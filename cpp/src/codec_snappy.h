#pragma once

#include <memory>

#include "arrow/result.h"

#include "codec_sink.h"
#include "packed/codec.h"

namespace packed {

/// \brief One block of snappy (which begins with its size), or a stream in the framing format: no
/// block can begin as such a stream does.
arrow::Status SnappyDecode(ByteView src, CodecSink* sink, const CancelToken& cancel);

/// \brief One block.
arrow::Status SnappyDecodeBlock(ByteView src, CodecSink* sink);

/// \brief One block in `out`, which has room for CompressBound; its length.
arrow::Result<int64_t> SnappyEncode(ByteView src, ByteRoom out);

// The framing format: chunks of at most 64 KiB, each with a checksum.
arrow::Result<std::unique_ptr<CodecStream>> MakeSnappyEncoder(int64_t block_bytes);
std::unique_ptr<CodecStream> MakeSnappyDecoder();

}  // namespace packed
