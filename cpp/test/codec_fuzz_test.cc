#include <random>
#include <string>

#include "codec_support.h"
#include "gtest/gtest.h"
#include "packed/codec.h"
#include "packed/error.h"

namespace packed {
namespace {

using testing::Decode;
using testing::Encoded;
using testing::NoiseOf;
using testing::TextOf;
using testing::Through;
using testing::WordsOf;

constexpr int kFramesOfEach = 2500;
constexpr int64_t kMostBytes = 1 << 20;

/// One to four changes: bits and bytes, ranges that are left out, repeated or new, an early end.
std::string Mutated(std::string bytes, std::mt19937* random) {
  const auto below = [&](size_t bound) { return (*random)() % std::max<size_t>(bound, 1); };
  const size_t changes = 1 + below(4);
  for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
    const size_t at = below(bytes.size());
    const size_t length = 1 + below(std::min<size_t>(bytes.size() - at, 16));
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>((*random)());
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 4:
        bytes.insert(at, NoiseOf(static_cast<int64_t>(length), (*random)()));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

std::string SomeText(int index) {
  const int64_t size = (index * 37) % 6000;
  return index % 3 == 0 ? NoiseOf(size, index) : WordsOf(size, index);
}

bool IsTyped(const arrow::Status& status) {
  const ErrorCode code = DescribeError(status).code;
  return code == ErrorCode::kFileCorrupted || code == ErrorCode::kInvalidData ||
         code == ErrorCode::kInvalidArgument;
}

/// A format with checksums: an error, or what was encoded.
void FuzzChecked(CodecKind kind) {
  std::mt19937 random(static_cast<uint32_t>(kind) + 1);
  int refused = 0;
  for (int i = 0; i < kFramesOfEach; ++i) {
    const std::string text = SomeText(i);
    const std::string frame = Mutated(Encoded({kind}, text), &random);
    const auto at_once = Decode({kind}, frame, kMostBytes);
    const auto stream = CodecStream::Decoder({kind}).ValueOrDie();
    const auto in_pieces = Through(stream.get(), frame, 1 + i % 700, 1 + i % 900);
    ASSERT_TRUE(at_once.ok() ? TextOf(*at_once) == text : IsTyped(at_once.status()))
        << CodecNameOf(kind) << " " << i << " " << at_once.status();
    ASSERT_TRUE(in_pieces.ok() ? *in_pieces == text : IsTyped(in_pieces.status()))
        << CodecNameOf(kind) << " " << i << " " << in_pieces.status();
    EXPECT_EQ(at_once.ok(), in_pieces.ok()) << CodecNameOf(kind) << " " << i;
    refused += at_once.ok() ? 0 : 1;
  }
  EXPECT_GT(refused, kFramesOfEach / 2);
}

TEST(CodecFuzz, ZstdIsAnErrorOrTheRightBytes) { FuzzChecked(CodecKind::kZstd); }
TEST(CodecFuzz, Lz4IsAnErrorOrTheRightBytes) { FuzzChecked(CodecKind::kLz4); }
TEST(CodecFuzz, GzipIsAnErrorOrTheRightBytes) { FuzzChecked(CodecKind::kGzip); }

TEST(CodecFuzz, SnappyStreamsAreAnErrorOrTheRightBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < kFramesOfEach; ++i) {
    const std::string text = SomeText(i);
    const auto encoder = CodecStream::Encoder({CodecKind::kSnappy}, 1 << 20).ValueOrDie();
    const std::string bytes = Through(encoder.get(), text, 1 << 20, 1 << 16).ValueOrDie();
    const std::string stream = Mutated(bytes, &random);
    const auto decoder = CodecStream::Decoder({CodecKind::kSnappy}).ValueOrDie();
    const auto result = Through(decoder.get(), stream, 1 + i % 700, 1 + i % 900);
    // The format has no end: a stream that is cut behind a chunk is a shorter stream.
    ASSERT_TRUE(result.ok() ? *result == text || result->empty() : IsTyped(result.status()))
        << i << " " << result.status();
  }
}

/// Without a checksum: an error or some bytes, but no more of them than allowed.
TEST(CodecFuzz, BrotliAndBlocksOfSnappyStayWithinTheirBounds) {
  for (const CodecKind kind : {CodecKind::kBrotli, CodecKind::kSnappy}) {
    std::mt19937 random(static_cast<uint32_t>(kind) + 1);
    for (int i = 0; i < kFramesOfEach; ++i) {
      const std::string frame = Mutated(Encoded({kind}, SomeText(i)), &random);
      const auto result = Decode({kind}, frame, kMostBytes);
      ASSERT_TRUE(result.ok() ? result->size <= kMostBytes : IsTyped(result.status()))
          << CodecNameOf(kind) << " " << i << " " << result.status();
    }
  }
}

TEST(CodecFuzz, NoiseIsNoStream) {
  std::mt19937 random(3);
  for (int i = 0; i < kFramesOfEach; ++i) {
    const std::string noise = NoiseOf(static_cast<int64_t>(random() % 200), random());
    for (const CodecKind kind : {CodecKind::kZstd, CodecKind::kLz4, CodecKind::kGzip}) {
      EXPECT_FALSE(Decode({kind}, noise, kMostBytes).ok());
    }
    EXPECT_TRUE(Decode({CodecKind::kBrotli}, noise, kMostBytes).ValueOr({}).size <= kMostBytes);
    EXPECT_TRUE(Decode({CodecKind::kSnappy}, noise, kMostBytes).ValueOr({}).size <= kMostBytes);
  }
}

}  // namespace
}  // namespace packed
