#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

#include "packed/codec.h"

namespace packed::testing {

inline constexpr CodecKind kCodecKinds[] = {CodecKind::kZstd, CodecKind::kLz4, CodecKind::kGzip,
                                            CodecKind::kSnappy, CodecKind::kBrotli};

inline ByteView BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Text that compresses to a third or so: words of a small vocabulary.
inline std::string WordsOf(int64_t bytes, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (static_cast<int64_t>(text.size()) < bytes) {
    text += "word" + std::to_string(random() % 997) + (random() % 16 == 0 ? "\n" : " ");
  }
  text.resize(bytes);
  return text;
}

inline std::string NoiseOf(int64_t bytes, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string noise(bytes, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  return noise;
}

inline std::string TextOf(const CodecOutput& output) {
  return {reinterpret_cast<const char*>(output.bytes->data()), static_cast<size_t>(output.size)};
}

inline std::string Encoded(const ByteCodec& codec, std::string_view text) {
  return TextOf(EncodeBytes(codec, BytesOf(text), std::nullopt, {}).ValueOrDie());
}

inline arrow::Result<CodecOutput> Decode(const ByteCodec& codec, std::string_view bytes,
                                         int64_t most = int64_t{1} << 30) {
  return DecodeBytes(codec, BytesOf(bytes), std::nullopt, most, {});
}

inline std::string Decoded(const ByteCodec& codec, std::string_view bytes) {
  auto output = Decode(codec, bytes);
  EXPECT_TRUE(output.ok()) << output.status();
  return output.ok() ? TextOf(*output) : "";
}

/// All of `text` through a stream, in pieces of `piece` bytes in and `room` bytes out.
inline arrow::Result<std::string> Through(CodecStream* stream, std::string_view text, size_t piece,
                                          size_t room) {
  std::string all;
  std::vector<uint8_t> out(room);
  ByteView rest = BytesOf(text);
  do {
    ByteView in = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(in.size());
    CodecStream::Step step;
    do {
      ARROW_ASSIGN_OR_RAISE(step, stream->Run(in, rest.empty(), out));
      in = in.subspan(step.read);
      all.append(reinterpret_cast<const char*>(out.data()), step.written);
    } while (step.read > 0 || step.written > 0);
    EXPECT_TRUE(in.empty());
  } while (!rest.empty());
  ARROW_RETURN_NOT_OK(stream->CheckEnd());
  return all;
}

}  // namespace packed::testing
