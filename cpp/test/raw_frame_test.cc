#include "raw_frame.h"

#include <cstring>
#include <fstream>
#include <random>
#include <string>

#include "arrow/util/compression.h"
#include "gtest/gtest.h"

#include "packed/memory.h"
#include "packed/storage.h"
#include "page_codec.h"
#include "writer_harness.h"

namespace packed {
namespace {

using testing::ScratchDir;

std::string Noise(int64_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string Decode(const arrow::Buffer& frame, int64_t size) {
  auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  std::string out(size, '\0');
  const auto bytes =
      codec->Decompress(frame.size(), frame.data(), size, reinterpret_cast<uint8_t*>(out.data()));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes.ValueOr(-1), size);
  return out;
}

TEST(RawFrame, IsDecodedByZstd) {
  for (const int64_t size : {0, 1, 1000, 131071, 131072, 131073, 1 << 20, (1 << 20) + 7, 5 << 20}) {
    const std::string bytes = Noise(size);
    const auto frame = MakeRawFrame(arrow::Buffer(bytes)).ValueOrDie();
    EXPECT_EQ(frame->size(), RawFrameBytes(size));
    EXPECT_TRUE(Decode(*frame, size) == bytes) << size;
  }
}

TEST(RawFrame, IsReadToItsPlaceFromAFile) {
  ScratchDir dir;
  const auto store = FileStore::Make({}).ValueOrDie();
  for (const int64_t size : {0, 1, 131072, 131073, (1 << 20) + 7}) {
    const std::string bytes = Noise(size);
    const auto frame = MakeRawFrame(arrow::Buffer(bytes)).ValueOrDie();
    const std::string path = dir.File(std::to_string(size));
    std::ofstream(path) << "before" << frame->ToString() << "after";
    const auto file = store->Open(path, {}).ValueOrDie();
    std::string out(size, '?');
    auto* const content = reinterpret_cast<uint8_t*>(out.data());
    EXPECT_TRUE(ReadRawFrame(*file, 6, frame->size(), size, content).ValueOrDie());
    EXPECT_TRUE(out == bytes) << size;
    EXPECT_FALSE(ReadRawFrame(*file, 5, frame->size(), size, content).ValueOrDie());
    EXPECT_FALSE(ReadRawFrame(*file, 6, frame->size() - 1, size, content).ValueOrDie());
    EXPECT_FALSE(ReadRawFrame(*file, file->size() - 1, frame->size(), size, content).ok());
  }
}

TEST(RawFrame, IsReadInParts) {
  const std::string bytes = Noise((1 << 20) + 7);
  const auto frame = MakeRawFrame(arrow::Buffer(bytes)).ValueOrDie();
  std::string file = "before" + frame->ToString();
  int64_t asked = 0;
  const ReadBytes read = [&](int64_t offset, int64_t size, uint8_t* out) -> arrow::Status {
    if (offset + size > static_cast<int64_t>(file.size())) return arrow::Status::IOError("end");
    asked += size;
    std::memcpy(out, file.data() + offset, size);
    return arrow::Status::OK();
  };
  const auto size = static_cast<int64_t>(bytes.size());
  EXPECT_TRUE(IsRawFrame(read, 6, frame->size(), size).ValueOrDie());
  EXPECT_EQ(asked, frame->size() - size);  // headers alone
  for (const int64_t first : {int64_t{0}, int64_t{131070}, int64_t{131072}, size - 1}) {
    for (const int64_t count : {int64_t{0}, int64_t{1}, int64_t{5}, int64_t{300000}, size}) {
      if (count > size - first) continue;
      std::string out(count, '?');
      ASSERT_TRUE(ReadRawPart(read, 6, first, count, reinterpret_cast<uint8_t*>(out.data())).ok());
      EXPECT_TRUE(out == bytes.substr(first, count)) << first << " " << count;
    }
  }
  EXPECT_FALSE(IsRawFrame(read, 5, frame->size(), size).ValueOrDie());
  EXPECT_FALSE(IsRawFrame(read, 6, frame->size(), size - 1).ValueOrDie());
  const size_t last = 6 + frame->size() - 7 - 3;
  file[last] = static_cast<char>(file[last] | 2);  // a block of one byte, repeated
  EXPECT_FALSE(IsRawFrame(read, 6, frame->size(), size).ValueOrDie());
  file.resize(last);
  EXPECT_FALSE(IsRawFrame(read, 6, frame->size(), size).ok());
}

TEST(RawFrame, OfManyMoreBlocksThanOneCallReads) {
  ScratchDir dir;
  const std::string bytes = Noise(80 << 20);
  const auto frame = MakeRawFrame(arrow::Buffer(bytes)).ValueOrDie();
  const std::string path = dir.File("large");
  std::ofstream(path) << frame->ToString();
  const auto file = FileStore::Make({}).ValueOrDie()->Open(path, {}).ValueOrDie();
  std::string out(bytes.size(), '?');
  EXPECT_TRUE(
      ReadRawFrame(*file, 0, frame->size(), bytes.size(), reinterpret_cast<uint8_t*>(out.data()))
          .ValueOrDie());
  EXPECT_TRUE(out == bytes);
}

TEST(PageCodec, StoresOnlyWhatDoesNotCompress) {
  const PageCompression adaptive{{arrow::Compression::ZSTD, 1}, true};
  const PageCompression always{{arrow::Compression::ZSTD, 1}, false};
  const auto noise = arrow::Buffer::FromString(Noise(1 << 20));
  const auto zeros = arrow::Buffer::FromString(std::string(1 << 20, '\0'));
  const auto stored = CompressPage(adaptive, noise).ValueOrDie();
  EXPECT_EQ(stored->size(), RawFrameBytes(1 << 20));
  EXPECT_TRUE(Decode(*stored, 1 << 20) == noise->ToString());
  const auto small = CompressPage(adaptive, zeros).ValueOrDie();
  EXPECT_LT(small->size(), 1000);
  EXPECT_TRUE(Decode(*small, 1 << 20) == zeros->ToString());
  EXPECT_TRUE(CompressPage(always, zeros).ValueOrDie()->Equals(*small));
  EXPECT_NE(CompressPage(always, noise).ValueOrDie()->size(), stored->size());
}

TEST(PageCodec, StoresAPageWhoseProbeDeceives) {
  // Compressible in the middle alone, where the probe looks.
  std::string bytes = Noise(1 << 20);
  std::memset(bytes.data() + (1 << 19) - (16 << 10), 0, 32 << 10);
  const auto page = arrow::Buffer::FromString(bytes);
  const auto stored = CompressPage({{arrow::Compression::ZSTD, 1}, true}, page).ValueOrDie();
  EXPECT_EQ(stored->size(), RawFrameBytes(1 << 20));
}

TEST(PageCodec, SharesWhatIsNotCompressed) {
  const auto page = arrow::Buffer::FromString("page");
  const Codec none{arrow::Compression::UNCOMPRESSED, std::nullopt};
  EXPECT_EQ(CompressPage({none, false}, page).ValueOrDie()->data(), page->data());
}

}  // namespace
}  // namespace packed
