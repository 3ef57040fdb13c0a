#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"

#include "packed/storage.h"
#include "remote_filesystem.h"

namespace packed {

/// An object as its client knows it, and the name that the caller has for it.
struct RemoteObject {
  std::shared_ptr<RemoteFilesystem> filesystem;
  std::string key;
  std::string given;  ///< path, for messages
};

/// \brief Open an object for reading.
///
/// Where its size is known nothing is asked of the store before the first read; otherwise one
/// request tells the size. The first read that lies within the last `tail_bytes` brings all of
/// them, and those after it take them from memory. Reads across the end are short, reads that
/// start behind it fail with kInvalidArgument. Objects are taken as immutable while they are open;
/// one that ends before its size is kFileChanged.
arrow::Result<std::shared_ptr<ReadableFile>> OpenRemoteFile(RemoteObject object,
                                                            const ReadOptions& options);

}  // namespace packed
