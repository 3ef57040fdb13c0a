#pragma once

#include <cstdint>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"

#include "upload_parts.h"
#include "upload_schedule.h"

namespace packed {

/// \brief Collects what is written in native memory and sends it part by part.
///
/// The first failure stays: every later call repeats it, so that a file with a hole in it can never
/// be sealed. One thread at a time; a write waits where too much is on its way.
class UploadStream final : public arrow::io::OutputStream {
 public:
  UploadStream(PartSchedule schedule, std::shared_ptr<UploadParts> parts);

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t nbytes) override;
  /// Parts are sent whole, so there is nothing to do.
  arrow::Status Flush() override { return CheckOpen(); }
  /// \brief Send the last part and wait for all; what is less than one part is kept.
  arrow::Status Close() override;
  /// \brief Drop what was not sent.
  arrow::Status Abort() override;
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }

  /// All that was written, where no part was sent. After Close.
  std::shared_ptr<arrow::Buffer> TakeContent();

 private:
  arrow::Status CheckOpen() const;
  arrow::Status Append(const uint8_t* data, int64_t nbytes);
  arrow::Status Reserve(int64_t bytes);
  arrow::Status SendPart();
  bool full() const { return filled_ == part_bytes_; }

  const PartSchedule schedule_;
  const std::shared_ptr<UploadParts> parts_;
  int number_ = 1;  ///< of the part that is being filled
  int64_t part_bytes_;
  std::shared_ptr<arrow::ResizableBuffer> part_;
  int64_t filled_ = 0;
  int64_t position_ = 0;
  bool closed_ = false;
  arrow::Status failure_;
};

}  // namespace packed
