#include <string>
#include <vector>

#include "codec_support.h"
#include "gtest/gtest.h"
#include "packed/codec.h"
#include "packed/error.h"

namespace packed {
namespace {

using testing::Decoded;
using testing::Encoded;
using testing::kCodecKinds;
using testing::NoiseOf;
using testing::Through;
using testing::WordsOf;

std::string EncodedInPieces(CodecKind kind, const std::string& text, size_t piece, size_t room) {
  if (kind == CodecKind::kZstd) return Encoded({kind}, text);
  const auto stream = CodecStream::Encoder({kind}, 1 << 20).ValueOrDie();
  return Through(stream.get(), text, piece, room).ValueOrDie();
}

arrow::Result<std::string> DecodedInPieces(CodecKind kind, const std::string& bytes, size_t piece,
                                           size_t room) {
  const auto stream = CodecStream::Decoder({kind}).ValueOrDie();
  return Through(stream.get(), bytes, piece, room);
}

TEST(CodecStream, GivesBackWhatCameInPieces) {
  for (const CodecKind kind : kCodecKinds) {
    for (const int64_t size : {0, 1, 65536, 65537, 200000, 3 << 20}) {
      for (const std::string& text : {WordsOf(size), NoiseOf(size)}) {
        for (const auto& [piece, room] :
             {std::pair<size_t, size_t>{1 << 20, 1 << 20}, {7777, 1234}, {1 << 16, 100}}) {
          const std::string bytes = EncodedInPieces(kind, text, piece, room);
          EXPECT_TRUE(Decoded({kind}, bytes) == text) << CodecNameOf(kind) << " " << size;
          const auto whole = DecodedInPieces(kind, bytes, room, piece);
          ASSERT_TRUE(whole.ok()) << CodecNameOf(kind) << " " << size << whole.status();
          EXPECT_TRUE(*whole == text) << CodecNameOf(kind) << " " << size;
        }
      }
    }
  }
}

TEST(CodecStream, TakesSingleBytes) {
  const std::string text = WordsOf(3000);
  for (const CodecKind kind : kCodecKinds) {
    const std::string bytes = EncodedInPieces(kind, text, 1, 64);
    EXPECT_EQ(DecodedInPieces(kind, bytes, 1, 1).ValueOrDie(), text) << CodecNameOf(kind);
    if (kind == CodecKind::kBrotli) continue;
    EXPECT_EQ(DecodedInPieces(kind, bytes + bytes, 1, 1).ValueOrDie(), text + text);
  }
}

TEST(CodecStream, EndsOnlyAtTheEnd) {
  const std::string text = WordsOf(3000);
  for (const CodecKind kind : kCodecKinds) {
    const std::string bytes = EncodedInPieces(kind, text, 1000, 1000);
    for (const std::string& wrong :
         {std::string(), bytes.substr(0, bytes.size() - 1), bytes + "x", "x" + bytes}) {
      for (const size_t piece : {size_t{1}, size_t{1} << 20}) {
        const auto result = DecodedInPieces(kind, wrong, piece, 1000);
        EXPECT_EQ(DescribeError(result.status()).code, ErrorCode::kFileCorrupted)
            << CodecNameOf(kind) << " " << wrong.size();
      }
    }
  }
}

TEST(CodecStream, SkipsChunksThatSnappyMayHave) {
  const std::string bytes = EncodedInPieces(CodecKind::kSnappy, "text", 4, 100);
  const std::string padding = std::string("\xfe\x03\0\0abc", 7);
  for (const size_t piece : {1, 1000}) {
    EXPECT_EQ(DecodedInPieces(CodecKind::kSnappy, bytes + padding + bytes, piece, 10).ValueOrDie(),
              "texttext");
  }
  const std::string reserved = std::string("\x02\x03\0\0abc", 7);
  EXPECT_FALSE(DecodedInPieces(CodecKind::kSnappy, bytes + reserved, 1000, 10).ok());
}

TEST(CodecStream, HasNoEncoderOfZstd) {
  EXPECT_FALSE(CodecStream::Encoder({CodecKind::kZstd}, 1 << 20).ok());
  EXPECT_FALSE(CodecStream::Encoder({CodecKind::kGzip, 10}, 1 << 20).ok());
}

}  // namespace
}  // namespace packed
