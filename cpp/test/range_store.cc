#include "range_store.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "arrow/buffer.h"

#include "packed/memory.h"

namespace packed::test {
namespace {

constexpr int64_t kDefaultTailBytes = 64 << 10;
constexpr std::chrono::seconds kMostWait{20};

}  // namespace

struct RangeStore::Log {
  mutable std::mutex mutex;
  Answer answer;
  std::vector<Request> requests;
  int running = 0;
  int most_at_once = 0;

  arrow::Result<int64_t> Ask(const Request& request) {
    Answer asked;
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
      most_at_once = std::max(most_at_once, ++running);
      asked = answer;
    }
    const auto bytes = asked ? asked(request) : arrow::Result<int64_t>(request.bytes);
    const std::lock_guard lock(mutex);
    --running;
    return bytes;
  }
};

/// Bytes of the local file, of which the last ones are here already.
class RangeStore::RemoteFile final : public arrow::io::RandomAccessFile {
 public:
  RemoteFile(std::string path, std::shared_ptr<ReadableFile> local, std::shared_ptr<Log> log)
      : path_(std::move(path)), local_(std::move(local)), log_(std::move(log)) {}

  arrow::Status FetchTail(const ReadOptions& options) {
    if (options.file_bytes < 0) ARROW_RETURN_NOT_OK(log_->Ask({path_, 0, 0}).status());
    const int64_t most = options.tail_bytes > 0 ? options.tail_bytes : kDefaultTailBytes;
    const int64_t bytes = std::min(most, local_->size());
    ARROW_ASSIGN_OR_RAISE(tail_, Fetch(local_->size() - bytes, bytes));
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    const int64_t tail_start = local_->size() - tail_->size();
    bytes = std::min(bytes, local_->size() - position);
    if (position >= tail_start) return arrow::SliceBuffer(tail_, position - tail_start, bytes);
    return Fetch(position, bytes);
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto content, ReadAt(position, bytes));
    std::memcpy(out, content->data(), content->size());
    return content->size();
  }
  arrow::Result<int64_t> GetSize() override { return local_->size(); }
  bool closed() const override { return false; }
  arrow::Status Close() override { return arrow::Status::OK(); }

  arrow::Result<int64_t> Read(int64_t, void*) override { return Unused(); }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t) override { return Unused(); }
  arrow::Result<int64_t> Tell() const override { return Unused(); }
  arrow::Status Seek(int64_t) override { return Unused(); }

 private:
  static arrow::Status Unused() { return arrow::Status::NotImplemented("reads have positions"); }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Fetch(int64_t position, int64_t bytes) {
    ARROW_ASSIGN_OR_RAISE(const int64_t arrived, log_->Ask({path_, position, bytes}));
    return local_->file()->ReadAt(position, arrived);
  }

  const std::string path_;
  const std::shared_ptr<ReadableFile> local_;
  const std::shared_ptr<Log> log_;
  std::shared_ptr<arrow::Buffer> tail_;
};

class RangeStore::RemoteReadable final : public ReadableFile {
 public:
  RemoteReadable(std::shared_ptr<ReadableFile> local, std::shared_ptr<RemoteFile> file)
      : local_(std::move(local)), file_(std::move(file)) {}
  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const override { return file_; }
  int64_t size() const override { return local_->size(); }
  std::string version() const override { return local_->version(); }
  bool remote() const override { return true; }
  arrow::Status CheckUnchanged() const override { return local_->CheckUnchanged(); }

 private:
  const std::shared_ptr<ReadableFile> local_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

RangeStore::RangeStore()
    : local_(FileStore::Make(StorageConfig{}).ValueOrDie()), log_(std::make_shared<Log>()) {}

arrow::Result<std::unique_ptr<PendingFile>> RangeStore::Create(const std::string& path,
                                                               IfExists if_exists) {
  return local_->Create(path, if_exists);
}

arrow::Result<std::shared_ptr<ReadableFile>> RangeStore::Open(const std::string& path,
                                                              const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto local, local_->Open(path, {}));
  auto file = std::make_shared<RemoteFile>(path, local, log_);
  ARROW_RETURN_NOT_OK(file->FetchTail(options));
  return std::make_shared<RemoteReadable>(std::move(local), std::move(file));
}

void RangeStore::AnswerBy(Answer answer) {
  const std::lock_guard lock(log_->mutex);
  log_->answer = std::move(answer);
}

std::vector<RangeStore::Request> RangeStore::requests() const {
  const std::lock_guard lock(log_->mutex);
  return log_->requests;
}

void RangeStore::Forget() {
  const std::lock_guard lock(log_->mutex);
  log_->requests.clear();
  log_->most_at_once = 0;
}

bool RangeStore::AwaitNoOpenFiles() const {
  for (int i = 0; i < 5000 && open_files() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return open_files() == 0;
}

int RangeStore::most_at_once() const {
  const std::lock_guard lock(log_->mutex);
  return log_->most_at_once;
}

void Gate::Open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void Gate::Wait() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

bool Gate::AwaitWaiting(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kMostWait, [&] { return waiting_ >= count; });
}

}  // namespace packed::test
