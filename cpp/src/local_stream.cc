#include "local_stream.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

constexpr int64_t kBufferBytes = 256 << 10;

}  // namespace

arrow::Result<std::unique_ptr<LocalStream>> LocalStream::Make(int fd, LocalPath path) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(kBufferBytes, Pool()));
  return std::unique_ptr<LocalStream>(new LocalStream(fd, std::move(path), std::move(buffer)));
}

LocalStream::LocalStream(int fd, LocalPath path, std::unique_ptr<arrow::Buffer> buffer)
    : fd_(fd), path_(std::move(path)), buffer_(std::move(buffer)) {}

arrow::Status LocalStream::CheckOpen() const {
  ARROW_RETURN_NOT_OK(failure_);
  if (!closed_) return arrow::Status::OK();
  return MakeError(ErrorCode::kClosed, "The file is closed", {path_.given, ""});
}

arrow::Status LocalStream::Write(const void* data, int64_t nbytes) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  if (buffered_ + nbytes > kBufferBytes) ARROW_RETURN_NOT_OK(Flush());
  if (nbytes >= kBufferBytes) return WriteOut(data, nbytes);
  if (nbytes > 0) std::memcpy(buffer_->mutable_data() + buffered_, data, nbytes);
  buffered_ += nbytes;
  return arrow::Status::OK();
}

arrow::Status LocalStream::Flush() {
  ARROW_RETURN_NOT_OK(CheckOpen());
  return WriteOut(buffer_->data(), std::exchange(buffered_, 0));
}

arrow::Status LocalStream::Close() {
  if (closed_) return failure_;
  arrow::Status flushed = Flush();
  static_cast<void>(Abort());
  return flushed;
}

arrow::Status LocalStream::Abort() {
  closed_ = true;
  buffered_ = 0;
  buffer_.reset();
  return arrow::Status::OK();
}

arrow::Status LocalStream::WriteOut(const void* data, int64_t nbytes) {
  auto* bytes = static_cast<const char*>(data);
  while (nbytes > 0) {
    ssize_t count = ::write(fd_, bytes, nbytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure_ = LocalError(errno, "write", path_);
    bytes += count;
    nbytes -= count;
    written_ += count;
  }
  return arrow::Status::OK();
}

}  // namespace packed
