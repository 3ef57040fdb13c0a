#include "upload_parts.h"

#include <utility>

namespace packed {

using arrow::Status;

UploadParts::UploadParts(UploadTarget target, std::shared_ptr<Uploader> uploader,
                         std::shared_ptr<UploadBudget> budget)
    : target_(std::move(target)), uploader_(std::move(uploader)), budget_(std::move(budget)) {}

Status UploadParts::Start() {
  if (started_) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(upload_, uploader_->Create(target_));
  started_ = true;
  return Status::OK();
}

Status UploadParts::Send(std::shared_ptr<arrow::Buffer> content) {
  ARROW_RETURN_NOT_OK(Start());
  const int64_t bytes = content->size();
  budget_->Acquire(bytes);
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) {
      tags_.emplace_back();
      number = static_cast<int>(tags_.size());
      ++on_their_way_;
    }
  }
  if (number == 0) {
    budget_->Release(bytes);
    return failure_;  // never changes once it is set
  }
  uploader_->Part(target_, upload_, number, std::move(content),
                  [self = shared_from_this(), number, bytes](arrow::Result<std::string> tag) {
                    self->Answered(number, bytes, std::move(tag));
                  });
  return Status::OK();
}

/// Any thread.
void UploadParts::Answered(int number, int64_t bytes, arrow::Result<std::string> tag) {
  budget_->Release(bytes);
  bool abort = false;
  {
    const std::lock_guard lock(mutex_);
    if (tag.ok()) {
      tags_[number - 1] = std::move(tag).MoveValueUnsafe();
    } else if (failure_.ok()) {
      failure_ = tag.status();
    }
    --on_their_way_;
    abort = on_their_way_ == 0 && std::exchange(abort_when_idle_, false);
    answered_.notify_all();
  }
  if (abort) uploader_->Abort(target_, upload_);
}

Status UploadParts::Wait() {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [this] { return on_their_way_ == 0 || !failure_.ok(); });
  return failure_;
}

Status UploadParts::Complete() {
  ARROW_RETURN_NOT_OK(uploader_->Complete(target_, upload_, tags_));
  over_ = true;
  return Status::OK();
}

void UploadParts::Abort() noexcept {
  if (!started_ || std::exchange(over_, true)) return;
  {
    const std::lock_guard lock(mutex_);
    abort_when_idle_ = on_their_way_ > 0;
    if (abort_when_idle_) return;
  }
  uploader_->Abort(target_, upload_);
}

}  // namespace packed
