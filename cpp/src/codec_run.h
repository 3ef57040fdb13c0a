#pragma once

#include "arrow/status.h"

#include "codec_sink.h"
#include "packed/cancel.h"
#include "packed/codec.h"

namespace packed {

/// \brief All of `src` through a stream to its end, in steps; the cancel token is polled between.
arrow::Status RunStream(CodecStream* stream, ByteView src, CodecSink* sink,
                        const CancelToken& cancel);

}  // namespace packed
