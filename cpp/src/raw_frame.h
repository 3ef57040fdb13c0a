#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "packed/storage.h"

namespace packed {

/// \brief A ZSTD frame that holds `content` as it is, in raw blocks.
///
/// Every decoder of ZSTD takes it, at the speed of a copy. Content of at most 4 GiB - 1 bytes.
arrow::Result<std::shared_ptr<arrow::Buffer>> MakeRawFrame(const arrow::Buffer& content);

/// Size of that frame.
int64_t RawFrameBytes(int64_t content_bytes);

/// \brief Read the content of such a frame from a file to where it belongs, with no copy between.
///
/// False where the frame of `frame_bytes` bytes at `offset` is another one; what `content` then
/// holds means nothing.
arrow::Result<bool> ReadRawFrame(const ReadableFile& file, int64_t offset, int64_t frame_bytes,
                                 int64_t content_bytes, uint8_t* content);

/// Reads `size` bytes at `offset` of a file, or all of its bytes that are in memory.
using ReadBytes = std::function<arrow::Status(int64_t offset, int64_t size, uint8_t* out)>;

/// \brief Whether the frame of `frame_bytes` bytes at `offset` is such a one: every header is read,
/// and nothing else.
arrow::Result<bool> IsRawFrame(const ReadBytes& read, int64_t offset, int64_t frame_bytes,
                               int64_t content_bytes);

/// \brief Read `size` bytes of the content, from its byte `first`, of a frame that IsRawFrame has
/// found to be one.
arrow::Status ReadRawPart(const ReadBytes& read, int64_t offset, int64_t first, int64_t size,
                          uint8_t* out);

}  // namespace packed
