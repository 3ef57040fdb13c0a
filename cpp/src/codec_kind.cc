#include "codec_kind.h"

#include <zstd.h>

#include <array>
#include <limits>
#include <utility>

#include "codec_lz4.h"
#include "packed/error.h"

namespace packed {
namespace {

struct KindInfo {
  CodecKind kind;
  std::string_view name;
  arrow::Compression::type arrow_type;  ///< of the parts that Arrow compresses
  int lowest;
  int highest;
  int fallback;
};

/// No levels: snappy. In the order of CodecKind.
constexpr std::array<KindInfo, 5> kKinds{{
    {CodecKind::kZstd, "zstd", arrow::Compression::ZSTD, 1, 22, 3},
    {CodecKind::kLz4, "lz4", arrow::Compression::LZ4, 1, 12, 1},
    {CodecKind::kGzip, "gzip", arrow::Compression::GZIP, 1, 9, 6},
    {CodecKind::kSnappy, "snappy", arrow::Compression::SNAPPY, 0, -1, 0},
    {CodecKind::kBrotli, "brotli", arrow::Compression::BROTLI, 0, 11, 8},
}};

const KindInfo& InfoOf(CodecKind kind) { return kKinds[static_cast<size_t>(kind)]; }

/// Lengths in snappy are of 32 bits, and bounds must not overflow.
constexpr int64_t kMostSnappyBytes = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMostBytes = int64_t{1} << 48;

}  // namespace

arrow::Result<CodecKind> CodecKindOf(std::string_view name) {
  for (const KindInfo& info : kKinds) {
    if (info.name == name) return info.kind;
  }
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected the name of a codec but received '" + std::string(name) + "'");
}

std::string_view CodecNameOf(CodecKind kind) { return InfoOf(kind).name; }

arrow::Status CheckByteCodec(const ByteCodec& codec) {
  const KindInfo& info = InfoOf(codec.kind);
  const std::string name(info.name);
  if (codec.dictionary != nullptr && codec.kind != CodecKind::kZstd) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected no dictionary of ZSTD for " + name + " but received one");
  }
  if (!codec.level || (*codec.level >= info.lowest && *codec.level <= info.highest)) {
    return arrow::Status::OK();
  }
  const std::string range = info.lowest > info.highest
                                ? "no level for " + name
                                : "a level of " + name + " from " + std::to_string(info.lowest) +
                                      " to " + std::to_string(info.highest);
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected " + range + " but received " + std::to_string(*codec.level));
}

int LevelOf(const ByteCodec& codec) { return codec.level.value_or(InfoOf(codec.kind).fallback); }

arrow::Result<std::unique_ptr<arrow::util::Codec>> ArrowCodecOf(const ByteCodec& codec) {
  const KindInfo& info = InfoOf(codec.kind);
  const bool levels = info.lowest <= info.highest;
  return arrow::util::Codec::Create(
      info.arrow_type, levels ? LevelOf(codec) : arrow::util::kUseDefaultCompressionLevel);
}

arrow::Result<int64_t> CompressBound(CodecKind kind, int64_t bytes) {
  const int64_t most = kind == CodecKind::kSnappy ? kMostSnappyBytes : kMostBytes;
  if (bytes < 0 || bytes > most) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected 0 to " + std::to_string(most) + " bytes for " +
                         std::string(CodecNameOf(kind)) + " but received " + std::to_string(bytes));
  }
  if (kind == CodecKind::kZstd) return static_cast<int64_t>(ZSTD_COMPRESSBOUND(bytes));
  if (kind == CodecKind::kLz4) return Lz4Bound(bytes);
  ARROW_ASSIGN_OR_RAISE(const auto codec, ArrowCodecOf({kind}));
  return codec->MaxCompressedLen(bytes, nullptr);
}

arrow::Status DamagedStream(CodecKind kind, const std::string& received) {
  return MakeError(
      ErrorCode::kFileCorrupted,
      "Expected a whole stream of " + std::string(CodecNameOf(kind)) + " but received " + received);
}

arrow::Status DecodesToMore(int64_t most_bytes) {
  return MakeError(ErrorCode::kInvalidData,
                   "Expected at most " + std::to_string(most_bytes) +
                       " bytes (maxBytes) but received a stream that decodes to more");
}

arrow::Status TargetTooSmall(int64_t needed, int64_t given) {
  return MakeError(ErrorCode::kInvalidArgument, "Expected at least " + std::to_string(needed) +
                                                    " bytes for dst but received " +
                                                    std::to_string(given));
}

}  // namespace packed
