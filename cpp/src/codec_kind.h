#pragma once

#include <cstdint>
#include <string>

#include "arrow/result.h"
#include "arrow/util/compression.h"

#include "packed/codec.h"

namespace packed {

/// What one step of a codec takes or gives at most: between steps cancel tokens are polled.
inline constexpr int64_t kCodecStepBytes = 1 << 20;

/// The level to encode with: the caller's, or the default of the codec. Not for snappy.
int LevelOf(const ByteCodec& codec);

/// Arrow's codec that encodes and decodes the parts of a format.
arrow::Result<std::unique_ptr<arrow::util::Codec>> ArrowCodecOf(const ByteCodec& codec);

/// \brief The one error for bytes that are no stream of the codec: kFileCorrupted.
arrow::Status DamagedStream(CodecKind kind, const std::string& received);

/// \brief "Expected at least `needed` bytes for dst but received `given`".
arrow::Status TargetTooSmall(int64_t needed, int64_t given);

}  // namespace packed
