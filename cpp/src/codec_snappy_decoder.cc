#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/util/compression.h"

#include "codec_kind.h"
#include "codec_pending.h"
#include "codec_snappy.h"
#include "codec_snappy_chunks.h"
#include "crc32c.h"

namespace packed {
namespace {

/// What snappy makes of 64 KiB at most.
constexpr size_t kMostChunkBytes = kSnappyChecksumBytes + 32 + kSnappyChunkBytes * 7 / 6;

arrow::Status Damaged(const char* received) { return DamagedStream(CodecKind::kSnappy, received); }

/// Gathers one chunk at a time; chunks that are skipped are never gathered.
class SnappyDecoder final : public CodecStream {
 public:
  arrow::Result<Step> Run(ByteView in, bool /*last*/, ByteRoom out) override {
    Step step;
    while (true) {
      step.written += pending_.Give(out.subspan(step.written));
      const ByteView rest = in.subspan(step.read);
      if (!pending_.empty() || rest.empty()) return step;
      step.read += static_cast<int64_t>(Skip(rest));
      if (to_skip_ > 0) return step;
      step.read += static_cast<int64_t>(Gather(in.subspan(step.read)));
      if (chunk_.size() < wanted_) return step;
      ARROW_RETURN_NOT_OK(wanted_ == kSnappyChunkHeaderBytes ? Header() : Body());
    }
  }

  arrow::Status CheckEnd() const override {
    if (begun_ && chunk_.empty() && to_skip_ == 0) return arrow::Status::OK();
    return Damaged("one that ends in the middle");
  }

 private:
  size_t Skip(ByteView in) {
    const size_t bytes = std::min(in.size(), to_skip_);
    to_skip_ -= bytes;
    return bytes;
  }

  size_t Gather(ByteView in) {
    const size_t bytes = std::min(in.size(), wanted_ - chunk_.size());
    chunk_.insert(chunk_.end(), in.begin(), in.begin() + static_cast<int64_t>(bytes));
    return bytes;
  }

  arrow::Status Header() {
    const size_t bytes = chunk_[1] | chunk_[2] << 8 | chunk_[3] << 16;
    const auto type = static_cast<SnappyChunk>(chunk_[0]);
    if (type == SnappyChunk::kIdentifier) {
      // Once more at the seams of streams that were joined.
      if (bytes != kSnappyIdentifier.size() - kSnappyChunkHeaderBytes) {
        return Damaged("bytes that begin no stream");
      }
    } else if (!begun_) {
      return Damaged("bytes that begin no stream");
    } else if (type >= SnappyChunk::kFirstSkippable) {
      to_skip_ = bytes;
      chunk_.clear();
      return arrow::Status::OK();
    } else if (type >= SnappyChunk::kFirstReserved) {
      return Damaged("a chunk of a type that nobody knows");
    } else if (bytes < kSnappyChecksumBytes || bytes > kMostChunkBytes) {
      return Damaged("a chunk of a size that none has");
    }
    wanted_ = kSnappyChunkHeaderBytes + bytes;
    return arrow::Status::OK();
  }

  arrow::Status Body() {
    const auto type = static_cast<SnappyChunk>(chunk_[0]);
    if (type == SnappyChunk::kIdentifier) {
      if (!std::equal(chunk_.begin(), chunk_.end(), kSnappyIdentifier.begin())) {
        return Damaged("bytes that begin no stream");
      }
      begun_ = true;
    } else {
      ARROW_RETURN_NOT_OK(Content(type, ByteView(chunk_).subspan(kSnappyChunkHeaderBytes)));
    }
    chunk_.clear();
    wanted_ = kSnappyChunkHeaderBytes;
    return arrow::Status::OK();
  }

  arrow::Status Content(SnappyChunk type, ByteView body) {
    uint32_t checksum = 0;
    for (int i = 0; i < kSnappyChecksumBytes; ++i) checksum |= uint32_t{body[i]} << (8 * i);
    const ByteView content = body.subspan(kSnappyChecksumBytes);
    std::vector<uint8_t>* const out = pending_.Refill();
    if (type == SnappyChunk::kStored) {
      out->assign(content.begin(), content.end());
    } else {
      CodecSink sink(std::nullopt, kSnappyChunkBytes, kSnappyChunkBytes);
      const arrow::Status decoded = SnappyDecodeBlock(content, &sink);
      if (!decoded.ok()) return Damaged("a chunk that is damaged");
      ARROW_ASSIGN_OR_RAISE(const CodecOutput plain, sink.Finish());
      out->assign(plain.bytes->data(), plain.bytes->data() + plain.size);
    }
    if (out->size() > kSnappyChunkBytes) return Damaged("a chunk of a size that none has");
    if (MaskedCrc32c(*out) != checksum) return Damaged("a chunk that is damaged");
    return arrow::Status::OK();
  }

  std::vector<uint8_t> chunk_;  ///< header and body, as far as they came
  size_t wanted_ = kSnappyChunkHeaderBytes;
  size_t to_skip_ = 0;
  bool begun_ = false;
  PendingBytes pending_;
};

}  // namespace

std::unique_ptr<CodecStream> MakeSnappyDecoder() { return std::make_unique<SnappyDecoder>(); }

}  // namespace packed
