#include "codec_check.h"

#include "arrow/result.h"
#include "parquet/types.h"

#include "packed/error.h"

namespace packed {

using arrow::Status;
using ArrowCodec = arrow::util::Codec;

namespace {

constexpr int kDefaultZstdLevel = 3;

}  // namespace

Status CheckCodec(const Codec& codec, const std::string& subject, const std::string& field) {
  const std::string name = ArrowCodec::GetCodecAsString(codec.type);
  if (!parquet::IsCodecSupported(codec.type) || !ArrowCodec::IsAvailable(codec.type)) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a codec of Parquet for " + subject + " but received " + name,
                     {"", field});
  }
  return CheckLevel(codec, subject, field);
}

Status CheckLevel(const Codec& codec, const std::string& subject, const std::string& field) {
  if (!codec.level) return Status::OK();
  const std::string name = ArrowCodec::GetCodecAsString(codec.type);
  const std::string received = "but received level " + std::to_string(*codec.level);
  if (!ArrowCodec::SupportsCompressionLevel(codec.type)) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected no level of codec " + name + " for " + subject + " " + received,
                     {"", field});
  }
  ARROW_ASSIGN_OR_RAISE(const int lowest, ArrowCodec::MinimumCompressionLevel(codec.type));
  ARROW_ASSIGN_OR_RAISE(const int highest, ArrowCodec::MaximumCompressionLevel(codec.type));
  if (*codec.level < lowest || *codec.level > highest) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a level of codec " + name + " from " + std::to_string(lowest) +
                         " to " + std::to_string(highest) + " for " + subject + " " + received,
                     {"", field});
  }
  return Status::OK();
}

std::optional<int> EffectiveLevel(const Codec& codec) {
  if (codec.level || codec.type != arrow::Compression::ZSTD) return codec.level;
  return kDefaultZstdLevel;
}

}  // namespace packed
