#include "record_frame.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "arrow/util/compression.h"
#include "arrow/util/endian.h"
#include "arrow/util/ubsan.h"

#include "packed/codec.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

using arrow::bit_util::FromLittleEndian;
using arrow::util::SafeLoadAs;
using ArrowCodec = arrow::util::Codec;

// RFC 8878, 3.1.1: magic, descriptor, window, dictionary, size of the content.
constexpr uint32_t kMagic = 0xFD2FB528;
constexpr int64_t kDescriptorAt = 4;

/// What is decompressed between two looks at the flag of an abort.
constexpr int64_t kStepBytes = 4 << 20;
/// A declared size is believed up to so many times the bytes that are there, and so many more;
/// where none is declared, this is what is tried first.
constexpr int64_t kTrustedExpansion = 64;
constexpr int64_t kUsualExpansion = 4;
constexpr int64_t kTrustedBytes = 64 << 10;

arrow::Status Damaged(const std::string& received) {
  return MakeError(ErrorCode::kFileCorrupted,
                   "Expected one whole ZSTD frame for a record but received " + received);
}

/// The size that a frame says its content has; nothing where it says none.
std::optional<uint64_t> ContentSize(const arrow::Buffer& frame) {
  if (frame.size() <= kDescriptorAt) return std::nullopt;
  const uint8_t descriptor = frame[kDescriptorAt];
  const bool single_segment = (descriptor & 0x20) != 0;
  constexpr int64_t kDictionaryBytes[] = {0, 1, 2, 4};
  const int64_t at =
      kDescriptorAt + 1 + (single_segment ? 0 : 1) + kDictionaryBytes[descriptor & 3];
  const int64_t bytes[] = {single_segment ? 1 : 0, 2, 4, 8};
  const int64_t length = bytes[descriptor >> 6];
  if (length == 0 || at + length > frame.size()) return std::nullopt;
  uint64_t size = 0;
  std::memcpy(&size, frame.data() + at, static_cast<size_t>(length));
  constexpr uint64_t kOffsetOfTwoBytes = 256;
  return FromLittleEndian(size) + (length == 2 ? kOffsetOfTwoBytes : 0);
}

arrow::Status TooLarge(int64_t max_bytes, const std::string& received) {
  return MakeError(ErrorCode::kInvalidData,
                   "Expected at most " + std::to_string(max_bytes) +
                       " bytes in the ZSTD frame of a record but received " + received);
}

/// Decompresses step by step into a buffer that grows.
class FrameReader {
 public:
  /// `declared`: what the frame says of its content, at most `max_bytes`.
  FrameReader(const arrow::Buffer& frame, std::optional<int64_t> declared, int64_t max_bytes)
      : frame_(frame), limit_(declared.value_or(max_bytes)) {
    const int64_t expansion = declared ? kTrustedExpansion : kUsualExpansion;
    first_bytes_ = std::min(limit_ + 1, frame.size() * expansion + kTrustedBytes);
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(const CancelToken& cancel) {
    ARROW_ASSIGN_OR_RAISE(const auto codec, ArrowCodec::Create(arrow::Compression::ZSTD));
    ARROW_ASSIGN_OR_RAISE(const auto decompressor, codec->MakeDecompressor());
    ARROW_ASSIGN_OR_RAISE(content_, arrow::AllocateResizableBuffer(first_bytes_, Pool()));
    while (!decompressor->IsFinished()) {
      ARROW_RETURN_NOT_OK(cancel.Check());
      ARROW_RETURN_NOT_OK(Step(decompressor.get()));
    }
    if (read_ < frame_.size()) {
      return Damaged(std::to_string(frame_.size() - read_) + " more bytes behind it");
    }
    if (written_ > limit_) return TooLarge(limit_, "more");
    const bool wasteful = content_->size() / 2 > written_;
    ARROW_RETURN_NOT_OK(content_->Resize(written_, /*shrink_to_fit=*/wasteful));
    return std::move(content_);
  }

 private:
  arrow::Status Step(arrow::util::Decompressor* decompressor) {
    if (written_ == content_->size()) {
      // There is room for one byte more than there may be: so the end is seen without growing.
      if (written_ > limit_) return TooLarge(limit_, "more");
      ARROW_RETURN_NOT_OK(content_->Resize(std::min(limit_ + 1, 2 * written_)));
    }
    const auto step =
        decompressor->Decompress(std::min(kStepBytes, frame_.size() - read_), frame_.data() + read_,
                                 content_->size() - written_, content_->mutable_data() + written_);
    if (!step.ok()) return Damaged("a damaged one: " + step.status().message());
    if (step->bytes_read == 0 && step->bytes_written == 0 && !decompressor->IsFinished()) {
      return Damaged("one that is cut short after " + std::to_string(frame_.size()) + " bytes");
    }
    read_ += step->bytes_read;
    written_ += step->bytes_written;
    return arrow::Status::OK();
  }

  const arrow::Buffer& frame_;
  const int64_t limit_;
  int64_t first_bytes_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> content_;
  int64_t read_ = 0;
  int64_t written_ = 0;
};

}  // namespace

bool IsZstdFrame(const arrow::Buffer& bytes) {
  return bytes.size() >= kDescriptorAt &&
         FromLittleEndian(SafeLoadAs<uint32_t>(bytes.data())) == kMagic;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> MakeZstdFrame(const arrow::Buffer& content, int level,
                                                            const CancelToken& cancel) {
  ARROW_RETURN_NOT_OK(cancel.Check());
  const ByteView bytes(content.data(), static_cast<size_t>(content.size()));
  ARROW_ASSIGN_OR_RAISE(auto frame,
                        EncodeBytes({CodecKind::kZstd, level}, bytes, std::nullopt, cancel));
  return std::move(frame.bytes);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> OpenZstdFrame(const arrow::Buffer& frame,
                                                            int64_t max_bytes,
                                                            const CancelToken& cancel) {
  const auto declared = ContentSize(frame);
  if (!declared) return FrameReader(frame, std::nullopt, max_bytes).Read(cancel);
  if (*declared > static_cast<uint64_t>(max_bytes)) {
    return TooLarge(max_bytes, "one of " + std::to_string(*declared));
  }
  return FrameReader(frame, static_cast<int64_t>(*declared), max_bytes).Read(cancel);
}

}  // namespace packed
