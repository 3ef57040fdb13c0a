#include "remote_write.h"

#include <cstring>
#include <functional>
#include <mutex>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"

#include "io_pool.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

using Client = arrow::fs::FileSystem;

/// Arrow's stream and the calls on it, one after the other: one that was left behind at its
/// deadline still has it.
struct Upload {
  std::mutex mutex;
  std::shared_ptr<arrow::io::OutputStream> stream;
};

arrow::Status Exists(const RemoteObject& object) {
  return MakeError(ErrorCode::kAlreadyExists,
                   "Expected no object at '" + object.given + "' but received one that exists",
                   {object.given, ""});
}

/// Runs `step` on a thread of the pool, under the deadline of an operation; the client repeats
/// requests by itself.
arrow::Status Ask(const RemoteObject& object, const char* action, int64_t bytes,
                  std::function<arrow::Status(Client&)> step) {
  RemoteRequest request;
  request.action = action;
  request.path = object.given;
  request.bytes = bytes;
  request.retry = false;
  return AskRemote<bool>(object.filesystem->channel(), std::move(request),
                         [filesystem = object.filesystem,
                          step = std::move(step)]() -> arrow::Result<std::shared_ptr<bool>> {
                           ARROW_ASSIGN_OR_RAISE(const auto client, filesystem->ForWrites());
                           ARROW_RETURN_NOT_OK(step(*client));
                           return std::make_shared<bool>(true);
                         })
      .status();
}

/// \brief Hands every write to Arrow's stream. One thread at a time.
class RemoteStream : public arrow::io::OutputStream {
 public:
  RemoteStream(RemoteObject object, std::shared_ptr<Upload> upload)
      : object_(std::move(object)), upload_(std::move(upload)) {}

  using OutputStream::Write;

  arrow::Status Write(const void* data, int64_t bytes) override {
    // The caller's memory is gone when a call that was left behind looks at it.
    ARROW_ASSIGN_OR_RAISE(auto copy, arrow::AllocateBuffer(bytes, Pool()));
    if (bytes > 0) std::memcpy(copy->mutable_data(), data, bytes);
    return Write(std::shared_ptr<arrow::Buffer>(std::move(copy)));
  }

  arrow::Status Write(const std::shared_ptr<arrow::Buffer>& data) override {
    if (closed_) return MakeError(ErrorCode::kClosed, "The file is closed", {object_.given, ""});
    auto written = Ask(object_, "write", data->size(), [upload = upload_, data](Client&) {
      std::lock_guard lock(upload->mutex);
      return upload->stream->Write(data);
    });
    if (written.ok()) position_ += data->size();
    return written;
  }

  arrow::Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }
  /// Only Publish closes Arrow's stream: that makes the object.
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }

 private:
  const RemoteObject object_;
  const std::shared_ptr<Upload> upload_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class RemotePendingFile final : public PendingFile {
 public:
  RemotePendingFile(RemoteObject object, IfExists if_exists)
      : object_(std::move(object)),
        if_exists_(if_exists),
        stream_(std::make_unique<RemoteStream>(object_, upload_)) {}

  ~RemotePendingFile() override { Discard(); }

  arrow::Status Init() {
    ARROW_RETURN_NOT_OK(CheckAbsent());
    return Ask(object_, "create", 0, [path = Path(), upload = upload_](Client& client) {
      std::lock_guard lock(upload->mutex);
      return client.OpenOutputStream(path).Value(&upload->stream);
    });
  }

  arrow::io::OutputStream* stream() override { return stream_.get(); }

  arrow::Status Seal(bool /*fsync*/) override {
    if (state_ != State::kOpen) return WrongState("sealed");
    ARROW_RETURN_NOT_OK(stream_->Close());
    ARROW_RETURN_NOT_OK(Ask(object_, "write", 0, [upload = upload_](Client&) {
      std::lock_guard lock(upload->mutex);
      return upload->stream->Flush();
    }));
    state_ = State::kSealed;
    return arrow::Status::OK();
  }

  arrow::Status Publish() override {
    if (state_ != State::kSealed) return WrongState("published");
    if (!VisibleWhileOpen()) ARROW_RETURN_NOT_OK(CheckAbsent());
    // Nobody can tell what became of an object whose completion was not answered: it counts as
    // ours, so that Unpublish removes it.
    state_ = State::kPublished;
    return Ask(object_, "publish", 0, [upload = upload_](Client&) {
      std::lock_guard lock(upload->mutex);
      return upload->stream->Close();
    });
  }

  arrow::Status Unpublish() override {
    if (state_ != State::kPublished) return WrongState("taken back");
    state_ = State::kGone;
    return Ask(object_, "remove", 0,
               [path = Path()](Client& client) { return client.DeleteFile(path); });
  }

  void Discard() noexcept override {
    if (state_ == State::kPublished || state_ == State::kGone) return;
    state_ = State::kGone;
    // A stream that is destroyed unclosed makes the object. Waits for a call that was left behind,
    // so it is left to the pool.
    IoPool::Shared().Spawn([upload = upload_, path = Path(), remove = VisibleWhileOpen(),
                            filesystem = object_.filesystem] {
      std::lock_guard lock(upload->mutex);
      if (upload->stream == nullptr) return;
      static_cast<void>(upload->stream->Abort());
      const auto client = filesystem->ForWrites();
      if (remove && client.ok()) static_cast<void>((*client)->DeleteFile(path));
    });
  }

 private:
  enum class State { kOpen, kSealed, kPublished, kGone };

  std::string Path() const { return object_.filesystem->ArrowPath(object_.key); }

  /// Arrow's Azure client puts an empty object at the path when it opens a stream.
  bool VisibleWhileOpen() const { return object_.filesystem->address().kind == RemoteKind::kAzure; }

  arrow::Status CheckAbsent() const {
    if (if_exists_ == IfExists::kReplace) return arrow::Status::OK();
    return Ask(object_, "create", 0, [path = Path(), object = object_](Client& client) {
      ARROW_ASSIGN_OR_RAISE(const auto info, client.GetFileInfo(path));
      return info.IsFile() ? Exists(object) : arrow::Status::OK();
    });
  }

  arrow::Status WrongState(const char* wish) const {
    return MakeError(ErrorCode::kClosed, std::string("The file cannot be ") + wish + " any more",
                     {object_.given, ""});
  }

  const RemoteObject object_;
  const IfExists if_exists_;
  const std::shared_ptr<Upload> upload_ = std::make_shared<Upload>();
  const std::unique_ptr<RemoteStream> stream_;
  State state_ = State::kOpen;
};

}  // namespace

arrow::Result<std::unique_ptr<PendingFile>> CreateRemoteFile(RemoteObject object,
                                                             IfExists if_exists) {
  auto file = std::make_unique<RemotePendingFile>(std::move(object), if_exists);
  ARROW_RETURN_NOT_OK(file->Init());
  return file;
}

}  // namespace packed
