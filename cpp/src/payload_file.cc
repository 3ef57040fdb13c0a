#include "payload_file.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "arrow/io/memory.h"

#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

arrow::Status CheckWindow(const Payload& payload, int64_t file_bytes) {
  const bool inside = payload.offset >= 0 && payload.length >= 0 && payload.offset <= file_bytes &&
                      payload.length <= file_bytes - payload.offset;
  if (inside) return arrow::Status::OK();
  return MakeError(ErrorCode::kFileCorrupted,
                   "Expected a payload of " + std::to_string(payload.length) + " bytes at offset " +
                       std::to_string(payload.offset) + " for '" + payload.path +
                       "' but received a file of " + std::to_string(file_bytes),
                   {payload.path, ""});
}

/// The file around a payload, opened when it is needed. Any thread.
class OuterFile {
 public:
  OuterFile(std::string path, std::shared_ptr<FileStore> store, CancelToken cancel)
      : path_(std::move(path)), store_(std::move(store)) {
    options_.cancel = std::move(cancel);
  }

  arrow::Result<std::shared_ptr<ReadableFile>> Get() {
    const std::lock_guard lock(mutex_);
    if (open_) return open_;
    ARROW_ASSIGN_OR_RAISE(auto file, store_->Open(path_, options_));
    if (!version_.empty() && file->version() != version_) {
      return MakeError(ErrorCode::kFileChanged,
                       "Expected the file it was opened as for '" + path_ +
                           "' but received another or a changed one",
                       {path_, ""});
    }
    version_ = file->version();
    open_ = std::move(file);
    return open_;
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    open_.reset();
  }

 private:
  const std::string path_;
  const std::shared_ptr<FileStore> store_;
  ReadOptions options_;
  std::mutex mutex_;
  std::string version_;  // empty before it was first opened
  std::shared_ptr<ReadableFile> open_;
};

/// Bytes [offset, offset + length) of a file under positions of their own.
class Window final : public arrow::io::RandomAccessFile {
 public:
  Window(std::shared_ptr<OuterFile> outer, int64_t offset, int64_t length)
      : outer_(std::move(outer)), offset_(offset), length_(length) {}

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(bytes, Within(position, bytes));
    ARROW_ASSIGN_OR_RAISE(const auto outer, outer_->Get());
    return outer->file()->ReadAt(offset_ + position, bytes, out);
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(bytes, Within(position, bytes));
    ARROW_ASSIGN_OR_RAISE(const auto outer, outer_->Get());
    return outer->file()->ReadAt(offset_ + position, bytes);
  }

  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, bytes, out));
    position_ += read;
    return read;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }

  arrow::Status Seek(int64_t position) override {
    ARROW_RETURN_NOT_OK(Within(position, 0));
    position_ = position;
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Result<int64_t> GetSize() override { return length_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  /// As many of `bytes` as there are behind `position`.
  arrow::Result<int64_t> Within(int64_t position, int64_t bytes) const {
    if (position < 0 || position > length_ || bytes < 0) {
      return arrow::Status::IOError("Expected a position up to ", length_, " but received ",
                                    position);
    }
    return std::min(bytes, length_ - position);
  }

  const std::shared_ptr<OuterFile> outer_;
  const int64_t offset_;
  const int64_t length_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class WindowFile final : public PayloadFile {
 public:
  WindowFile(const Payload& payload, bool remote, std::shared_ptr<OuterFile> outer)
      : outer_(std::move(outer)),
        remote_(remote),
        length_(payload.length),
        file_(std::make_shared<Window>(outer_, payload.offset, payload.length)) {}

  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const override { return file_; }
  int64_t size() const override { return length_; }
  bool remote() const override { return remote_; }
  arrow::Status CheckUnchanged() const override {
    ARROW_ASSIGN_OR_RAISE(const auto outer, outer_->Get());
    return outer->CheckUnchanged();
  }
  void Suspend() override {
    // An object takes no descriptor, and opening it again takes requests.
    if (!remote_) outer_->Close();
  }

 private:
  const std::shared_ptr<OuterFile> outer_;
  const bool remote_;
  const int64_t length_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

class MemoryFile final : public PayloadFile {
 public:
  explicit MemoryFile(const std::shared_ptr<arrow::Buffer>& bytes)
      : size_(bytes->size()), file_(std::make_shared<arrow::io::BufferReader>(bytes)) {}

  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const override { return file_; }
  int64_t size() const override { return size_; }
  arrow::Status CheckUnchanged() const override { return arrow::Status::OK(); }
  void Suspend() override {}

 private:
  const int64_t size_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

}  // namespace

arrow::Result<std::shared_ptr<PayloadFile>> OpenPayloadFile(const Payload& payload,
                                                            std::shared_ptr<FileStore> store,
                                                            CancelToken cancel) {
  if (payload.bytes) {
    ARROW_RETURN_NOT_OK(CheckWindow(payload, payload.bytes->size()));
    return std::make_shared<MemoryFile>(
        arrow::SliceBuffer(payload.bytes, payload.offset, payload.length));
  }
  if (!store) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
  }
  auto outer = std::make_shared<OuterFile>(payload.path, std::move(store), std::move(cancel));
  ARROW_ASSIGN_OR_RAISE(const auto file, outer->Get());
  ARROW_RETURN_NOT_OK(CheckWindow(payload, file->size()));
  return std::make_shared<WindowFile>(payload, file->remote(), std::move(outer));
}

}  // namespace packed
