#include "codec_sink.h"

#include <algorithm>
#include <utility>

#include "codec_kind.h"
#include "packed/memory.h"

namespace packed {
namespace {

constexpr int64_t kLeastBytes = 4 << 10;
constexpr size_t kScratchBytes = 64 << 10;

}  // namespace

CodecSink::CodecSink(std::optional<ByteRoom> target, int64_t expected, int64_t most)
    : target_(target), expected_(expected), most_(most) {}

/// Not much of it is used: a stream that goes beyond the limit fails at the first byte.
ByteRoom CodecSink::Scratch() {
  if (scratch_.empty()) scratch_.resize(kScratchBytes);
  return scratch_;
}

arrow::Status CodecSink::Reserve(int64_t bytes) {
  if (own_ == nullptr) {
    return arrow::AllocateResizableBuffer(bytes, Pool()).Value(&own_);
  }
  return own_->Resize(bytes, /*shrink_to_fit=*/false);
}

arrow::Result<ByteRoom> CodecSink::Room() {
  if (target_.has_value()) {
    const auto given = static_cast<int64_t>(target_->size());
    return size_ < given ? target_->subspan(size_) : Scratch();
  }
  const int64_t capacity = own_ == nullptr ? 0 : own_->size();
  if (size_ == capacity) {
    const int64_t wanted = std::max({2 * capacity, expected_, kLeastBytes});
    const int64_t next = std::min(wanted, most_);
    if (next <= size_) return Scratch();
    ARROW_RETURN_NOT_OK(Reserve(next));
  }
  return ByteRoom(own_->mutable_data(), own_->size()).subspan(size_);
}

arrow::Result<std::optional<ByteRoom>> CodecSink::Whole(int64_t bytes) {
  ARROW_RETURN_NOT_OK(CheckLimit(bytes));
  if (target_.has_value()) {
    if (static_cast<int64_t>(target_->size()) - size_ < bytes) return std::nullopt;
    return target_->subspan(size_, bytes);
  }
  const int64_t capacity = own_ == nullptr ? 0 : own_->size();
  if (capacity - size_ < bytes) ARROW_RETURN_NOT_OK(Reserve(size_ + bytes));
  if (bytes == 0) return ByteRoom();
  return ByteRoom(own_->mutable_data() + size_, bytes);
}

arrow::Status CodecSink::CheckLimit(int64_t bytes) const {
  if (bytes <= most_ - size_) return arrow::Status::OK();
  return DecodesToMore(most_);
}

arrow::Status CodecSink::Wrote(int64_t bytes) {
  ARROW_RETURN_NOT_OK(CheckLimit(bytes));
  size_ += bytes;
  return arrow::Status::OK();
}

arrow::Result<CodecOutput> CodecSink::Finish() {
  if (target_.has_value()) {
    const auto given = static_cast<int64_t>(target_->size());
    if (size_ > given) return TargetTooSmall(size_, given);
    return CodecOutput{nullptr, size_};
  }
  if (own_ == nullptr) ARROW_RETURN_NOT_OK(Reserve(0));
  ARROW_RETURN_NOT_OK(own_->Resize(size_, /*shrink_to_fit=*/true));
  return CodecOutput{std::move(own_), size_};
}

}  // namespace packed
