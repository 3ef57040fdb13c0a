#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"

#include "remote_filesystem.h"

namespace packed {

/// What a store says of an object.
struct RemoteState {
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  int64_t size = 0;
  std::string version;
};

/// \brief Ask for an object's size. One attempt: blocks.
arrow::Result<std::shared_ptr<RemoteState>> ReadState(RemoteFilesystem& filesystem,
                                                      const std::string& key);

/// \brief Arrow's file over an object of known size; S3 and Azure ask nothing of the store for it.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenSized(RemoteFilesystem& filesystem,
                                                                      const std::string& key,
                                                                      int64_t size);

/// \brief Read [position, position + bytes) of `file`, all of it or not. One attempt: blocks.
///
/// The status has the store's own words even where Arrow has lost them.
arrow::Result<std::shared_ptr<arrow::Buffer>> ReadRange(RemoteFilesystem& filesystem,
                                                        const std::string& key,
                                                        arrow::io::RandomAccessFile& file,
                                                        int64_t position, int64_t bytes);

}  // namespace packed
