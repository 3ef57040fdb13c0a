#pragma once

#include <string>

#include "arrow/status.h"

#include "packed/writer.h"

namespace packed {

/// \brief kInvalidArgument unless Parquet knows the codec and the codec knows the level.
///
/// `subject` says whose codec it is ("the writer", "field 'x'"), `field` goes into the context.
arrow::Status CheckCodec(const Codec& codec, const std::string& subject,
                         const std::string& field = "");

/// \brief kInvalidArgument unless the codec knows the level, if one is given.
arrow::Status CheckLevel(const Codec& codec, const std::string& subject,
                         const std::string& field = "");

/// The level to encode with: the caller's, 3 for ZSTD without one, else the codec's own default.
std::optional<int> EffectiveLevel(const Codec& codec);

}  // namespace packed
