#include "page_inflate.h"

#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "arrow/util/compression.h"
#include "arrow/util/endian.h"
#include "arrow/util/ubsan.h"

namespace packed {
namespace {

using arrow::util::Decompressor;

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr size_t kZstdLeastHeader = 6;
/// More threads than this make contexts of their own.
constexpr size_t kMostIdle = 16;

/// Whether a frame says how long its content is (RFC 8878, 3.1.1.1.1): then it is decoded in one
/// go, and its context never keeps a window.
bool SaysItsSize(std::span<const uint8_t> frame) {
  if (frame.size() < kZstdLeastHeader) return false;
  const auto magic =
      arrow::bit_util::FromLittleEndian(arrow::util::SafeLoadAs<uint32_t>(frame.data()));
  const uint8_t descriptor = frame[sizeof(magic)];
  return magic == kZstdMagic && ((descriptor >> 6) != 0 || (descriptor & 0x20) != 0);
}

/// Contexts that nobody uses now. Never freed: threads may still decode when the process ends.
class Contexts {
 public:
  static Contexts& Shared() {
    static Contexts* const contexts = new Contexts;
    return *contexts;
  }

  arrow::Result<std::shared_ptr<Decompressor>> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto context = std::move(idle_.back());
        idle_.pop_back();
        return context;
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(arrow::Compression::ZSTD));
    return codec->MakeDecompressor();
  }

  void Give(std::shared_ptr<Decompressor> context) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(context));
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Decompressor>> idle_;
};

}  // namespace

arrow::Result<int64_t> DecompressPage(parquet::Compression::type codec,
                                      std::span<const uint8_t> bytes, int64_t size, uint8_t* out) {
  const auto input = static_cast<int64_t>(bytes.size());
  if (codec == parquet::Compression::ZSTD && SaysItsSize(bytes)) {
    ARROW_ASSIGN_OR_RAISE(auto context, Contexts::Shared().Take());
    ARROW_RETURN_NOT_OK(context->Reset());
    ARROW_ASSIGN_OR_RAISE(const auto done, context->Decompress(input, bytes.data(), size, out));
    const bool whole = context->IsFinished() && done.bytes_read == input;
    if (whole) {
      Contexts::Shared().Give(std::move(context));
      return done.bytes_written;
    }
    // Several frames, or none that fits: the other way says what is wrong.
  }
  return parquet::GetCodec(codec)->Decompress(input, bytes.data(), size, out);
}

}  // namespace packed
