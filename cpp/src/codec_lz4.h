#pragma once

#include <cstdint>
#include <memory>

#include "arrow/result.h"

#include "packed/cancel.h"
#include "packed/codec.h"

namespace packed {

/// The most that a frame of LZ4 takes: blocks that do not compress are stored.
int64_t Lz4Bound(int64_t bytes);

/// \brief One frame with its size and a checksum (which Arrow's own encoder leaves out), in `out`,
/// which has room for Lz4Bound; its length.
///
/// Blocks are independent, and as large as `src` and the format allow.
arrow::Result<int64_t> Lz4Encode(const ByteCodec& codec, ByteView src, ByteRoom out,
                                 const CancelToken& cancel);

/// \brief The same as a stream, of blocks of `block_bytes` but at most 4 MiB, without the size.
arrow::Result<std::unique_ptr<CodecStream>> MakeLz4Encoder(const ByteCodec& codec,
                                                           int64_t block_bytes);

}  // namespace packed
