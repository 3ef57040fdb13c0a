#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "packed/error.h"
#include "packed/storage.h"
#include "packed/uploader.h"
#include "upload_budget.h"
#include "upload_file.h"

namespace packed::testing {

/// \brief A store in memory, behind the interface that real ones have.
///
/// Refuses what S3 refuses: parts of an upload that is not there, a completion without all tags.
/// Counts every step; `fail` decides which of them fail. Parts are answered by threads of their
/// own, in the order of `delay_ms`.
class MemoryUploader final : public Uploader {
 public:
  /// The failure of one step ("create", "part 3", "complete", "put", "remove"); empty = none.
  std::function<std::optional<ErrorCode>(const std::string& step)> fail;
  /// How long a part is under way.
  std::function<int(int number)> delay_ms;
  ~MemoryUploader() override { Join(); }

  /// \brief Wait until every part is answered.
  void Join() {
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
  }

  arrow::Result<std::string> Create(const UploadTarget& target) override {
    ARROW_RETURN_NOT_OK(Step("create"));
    const std::lock_guard lock(mutex_);
    std::string upload = "upload-" + std::to_string(++created_);
    open_[upload].key = target.key;
    return upload;
  }

  void Part(const UploadTarget& target, const std::string& upload, int number,
            std::shared_ptr<arrow::Buffer> content, PartDone done) override {
    const std::lock_guard lock(mutex_);
    in_flight_ += content->size();
    most_in_flight_ = std::max(most_in_flight_, in_flight_);
    part_sizes_.push_back(content->size());
    threads_.emplace_back([=, this] {
      if (delay_ms) std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms(number)));
      done(Receive(target, upload, number, *content));
    });
  }

  arrow::Status Complete(const UploadTarget& target, const std::string& upload,
                         const std::vector<std::string>& tags) override {
    ARROW_RETURN_NOT_OK(Step("complete"));
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(upload);
    if (found == open_.end()) return MakeError(ErrorCode::kNotFound, "no such upload");
    std::string content;
    for (size_t i = 0; i < tags.size(); ++i) {
      const auto part = found->second.parts.find(static_cast<int>(i) + 1);
      if (part == found->second.parts.end() || tags[i] != Tag(part->first, part->second)) {
        return MakeError(ErrorCode::kInvalidArgument, "no such part");
      }
      content += part->second;
    }
    ARROW_RETURN_NOT_OK(PutLocked(target, std::move(content)));
    open_.erase(found);
    return arrow::Status::OK();
  }

  arrow::Status Put(const UploadTarget& target, std::shared_ptr<arrow::Buffer> content) override {
    ARROW_RETURN_NOT_OK(Step("put"));
    const std::lock_guard lock(mutex_);
    return PutLocked(target, content->ToString());
  }

  void Abort(const UploadTarget&, const std::string& upload) noexcept override {
    const std::lock_guard lock(mutex_);
    steps_.push_back("abort");
    if (in_flight_ > 0) ++aborts_among_parts_;
    open_.erase(upload);
  }

  arrow::Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(Step("remove"));
    const std::lock_guard lock(mutex_);
    objects.erase(key);
    return arrow::Status::OK();
  }

  std::vector<std::string> steps() {
    const std::lock_guard lock(mutex_);
    return steps_;
  }
  int64_t Count(const std::string& step) {
    const std::lock_guard lock(mutex_);
    return std::count(steps_.begin(), steps_.end(), step);
  }
  size_t open_uploads() {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }
  int64_t most_in_flight() {
    const std::lock_guard lock(mutex_);
    return most_in_flight_;
  }
  std::vector<int64_t> part_sizes() {
    const std::lock_guard lock(mutex_);
    return part_sizes_;
  }
  /// How often an upload was given up while a part of it was on its way.
  int aborts_among_parts() {
    const std::lock_guard lock(mutex_);
    return aborts_among_parts_;
  }

  std::map<std::string, std::string> objects;

 private:
  struct Open {
    std::string key;
    std::map<int, std::string> parts;
  };

  static std::string Tag(int number, const std::string& content) {
    return std::to_string(number) + ":" + std::to_string(std::hash<std::string>()(content));
  }

  arrow::Status Step(const std::string& step) {
    const std::lock_guard lock(mutex_);
    return StepLocked(step);
  }

  arrow::Status StepLocked(const std::string& step) {
    steps_.push_back(step);
    const auto code = fail ? fail(step) : std::nullopt;
    return code ? MakeError(*code, "injected into " + step) : arrow::Status::OK();
  }

  arrow::Result<std::string> Receive(const UploadTarget& target, const std::string& upload,
                                     int number, const arrow::Buffer& content) {
    const std::lock_guard lock(mutex_);
    in_flight_ -= content.size();
    ARROW_RETURN_NOT_OK(StepLocked("part " + std::to_string(number)));
    const auto found = open_.find(upload);
    if (found == open_.end() || found->second.key != target.key) {
      return MakeError(ErrorCode::kNotFound, "no such upload");
    }
    std::string bytes = content.ToString();
    std::string tag = Tag(number, bytes);
    found->second.parts[number] = std::move(bytes);
    return tag;
  }

  arrow::Status PutLocked(const UploadTarget& target, std::string content) {
    if (target.if_absent && objects.contains(target.key)) {
      return MakeError(ErrorCode::kAlreadyExists, "an object stands at " + target.key);
    }
    objects[target.key] = std::move(content);
    return arrow::Status::OK();
  }

  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<std::string> steps_;
  std::vector<int64_t> part_sizes_;
  std::map<std::string, Open> open_;
  int64_t in_flight_ = 0;
  int64_t most_in_flight_ = 0;
  int created_ = 0;
  int aborts_among_parts_ = 0;
};

/// \brief A file store whose files go to an uploader and can not be read. One budget for all.
class UploadStore final : public FileStore {
 public:
  UploadStore(std::shared_ptr<Uploader> uploader, const StorageConfig& config)
      : uploader_(std::move(uploader)),
        config_(config),
        budget_(std::make_shared<UploadBudget>(config.upload_bytes_in_flight)) {}

  arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                     IfExists if_exists) override {
    return CreateUploadFile({"root/" + path, if_exists == IfExists::kError}, path, config_,
                            uploader_, budget_);
  }
  arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                    const ReadOptions&) override {
    return MakeError(ErrorCode::kNotSupported, "Expected to write only");
  }

 private:
  const std::shared_ptr<Uploader> uploader_;
  const StorageConfig config_;
  const std::shared_ptr<UploadBudget> budget_;
};

}  // namespace packed::testing
