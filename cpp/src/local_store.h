#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"

#include "packed/storage.h"

namespace packed {

/// \brief Files of the local disk; relative paths start from `root_path` ("" = working directory).
arrow::Result<std::shared_ptr<FileStore>> MakeLocalStore(const std::string& root_path);

/// A path as the caller wrote it (for messages) and as the system calls get it.
struct LocalPath {
  std::string given;
  std::string absolute;
};

arrow::Result<std::unique_ptr<PendingFile>> CreateLocalFile(LocalPath path, IfExists if_exists);

arrow::Result<std::shared_ptr<ReadableFile>> OpenLocalFile(const LocalPath& path,
                                                           const ReadOptions& options);

/// \brief A status for the failed call on `path` that left `errnum` behind.
arrow::Status LocalError(int errnum, const std::string& action, const LocalPath& path);

}  // namespace packed
