#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"

namespace packed {

/// \brief The stream of a pending file as Parquet sees it: counts, and can be cut off.
///
/// Parquet's writers write a footer even when they are merely destroyed; after Mute that goes
/// nowhere. One thread at a time; `total` may be read by any thread.
class CountingSink final : public arrow::io::OutputStream {
 public:
  /// `stream` must live until Mute; `total` (all files of the writer) as long as the sink.
  CountingSink(arrow::io::OutputStream* stream, std::atomic<int64_t>* total);

  arrow::Status Write(const void* data, int64_t nbytes) override;
  using arrow::io::OutputStream::Write;
  arrow::Status Flush() override;
  /// The pending file closes its stream itself, when it is sealed.
  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }

  void Mute() { stream_ = nullptr; }

  /// \brief Footer of the finished file with its length and magic: what a reader has to fetch.
  int64_t FooterBytes() const;

 private:
  arrow::io::OutputStream* stream_;
  std::atomic<int64_t>* total_;
  int64_t position_ = 0;
  bool closed_ = false;
  std::array<uint8_t, 8> tail_{};
};

}  // namespace packed
