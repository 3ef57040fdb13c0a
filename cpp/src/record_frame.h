#pragma once

#include <cstdint>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "packed/cancel.h"

namespace packed {

/// \brief Whether bytes begin as a ZSTD frame does.
bool IsZstdFrame(const arrow::Buffer& bytes);

/// \brief `content` as one ZSTD frame that says its size and has a checksum.
arrow::Result<std::shared_ptr<arrow::Buffer>> MakeZstdFrame(const arrow::Buffer& content, int level,
                                                            const CancelToken& cancel);

/// \brief The content of bytes that are exactly one ZSTD frame.
///
/// Memory grows with what is really there, whatever the frame says of its size. kInvalidData for
/// more than `max_bytes`, kFileCorrupted for damage, a frame that is cut short and bytes behind it.
arrow::Result<std::shared_ptr<arrow::Buffer>> OpenZstdFrame(const arrow::Buffer& frame,
                                                            int64_t max_bytes,
                                                            const CancelToken& cancel);

}  // namespace packed
