#pragma once

#include <cstdint>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/result.h"

namespace packed {

/// \brief A ZSTD frame that holds `content` as it is, in raw blocks.
///
/// Every decoder of ZSTD takes it, at the speed of a copy. Content of at most 4 GiB - 1 bytes.
arrow::Result<std::shared_ptr<arrow::Buffer>> MakeRawFrame(const arrow::Buffer& content);

/// Size of that frame.
int64_t RawFrameBytes(int64_t content_bytes);

}  // namespace packed
