#include "remote_file.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include "arrow/io/interfaces.h"
#include "arrow/util/config.h"
#include "arrow/util/future.h"

#include "io_pool.h"
#include "packed/error.h"
#include "remote_read.h"

namespace packed {
namespace {

using BufferRef = std::shared_ptr<arrow::Buffer>;

constexpr int64_t kTailBytes = 64 << 10;

/// Arrow's file over an object, made by the first attempt that needs it. Attempts hold it.
class LazyFile {
 public:
  LazyFile(RemoteObject object, int64_t size, std::shared_ptr<arrow::io::RandomAccessFile> file)
      : object_(std::move(object)), size_(size), file_(std::move(file)) {}

  const RemoteObject& object() const { return object_; }

  arrow::Result<BufferRef> Read(int64_t position, int64_t bytes) {
    std::shared_ptr<arrow::io::RandomAccessFile> file;
    {
      std::lock_guard lock(mutex_);
      if (file_ == nullptr) {
        ARROW_ASSIGN_OR_RAISE(file_, OpenSized(*object_.filesystem, object_.key, size_));
      }
      file = file_;
    }
    return ReadRange(*object_.filesystem, object_.key, *file, position, bytes);
  }

 private:
  const RemoteObject object_;
  const int64_t size_;
  std::mutex mutex_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

/// \brief Ranges of an object, each a request. Thread-safe but for the position of Seek and Read.
class RemoteFile : public arrow::io::RandomAccessFile {
 public:
  RemoteFile(std::shared_ptr<LazyFile> lazy, int64_t size, const ReadOptions& options)
      : lazy_(std::move(lazy)),
        size_(size),
        tail_start_(std::max<int64_t>(
            0, size - (options.tail_bytes > 0 ? options.tail_bytes : kTailBytes))),
        cancel_(options.cancel) {}

  /// Requests on their way hold what they need: nobody waits for them.
  arrow::Status Close() override {
    closed_ = true;
    std::lock_guard lock(mutex_);
    tail_ = {};
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    ARROW_RETURN_NOT_OK(CheckPosition(position));
    position_ = position;
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, bytes, out));
    position_ += read;
    return read;
  }
  arrow::Result<BufferRef> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }

  using RandomAccessFile::ReadAsync;
  using RandomAccessFile::ReadAt;

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, bytes));
    std::memcpy(out, buffer->data(), buffer->size());
    return buffer->size();
  }
  /// Without a callback of Future, see AskRemote.
  arrow::Result<BufferRef> ReadAt(int64_t position, int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(const Wanted wanted, Start(position, bytes));
    const IoPool::Waiting waiting;
    ARROW_ASSIGN_OR_RAISE(const BufferRef buffer, wanted.within.result());
    return wanted.Of(buffer);
  }
  arrow::Future<BufferRef> ReadAsync(const arrow::io::IOContext&, int64_t position,
                                     int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(Wanted wanted, Start(position, bytes));
    auto within = wanted.within;
    return within.Then(
        [wanted = std::move(wanted)](const BufferRef& buffer) { return wanted.Of(buffer); });
  }
#if ARROW_VERSION_MAJOR >= 23  // before, reads beyond the end are short without being asked
  arrow::Future<BufferRef> ReadAsync(const arrow::io::IOContext& context, int64_t position,
                                     int64_t bytes, bool allow_short_read) override {
    if (!allow_short_read && bytes > size_ - position) return CheckPosition(size_ + 1);
    return ReadAsync(context, position, bytes);
  }
#endif

 private:
  /// A range of what one request brings.
  struct Wanted {
    arrow::Future<BufferRef> within;
    int64_t offset;
    int64_t bytes;

    BufferRef Of(const BufferRef& buffer) const {
      return bytes == buffer->size() ? buffer : arrow::SliceBuffer(buffer, offset, bytes);
    }
  };

  arrow::Status CheckPosition(int64_t position) const {
    const std::string& given = lazy_->object().given;
    if (closed_) return MakeError(ErrorCode::kClosed, "The file is closed", {given, ""});
    if (position >= 0 && position <= size_) return arrow::Status::OK();
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a position within the " + std::to_string(size_) + " bytes of '" +
                         given + "' but received " + std::to_string(position),
                     {given, ""});
  }

  arrow::Result<Wanted> Start(int64_t position, int64_t bytes) {
    ARROW_RETURN_NOT_OK(CheckPosition(position));
    const int64_t length = std::clamp<int64_t>(bytes, 0, size_ - position);
    if (length == 0) return Wanted{std::make_shared<arrow::Buffer>(nullptr, 0), 0, 0};
    if (position < tail_start_) return Wanted{Request(position, length), 0, length};
    return Wanted{Tail(), position - tail_start_, length};
  }

  /// One request for all who ask; the next one asks again where it failed.
  arrow::Future<BufferRef> Tail() {
    std::lock_guard lock(mutex_);
    if (!tail_.is_valid() || (tail_.is_finished() && !tail_.status().ok())) {
      tail_ = Request(tail_start_, size_ - tail_start_);
    }
    return tail_;
  }

  arrow::Future<BufferRef> Request(int64_t position, int64_t bytes) const {
    const RemoteObject& object = lazy_->object();
    RemoteRequest request;
    request.action = "read";
    request.path = object.given;
    request.bytes = bytes;
    request.cancel = cancel_;
    auto answer = arrow::Future<BufferRef>::Make();
    CallRemote(
        object.filesystem->channel(), std::move(request),
        [lazy = lazy_, position, bytes]() -> arrow::Result<RemoteAnswer> {
          return lazy->Read(position, bytes);
        },
        [answer](arrow::Result<RemoteAnswer> result) mutable {
          answer.MarkFinished(
              std::move(result).Map([](const RemoteAnswer& read) -> arrow::Result<BufferRef> {
                return std::static_pointer_cast<arrow::Buffer>(read);
              }));
        });
    return answer;
  }

  const std::shared_ptr<LazyFile> lazy_;
  const int64_t size_;
  const int64_t tail_start_;
  const std::optional<CancelToken> cancel_;
  std::atomic<bool> closed_{false};
  int64_t position_ = 0;
  std::mutex mutex_;
  arrow::Future<BufferRef> tail_;
};

class RemoteReadableFile : public ReadableFile {
 public:
  RemoteReadableFile(std::shared_ptr<RemoteFile> file, int64_t size, std::string version)
      : file_(std::move(file)), size_(size), version_(std::move(version)) {}

  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const override { return file_; }
  int64_t size() const override { return size_; }
  std::string version() const override { return version_; }
  bool remote() const override { return true; }
  arrow::Status CheckUnchanged() const override {
    if (!file_->closed()) return arrow::Status::OK();
    return MakeError(ErrorCode::kClosed, "The file is closed");
  }

 private:
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_;
  const std::string version_;
};

}  // namespace

arrow::Result<std::shared_ptr<ReadableFile>> OpenRemoteFile(RemoteObject object,
                                                            const ReadOptions& options) {
  RemoteState state;
  state.size = options.file_bytes;
  state.version = std::to_string(state.size);
  if (state.size < 0) {
    RemoteRequest request;
    request.action = "open";
    request.path = object.given;
    request.cancel = options.cancel;
    ARROW_ASSIGN_OR_RAISE(const auto asked, AskRemote<RemoteState>(
                                                object.filesystem->channel(), std::move(request),
                                                [filesystem = object.filesystem, key = object.key] {
                                                  return ReadState(*filesystem, key);
                                                }));
    state = *asked;
  }
  auto lazy = std::make_shared<LazyFile>(std::move(object), state.size, std::move(state.file));
  auto file = std::make_shared<RemoteFile>(std::move(lazy), state.size, options);
  return std::make_shared<RemoteReadableFile>(std::move(file), state.size,
                                              std::move(state.version));
}

}  // namespace packed
