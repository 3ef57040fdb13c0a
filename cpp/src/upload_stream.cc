#include "upload_stream.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "packed/error.h"
#include "packed/memory.h"

namespace packed {

using arrow::Status;

namespace {

/// What a file takes to begin with: most files of narrow columns are far smaller than a part.
constexpr int64_t kLeastCapacity = int64_t{1} << 20;

}  // namespace

UploadStream::UploadStream(PartSchedule schedule, std::shared_ptr<UploadParts> parts)
    : schedule_(schedule), parts_(std::move(parts)), part_bytes_(schedule.PartBytes(1)) {
  set_mode(arrow::io::FileMode::WRITE);
}

Status UploadStream::CheckOpen() const {
  ARROW_RETURN_NOT_OK(failure_);
  return closed_ ? MakeError(ErrorCode::kClosed, "The file is closed") : Status::OK();
}

Status UploadStream::Write(const void* data, int64_t nbytes) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  return failure_ = Append(static_cast<const uint8_t*>(data), nbytes);
}

/// A first part is kept until more follows, so that a file of just one part is put in one piece.
Status UploadStream::Append(const uint8_t* data, int64_t nbytes) {
  while (nbytes > 0) {
    if (full()) ARROW_RETURN_NOT_OK(SendPart());
    const int64_t count = std::min(nbytes, part_bytes_ - filled_);
    ARROW_RETURN_NOT_OK(Reserve(filled_ + count));
    std::memcpy(part_->mutable_data() + filled_, data, static_cast<size_t>(count));
    data += count;
    nbytes -= count;
    filled_ += count;
    position_ += count;
    if (full() && parts_->started()) ARROW_RETURN_NOT_OK(SendPart());
  }
  return Status::OK();
}

/// The first part grows with what is written; a file that has more takes whole parts at once.
Status UploadStream::Reserve(int64_t bytes) {
  if (part_ != nullptr && bytes <= part_->size()) return Status::OK();
  const int64_t doubled = part_ == nullptr ? kLeastCapacity : 2 * part_->size();
  const int64_t capacity =
      parts_->started() ? part_bytes_ : std::min(part_bytes_, std::max(bytes, doubled));
  if (part_ != nullptr) return part_->Resize(capacity, /*shrink_to_fit=*/false);
  ARROW_ASSIGN_OR_RAISE(part_, arrow::AllocateResizableBuffer(capacity, Pool()));
  return Status::OK();
}

Status UploadStream::SendPart() {
  if (number_ > PartSchedule::kMostParts) {
    return MakeError(ErrorCode::kInvalidData,
                     "Expected at most " + std::to_string(PartSchedule::kMostParts) +
                         " parts for an object but received more bytes than they hold");
  }
  std::shared_ptr<arrow::Buffer> content = TakeContent();
  part_bytes_ = schedule_.PartBytes(++number_);
  return parts_->Send(std::move(content));
}

std::shared_ptr<arrow::Buffer> UploadStream::TakeContent() {
  const int64_t bytes = std::exchange(filled_, 0);
  if (part_ == nullptr) return std::make_shared<arrow::Buffer>(nullptr, 0);
  return arrow::SliceBuffer(std::exchange(part_, nullptr), 0, bytes);
}

Status UploadStream::Close() {
  if (closed_) return failure_;
  closed_ = true;
  if (!failure_.ok() || !parts_->started()) return failure_;
  if (filled_ > 0) failure_ = SendPart();
  if (failure_.ok()) failure_ = parts_->Wait();
  return failure_;
}

Status UploadStream::Abort() {
  closed_ = true;
  part_.reset();
  filled_ = 0;
  return Status::OK();
}

}  // namespace packed
