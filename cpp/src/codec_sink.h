#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "packed/codec.h"

namespace packed {

/// \brief Where a codec writes: memory of the caller, or memory of its own that grows.
///
/// What does not fit the caller's memory is only counted, so that the error can say how much it
/// would take. One thread.
class CodecSink {
 public:
  /// `target` = the caller's memory, if any; `expected` = bytes that memory of its own begins
  /// with; beyond `most` bytes writing fails with kInvalidData.
  CodecSink(std::optional<ByteRoom> target, int64_t expected, int64_t most);

  /// \brief Where the next bytes go; never empty. Valid until the next call.
  arrow::Result<ByteRoom> Room();

  /// \brief One place for exactly `bytes` bytes; nothing where the caller's memory is too small.
  arrow::Result<std::optional<ByteRoom>> Whole(int64_t bytes);

  /// \brief Count what was written there.
  arrow::Status Wrote(int64_t bytes);

  /// \brief kInvalidArgument where the caller's memory was too small.
  arrow::Result<CodecOutput> Finish();

 private:
  arrow::Status Reserve(int64_t bytes);
  arrow::Status CheckLimit(int64_t bytes) const;
  ByteRoom Scratch();

  const std::optional<ByteRoom> target_;
  const int64_t expected_;
  const int64_t most_;
  int64_t size_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> own_;
  std::vector<uint8_t> scratch_;
};

}  // namespace packed
