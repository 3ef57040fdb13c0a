#include "packed/storage.h"

#include "local_store.h"
#include "packed/error.h"

namespace packed {

arrow::Result<std::shared_ptr<FileStore>> FileStore::Make(const StorageConfig& config,
                                                                std::shared_ptr<Uploader> uploader) {
  if (config.storage_type != "local") {
    return MakeError(ErrorCode::kNotSupported,
                     "Expected 'local' for storageType but received '" + config.storage_type + "'");
  }
  return MakeLocalStore(config.root_path);
}

}  // namespace packed
