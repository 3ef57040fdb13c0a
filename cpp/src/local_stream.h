#pragma once

#include <memory>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"

#include "local_store.h"

namespace packed {

/// \brief Buffered writes to a descriptor that someone else owns and closes.
///
/// The first failure stays: every later call repeats it, so that a file with a hole in it can
/// never be sealed. One thread at a time.
class LocalStream : public arrow::io::OutputStream {
 public:
  static arrow::Result<std::unique_ptr<LocalStream>> Make(int fd, LocalPath path);

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t nbytes) override;
  arrow::Status Flush() override;
  arrow::Status Close() override;
  /// \brief Drop what is buffered.
  arrow::Status Abort() override;
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return written_ + buffered_; }

 private:
  LocalStream(int fd, LocalPath path, std::unique_ptr<arrow::Buffer> buffer);
  arrow::Status CheckOpen() const;
  arrow::Status WriteOut(const void* data, int64_t nbytes);

  const int fd_;
  const LocalPath path_;
  std::unique_ptr<arrow::Buffer> buffer_;
  int64_t buffered_ = 0;
  int64_t written_ = 0;
  bool closed_ = false;
  arrow::Status failure_;
};

}  // namespace packed
