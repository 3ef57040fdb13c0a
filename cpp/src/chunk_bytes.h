#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "packed/storage.h"
#include "raw_frame.h"

namespace packed {

/// \brief The bytes of a file for those who read pages: of its mapping where there is one, of a
/// part that was loaded, or of the file itself. One thread; the file outlives it.
class ChunkBytes {
 public:
  explicit ChunkBytes(const ReadableFile& file) : file_(file), mapping_(file.mapping()) {}

  /// The file's mapping; null where it is read.
  const std::shared_ptr<arrow::Buffer>& mapping() const { return mapping_; }

  /// \brief Load a part at once, for reads within it.
  arrow::Status Load(int64_t offset, int64_t size);

  /// \brief The bytes in memory, until the next Load or Get; null where they have to be read.
  const uint8_t* View(int64_t offset, int64_t size) const;

  /// \brief The bytes, read if need be; valid until the next Load or Get.
  arrow::Result<std::span<const uint8_t>> Get(int64_t offset, int64_t size);

  /// \brief Read the content of a frame of raw blocks into memory of the caller. False where it is
  /// another frame, or in memory anyhow.
  arrow::Result<bool> ReadRaw(int64_t offset, int64_t frame_bytes, int64_t content_bytes,
                              uint8_t* out) const;

  /// \brief Whether what is there is a frame of raw blocks with so much content.
  arrow::Result<bool> IsRaw(int64_t offset, int64_t frame_bytes, int64_t content_bytes) const;

  /// \brief Read a part of the content of such a frame into memory of the caller.
  arrow::Status ReadRawPart(int64_t offset, int64_t first, int64_t size, uint8_t* out) const;

  /// \brief Read into memory of the caller.
  arrow::Status Read(int64_t offset, int64_t size, uint8_t* out) const;

 private:
  arrow::Status CheckRange(int64_t offset, int64_t size) const;
  ReadBytes Reading() const;

  const ReadableFile& file_;
  const std::shared_ptr<arrow::Buffer> mapping_;
  std::shared_ptr<arrow::Buffer> loaded_;
  int64_t loaded_offset_ = 0;
  std::shared_ptr<arrow::Buffer> scratch_;
};

}  // namespace packed
