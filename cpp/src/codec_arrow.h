#pragma once

#include <memory>

#include "arrow/result.h"

#include "packed/codec.h"

namespace packed {

/// \brief A decoder of Arrow's as a stream of any number of frames (of brotli one).
arrow::Result<std::unique_ptr<CodecStream>> MakeArrowDecoder(const ByteCodec& codec);

/// \brief An encoder of Arrow's as a stream: gzip or brotli.
arrow::Result<std::unique_ptr<CodecStream>> MakeArrowEncoder(const ByteCodec& codec);

}  // namespace packed
