#pragma once

#include <memory>

#include "arrow/result.h"

#include "packed/storage.h"
#include "packed/uploader.h"

namespace packed {

/// \brief Objects of a bucket as files; paths start from `config.root_path`.
///
/// Nothing is loaded or asked before the first file.
arrow::Result<std::shared_ptr<FileStore>> MakeRemoteStore(const StorageConfig& config,
                                                          std::shared_ptr<Uploader> uploader);

}  // namespace packed
