#include "codec_lz4.h"

// Its states by value are of the part that is for static linking alone.
#define XXH_STATIC_LINKING_ONLY
#include <common/xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "arrow/util/compression.h"
#include "arrow/util/endian.h"

#include "codec_kind.h"
#include "codec_pending.h"

namespace packed {
namespace {

// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
constexpr uint32_t kMagic = 0x184D2204;
/// Version 1, independent blocks, a checksum of the content.
constexpr uint8_t kFlags = 0x64;
constexpr uint8_t kContentSizeFlag = 0x08;
constexpr uint32_t kStoredBlock = 0x80000000;
/// Largest blocks by their number in the header, 4 to 7.
constexpr std::array<int64_t, 4> kBlockSizes{64 << 10, 256 << 10, 1 << 20, 4 << 20};
constexpr int kFirstBlockSize = 4;
constexpr int64_t kMostHeaderBytes = 15;
constexpr int64_t kBlockHeaderBytes = 4;
constexpr int64_t kEndBytes = 8;

/// Position in kBlockSizes of the smallest that holds `bytes`, or of the largest.
size_t BlockSizeFor(int64_t bytes) {
  size_t size = 0;
  while (size + 1 < kBlockSizes.size() && kBlockSizes[size] < bytes) ++size;
  return size;
}

template <typename T>
uint8_t* Store(uint8_t* out, T value) {
  const T little = arrow::bit_util::ToLittleEndian(value);
  std::memcpy(out, &little, sizeof(T));
  return out + sizeof(T);
}

uint8_t* StoreHeader(uint8_t* out, size_t block_size, std::optional<uint64_t> content_bytes) {
  out = Store(out, kMagic);
  uint8_t* const descriptor = out;
  *out++ = kFlags | (content_bytes.has_value() ? kContentSizeFlag : 0);
  *out++ = static_cast<uint8_t>((block_size + kFirstBlockSize) << 4);
  if (content_bytes.has_value()) out = Store(out, *content_bytes);
  *out = static_cast<uint8_t>(XXH32(descriptor, out - descriptor, 0) >> 8);
  return out + 1;
}

/// Stored where it would not become smaller.
uint8_t* StoreBlock(arrow::util::Codec* codec, ByteView block, uint8_t* out) {
  uint8_t* const content = out + kBlockHeaderBytes;
  const auto size = static_cast<int64_t>(block.size());
  // Its failure is that the block does not fit.
  const int64_t compressed = codec->Compress(size, block.data(), size - 1, content).ValueOr(0);
  if (compressed > 0) {
    Store(out, static_cast<uint32_t>(compressed));
    return content + compressed;
  }
  Store(out, static_cast<uint32_t>(size) | kStoredBlock);
  std::memcpy(content, block.data(), block.size());
  return content + size;
}

class Lz4Encoder final : public BlockEncoder {
 public:
  Lz4Encoder(std::unique_ptr<arrow::util::Codec> codec, int64_t block_bytes)
      : BlockEncoder(block_bytes), codec_(std::move(codec)), block_bytes_(block_bytes) {
    XXH32_reset(&hash_, 0);
  }

 protected:
  void Begin(std::vector<uint8_t>* out) override {
    out->resize(kMostHeaderBytes);
    const uint8_t* end = StoreHeader(out->data(), BlockSizeFor(block_bytes_), std::nullopt);
    out->resize(end - out->data());
  }

  arrow::Status Block(ByteView block, std::vector<uint8_t>* out) override {
    XXH32_update(&hash_, block.data(), block.size());
    out->resize(kBlockHeaderBytes + block.size());
    const uint8_t* end = StoreBlock(codec_.get(), block, out->data());
    out->resize(end - out->data());
    return arrow::Status::OK();
  }

  void End(std::vector<uint8_t>* out) override {
    out->resize(kEndBytes);
    Store(Store(out->data(), uint32_t{0}), XXH32_digest(&hash_));
  }

 private:
  const std::unique_ptr<arrow::util::Codec> codec_;
  const int64_t block_bytes_;
  XXH32_state_t hash_;
};

}  // namespace

int64_t Lz4Bound(int64_t bytes) {
  const int64_t block = kBlockSizes[BlockSizeFor(bytes)];
  const int64_t blocks = (bytes + block - 1) / block;
  return kMostHeaderBytes + blocks * kBlockHeaderBytes + bytes + kEndBytes;
}

arrow::Result<int64_t> Lz4Encode(const ByteCodec& codec, ByteView src, ByteRoom out,
                                 const CancelToken& cancel) {
  ARROW_ASSIGN_OR_RAISE(const auto arrow_codec, ArrowCodecOf(codec));
  const size_t block_size = BlockSizeFor(static_cast<int64_t>(src.size()));
  uint8_t* end = StoreHeader(out.data(), block_size, src.size());
  for (ByteView rest = src; !rest.empty();) {
    ARROW_RETURN_NOT_OK(cancel.Check());
    const ByteView block = rest.first(std::min<size_t>(rest.size(), kBlockSizes[block_size]));
    end = StoreBlock(arrow_codec.get(), block, end);
    rest = rest.subspan(block.size());
  }
  end = Store(Store(end, uint32_t{0}), XXH32(src.data(), src.size(), 0));
  return end - out.data();
}

arrow::Result<std::unique_ptr<CodecStream>> MakeLz4Encoder(const ByteCodec& codec,
                                                           int64_t block_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto arrow_codec, ArrowCodecOf(codec));
  return std::make_unique<Lz4Encoder>(std::move(arrow_codec),
                                      std::min(block_bytes, kBlockSizes.back()));
}

}  // namespace packed
