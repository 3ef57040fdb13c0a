#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "packed/cancel.h"

namespace packed {

using ByteView = std::span<const uint8_t>;
using ByteRoom = std::span<uint8_t>;

/// What bytes are compressed to, each in the form that its own command-line tool reads: frames of
/// ZSTD and LZ4, gzip, brotli, and of snappy a block at once, its framing format in streams.
enum class CodecKind { kZstd, kLz4, kGzip, kSnappy, kBrotli };

/// \brief The codec `zstd`, `lz4`, `gzip`, `snappy` or `brotli`; kInvalidArgument for other names.
arrow::Result<CodecKind> CodecKindOf(std::string_view name);

std::string_view CodecNameOf(CodecKind kind);

/// \brief A trained dictionary of ZSTD. Immutable but for what it remembers; any thread.
class CodecDictionary {
 public:
  /// \brief Take a dictionary that ZSTD's trainer made; kFileCorrupted for other bytes.
  static arrow::Result<std::shared_ptr<CodecDictionary>> Open(ByteView bytes);

  /// \brief Train a dictionary of at most `dictionary_bytes` on samples that lie one after the
  /// other in `samples`. The same samples give the same bytes.
  static arrow::Result<std::shared_ptr<arrow::Buffer>> Train(ByteView samples,
                                                             const std::vector<size_t>& sizes,
                                                             int64_t dictionary_bytes);
  ~CodecDictionary();

  /// What frames name it by; never 0.
  uint32_t id() const { return id_; }

  struct Digests;
  Digests& digests() const { return *digests_; }

 private:
  CodecDictionary(uint32_t id, std::unique_ptr<Digests> digests);

  const uint32_t id_;
  const std::unique_ptr<Digests> digests_;
};

struct ByteCodec {
  CodecKind kind = CodecKind::kZstd;
  /// Unset = 3 for ZSTD, 6 for gzip, 1 for LZ4, 8 for brotli. Only for encoders.
  std::optional<int> level = std::nullopt;
  std::shared_ptr<const CodecDictionary> dictionary = nullptr;  ///< ZSTD only
};

/// What became of bytes: memory of its own, or (null) the caller's memory up to `size`.
struct CodecOutput {
  std::shared_ptr<arrow::Buffer> bytes;
  int64_t size = 0;
};

/// \brief kInvalidArgument for a level that the codec does not have, or a dictionary that it
/// cannot use.
arrow::Status CheckByteCodec(const ByteCodec& codec);

/// \brief The most bytes that EncodeBytes makes of `bytes`.
arrow::Result<int64_t> CompressBound(CodecKind kind, int64_t bytes);

/// \brief Compress `src` to one frame, in `target` where it is given. Any thread.
///
/// The cancel token is polled every MiB. A target that is too small is kInvalidArgument with both
/// sizes; nothing is written beyond it.
arrow::Result<CodecOutput> EncodeBytes(const ByteCodec& codec, ByteView src,
                                       std::optional<ByteRoom> target, const CancelToken& cancel);

/// \brief Decompress `src`, which is one or more whole frames (of brotli and snappy one).
///
/// kFileCorrupted: damaged, cut short, of another format, or followed by anything. kInvalidData:
/// more than `most_bytes`, which is known before memory is taken where the frame says its size, or
/// a window of ZSTD of more than 128 MiB.
arrow::Result<CodecOutput> DecodeBytes(const ByteCodec& codec, ByteView src,
                                       std::optional<ByteRoom> target, int64_t most_bytes,
                                       const CancelToken& cancel);

/// \brief The error of a stream that is more than `most_bytes` when decoded: kInvalidData.
arrow::Status DecodesToMore(int64_t most_bytes);

/// \brief One direction of a codec over bytes that come in pieces. One thread at a time.
class CodecStream {
 public:
  struct Step {
    int64_t read = 0;
    int64_t written = 0;
  };

  /// \brief A decoder of any number of frames.
  static arrow::Result<std::unique_ptr<CodecStream>> Decoder(const ByteCodec& codec);

  /// \brief An encoder to one frame, out of blocks of `block_bytes` where the format has blocks.
  ///
  /// Not for ZSTD, whose blocks are frames of their own, made by EncodeBytes.
  static arrow::Result<std::unique_ptr<CodecStream>> Encoder(const ByteCodec& codec,
                                                             int64_t block_bytes);

  virtual ~CodecStream() = default;

  /// \brief Read some of `in`, write some of `out` (which is not empty); `last`: nothing follows.
  ///
  /// A step that reads and writes nothing has no more to do: it wants more input or, after the
  /// last, is at the end.
  virtual arrow::Result<Step> Run(ByteView in, bool last, ByteRoom out) = 0;

  /// \brief After the end: kFileCorrupted where a decoder would need more.
  virtual arrow::Status CheckEnd() const { return arrow::Status::OK(); }
};

}  // namespace packed
