#include "upload_file.h"

#include <utility>

#include "packed/error.h"
#include "upload_parts.h"
#include "upload_schedule.h"
#include "upload_stream.h"

namespace packed {

using arrow::Status;

namespace {

class UploadFile final : public PendingFile {
 public:
  UploadFile(UploadTarget target, std::string given_path, int64_t part_bytes,
             std::shared_ptr<Uploader> uploader, std::shared_ptr<UploadBudget> budget)
      : target_(std::move(target)),
        given_path_(std::move(given_path)),
        uploader_(std::move(uploader)),
        parts_(std::make_shared<UploadParts>(target_, uploader_, std::move(budget))),
        stream_(PartSchedule(part_bytes), parts_) {}

  ~UploadFile() override { Discard(); }

  arrow::io::OutputStream* stream() override { return &stream_; }

  /// A store answers when the bytes are safe, so `fsync` asks for nothing more.
  Status Seal(bool) override {
    if (state_ != State::kOpen) return WrongState("sealed");
    ARROW_RETURN_NOT_OK(Explain(stream_.Close()));
    if (!parts_->started()) content_ = stream_.TakeContent();
    state_ = State::kSealed;
    return Status::OK();
  }

  Status Publish() override {
    if (state_ != State::kSealed) return WrongState("published");
    const Status status =
        parts_->started() ? parts_->Complete() : uploader_->Put(target_, std::move(content_));
    if (!status.ok()) {
      Discard();  // the answer is final: a second try would have nothing to put
      return Explain(status);
    }
    state_ = State::kPublished;
    return Status::OK();
  }

  Status Unpublish() override {
    if (state_ != State::kPublished) return WrongState("taken back");
    state_ = State::kGone;
    return Explain(uploader_->Remove(target_.key));
  }

  void Discard() noexcept override {
    state_ = State::kGone;
    static_cast<void>(stream_.Abort());
    content_.reset();
    parts_->Abort();
  }

 private:
  enum class State { kOpen, kSealed, kPublished, kGone };

  Status WrongState(const char* wish) const {
    return MakeError(ErrorCode::kClosed, std::string("The file cannot be ") + wish + " any more",
                     {given_path_, ""});
  }

  Status Explain(const Status& status) const {
    return status.ok() ? status : WithContext(status, ErrorCode::kStorageIO, {given_path_, ""});
  }

  const UploadTarget target_;
  const std::string given_path_;
  const std::shared_ptr<Uploader> uploader_;
  const std::shared_ptr<UploadParts> parts_;
  UploadStream stream_;
  std::shared_ptr<arrow::Buffer> content_;  ///< of a sealed file without an upload
  State state_ = State::kOpen;
};

}  // namespace

arrow::Result<std::unique_ptr<PendingFile>> CreateUploadFile(UploadTarget target,
                                                             std::string given_path,
                                                             const StorageConfig& config,
                                                             std::shared_ptr<Uploader> uploader,
                                                             std::shared_ptr<UploadBudget> budget) {
  if (config.multipart_part_bytes < 1) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected at least 1 for multipartPartBytes but received " +
                         std::to_string(config.multipart_part_bytes));
  }
  return std::make_unique<UploadFile>(std::move(target), std::move(given_path),
                                      config.multipart_part_bytes, std::move(uploader),
                                      std::move(budget));
}

}  // namespace packed
