#include "packed/codec.h"

#include <zstd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "codec_support.h"
#include "crc32c.h"
#include "gtest/gtest.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

using testing::BytesOf;
using testing::Decode;
using testing::Decoded;
using testing::Encoded;
using testing::kCodecKinds;
using testing::NoiseOf;
using testing::WordsOf;

ErrorInfo ErrorOf(const arrow::Status& status) { return DescribeError(status); }

TEST(Codec, GivesBackEverySize) {
  for (const CodecKind kind : kCodecKinds) {
    for (const int64_t size : {0, 1, 2, 255, 65535, 65536, 65537, 131071, 131072, 131073, 1 << 20,
                               (1 << 20) + 1, (4 << 20) + 1, 5 << 20}) {
      for (const std::string& text : {WordsOf(size), NoiseOf(size)}) {
        const std::string bytes = Encoded({kind}, text);
        EXPECT_LE(static_cast<int64_t>(bytes.size()), CompressBound(kind, size).ValueOrDie());
        EXPECT_TRUE(Decoded({kind}, bytes) == text) << CodecNameOf(kind) << " " << size;
      }
    }
  }
}

TEST(Codec, GivesBackEveryLevel) {
  const std::string text = WordsOf(300000);
  for (const auto& [kind, lowest, highest] : {std::tuple{CodecKind::kZstd, 1, 22},
                                              {CodecKind::kLz4, 1, 12},
                                              {CodecKind::kGzip, 1, 9},
                                              {CodecKind::kBrotli, 0, 11}}) {
    size_t first = 0;
    for (int level = lowest; level <= highest; ++level) {
      const std::string bytes = Encoded({kind, level}, text);
      if (level == lowest) first = bytes.size();
      EXPECT_TRUE(Decoded({kind}, bytes) == text) << CodecNameOf(kind) << " " << level;
      if (level == highest) {
        EXPECT_LT(bytes.size(), first) << CodecNameOf(kind);
      }
    }
    for (const int level : {lowest - 1, highest + 1}) {
      const auto result = EncodeBytes({kind, level}, BytesOf(text), std::nullopt, {});
      EXPECT_EQ(ErrorOf(result.status()).code, ErrorCode::kInvalidArgument);
    }
  }
  EXPECT_FALSE(EncodeBytes({CodecKind::kSnappy, 1}, BytesOf(text), std::nullopt, {}).ok());
}

TEST(Codec, ZstdInStepsIsHardlyLargerThanAtOnce) {
  const std::string text = WordsOf(6 << 20);
  for (const int level : {1, 3, 9}) {
    std::string at_once(ZSTD_compressBound(text.size()), '\0');
    at_once.resize(ZSTD_compress(at_once.data(), at_once.size(), text.data(), text.size(), level));
    const std::string in_steps = Encoded({CodecKind::kZstd, level}, text);
    EXPECT_LT(static_cast<double>(in_steps.size()), 1.01 * static_cast<double>(at_once.size()));
  }
}

TEST(Codec, BoundOfZstdIsItsFormula) {
  for (const int64_t bytes : {0, 1, 1000, 131071, 131072, 131073, 64 << 20}) {
    const auto bound = static_cast<int64_t>(ZSTD_compressBound(bytes));
    EXPECT_EQ(CompressBound(CodecKind::kZstd, bytes).ValueOrDie(), bound);
  }
  EXPECT_EQ(CompressBound(CodecKind::kZstd, 0).ValueOrDie(), 64);
  for (const CodecKind kind : kCodecKinds) EXPECT_FALSE(CompressBound(kind, -1).ok());
  EXPECT_FALSE(CompressBound(CodecKind::kSnappy, int64_t{1} << 32).ok());
}

TEST(Codec, WritesNothingBehindItsTarget) {
  const std::string text = WordsOf(100000);
  for (const CodecKind kind : kCodecKinds) {
    const std::string bytes = Encoded({kind}, text);
    for (const bool encode : {true, false}) {
      const std::string& whole = encode ? bytes : text;
      const auto run = [&](ByteRoom room) {
        return encode ? EncodeBytes({kind}, BytesOf(text), room, {})
                      : DecodeBytes({kind}, BytesOf(bytes), room, 1 << 30, {});
      };
      std::vector<uint8_t> memory(whole.size() + 1, 0xee);
      const auto exact = run(ByteRoom(memory).first(whole.size()));
      ASSERT_TRUE(exact.ok()) << exact.status();
      EXPECT_EQ(exact->size, static_cast<int64_t>(whole.size()));
      EXPECT_TRUE(std::equal(whole.begin(), whole.end(), memory.begin(),
                             [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; }));
      EXPECT_EQ(memory.back(), 0xee);

      memory.assign(memory.size(), 0xee);
      for (const size_t size : {size_t{0}, whole.size() - 1}) {
        const auto small = run(ByteRoom(memory).first(size));
        EXPECT_EQ(ErrorOf(small.status()).code, ErrorCode::kInvalidArgument);
        EXPECT_EQ(ErrorOf(small.status()).message,
                  "Expected at least " + std::to_string(whole.size()) +
                      " bytes for dst but received " + std::to_string(size));
        EXPECT_EQ(memory[size], 0xee) << CodecNameOf(kind);
      }
    }
  }
}

TEST(Codec, DecodesNoMoreThanItMay) {
  const std::string zeros(8 << 20, '\0');
  for (const CodecKind kind : kCodecKinds) {
    const std::string bytes = Encoded({kind}, zeros);
    EXPECT_TRUE(Decode({kind}, bytes, 8 << 20).ok());
    const int64_t before = Pool()->bytes_allocated();
    for (const int64_t most : {0, 1, 100000, (8 << 20) - 1}) {
      const auto result = Decode({kind}, bytes, most);
      EXPECT_EQ(ErrorOf(result.status()).code, ErrorCode::kInvalidData) << CodecNameOf(kind);
    }
    EXPECT_EQ(Pool()->bytes_allocated(), before);
  }
}

TEST(Codec, BelievesNoSizeThatBytesCannotHave) {
  std::string zstd = Encoded({CodecKind::kZstd}, WordsOf(300));
  // A content size of eight bytes that says 512 MiB, in front of the same blocks.
  const std::string header{"\x28\xb5\x2f\xfd\xe4\0\0\0\x20\0\0\0\0", 13};
  const auto result = Decode({CodecKind::kZstd}, header + zstd.substr(6));
  EXPECT_EQ(ErrorOf(result.status()).code, ErrorCode::kFileCorrupted);
  const std::string snappy{
      "\x80\x80\x80\x80\x02\x04"
      "ab",
      8};
  EXPECT_EQ(ErrorOf(Decode({CodecKind::kSnappy}, snappy).status()).code, ErrorCode::kFileCorrupted);
}

TEST(Codec, TakesFramesOneAfterTheOther) {
  for (const CodecKind kind : {CodecKind::kZstd, CodecKind::kLz4, CodecKind::kGzip}) {
    const std::string empty = Encoded({kind}, "");
    const std::string joined = Encoded({kind}, "one, ") + empty + Encoded({kind}, WordsOf(70000));
    EXPECT_TRUE(Decoded({kind}, joined) == "one, " + WordsOf(70000)) << CodecNameOf(kind);
  }
  // Skippable frames are of ZSTD and LZ4 alike.
  const std::string skippable{"\x53\x2a\x4d\x18\x03\0\0\0abc", 11};
  for (const CodecKind kind : {CodecKind::kZstd, CodecKind::kLz4}) {
    const std::string frame = Encoded({kind}, "text");
    EXPECT_EQ(Decoded({kind}, skippable + frame + skippable), "text");
    EXPECT_FALSE(Decode({kind}, frame + skippable.substr(0, 10)).ok());
  }
}

TEST(Codec, RefusesWhatIsNoWholeStream) {
  const std::string text = WordsOf(50000);
  for (const CodecKind kind : kCodecKinds) {
    const std::string bytes = Encoded({kind}, text);
    std::vector<std::string> wrong{"", bytes + "x", bytes + std::string(4, '\0')};
    for (const size_t size : {size_t{1}, size_t{4}, bytes.size() / 2, bytes.size() - 1}) {
      wrong.push_back(bytes.substr(0, size));
    }
    for (const CodecKind other : kCodecKinds) {
      if (other != kind) wrong.push_back(Encoded({other}, text));
    }
    for (const std::string& stream : wrong) {
      const auto result = Decode({kind}, stream);
      EXPECT_FALSE(result.ok()) << CodecNameOf(kind) << " took " << stream.size() << " bytes";
      // The foreign ones of formats without a magic number may declare any size.
      if (ErrorOf(result.status()).code == ErrorCode::kInvalidData) continue;
      EXPECT_EQ(ErrorOf(result.status()).code, ErrorCode::kFileCorrupted) << result.status();
    }
  }
}

TEST(Codec, StopsBetweenSteps) {
  const std::string text = WordsOf(5 << 20);
  for (const CodecKind kind : kCodecKinds) {
    if (kind == CodecKind::kSnappy) continue;  // one block is one step
    const std::string bytes = Encoded({kind}, text);
    const CancelToken cancel;
    cancel.Cancel();
    const auto encoded = EncodeBytes({kind}, BytesOf(text), std::nullopt, cancel);
    EXPECT_EQ(ErrorOf(encoded.status()).code, ErrorCode::kAborted);
    const auto decoded = DecodeBytes({kind}, BytesOf(bytes), std::nullopt, 1 << 30, cancel);
    EXPECT_EQ(ErrorOf(decoded.status()).code, ErrorCode::kAborted);
    // What was left in the middle does no harm to what the thread does next.
    EXPECT_TRUE(Decoded({kind}, Encoded({kind}, text)) == text);
  }
}

TEST(Codec, RunsOnManyThreads) {
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 8; ++seed) {
    threads.emplace_back([seed] {
      for (const CodecKind kind : kCodecKinds) {
        const std::string text = WordsOf(200000, seed);
        EXPECT_TRUE(Decoded({kind}, Encoded({kind}, text)) == text);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Codec, GivesMemoryBack) {
  const int64_t before = Pool()->bytes_allocated();
  for (const CodecKind kind : kCodecKinds) {
    const std::string bytes = Encoded({kind}, WordsOf(9 << 20));
    Decoded({kind}, bytes);
    EXPECT_FALSE(Decode({kind}, bytes.substr(0, bytes.size() - 1)).ok());
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST(CodecDictionary, IsWhatItsFramesNeed) {
  std::string samples;
  std::vector<size_t> sizes;
  for (uint32_t i = 0; i < 2000; ++i) {
    const std::string record = "{\"id\": " + std::to_string(i) + ", \"text\": \"" + WordsOf(40, i) +
                               "\", \"lang\": \"de\"}";
    samples += record;
    sizes.push_back(record.size());
  }
  const auto train = [&] {
    return CodecDictionary::Train(BytesOf(samples), sizes, 4096).ValueOrDie();
  };
  const auto bytes = train();
  EXPECT_LE(bytes->size(), 4096);
  EXPECT_TRUE(bytes->Equals(*train()));
  const auto dictionary = CodecDictionary::Open({bytes->data(), 0UL + bytes->size()}).ValueOrDie();
  EXPECT_NE(dictionary->id(), 0U);

  const std::string record = samples.substr(0, sizes[0]);
  for (const int level : {1, 3, 19}) {
    const ByteCodec with{CodecKind::kZstd, level, dictionary};
    const std::string frame = Encoded(with, record);
    EXPECT_LT(frame.size() * 3, Encoded({CodecKind::kZstd, level}, record).size() * 2);
    EXPECT_EQ(Decoded(with, frame), record);
    const ErrorInfo without = ErrorOf(Decode({CodecKind::kZstd}, frame).status());
    EXPECT_EQ(without.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(without.message, "Expected dictionary " + std::to_string(dictionary->id()) +
                                   " for the stream but received none");
    EXPECT_EQ(Decoded(with, Encoded({CodecKind::kZstd, level}, record)), record);
  }
  EXPECT_FALSE(EncodeBytes({CodecKind::kLz4, 1, dictionary}, {}, std::nullopt, {}).ok());
  EXPECT_FALSE(CodecDictionary::Open(BytesOf(WordsOf(1000))).ok());
  EXPECT_FALSE(CodecDictionary::Open({bytes->data(), 40}).ok());
  EXPECT_FALSE(CodecDictionary::Train(BytesOf("few"), {3}, 4096).ok());
}

TEST(Crc32c, IsThatOfTheFramingFormat) {
  // RFC 3720, B.4: 32 zeros; and what the mask makes of it.
  const uint32_t crc = 0x8a9136aa;
  const uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8;
  EXPECT_EQ(MaskedCrc32c(BytesOf(std::string(32, '\0'))), masked);
  const uint32_t digits = 0xe3069283;  // "123456789"
  EXPECT_EQ(MaskedCrc32c(BytesOf("123456789")), ((digits >> 15) | (digits << 17)) + 0xa282ead8);
}

}  // namespace
}  // namespace packed
