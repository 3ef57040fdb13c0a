#include "packed/storage.h"

#include <utility>

#include "local_store.h"
#include "packed/uploader.h"
#include "remote_store.h"

namespace packed {

arrow::Result<std::shared_ptr<FileStore>> FileStore::Make(const StorageConfig& config,
                                                          std::shared_ptr<Uploader> uploader) {
  if (config.storage_type == "local") return MakeLocalStore(config.root_path);
  return MakeRemoteStore(config, std::move(uploader));
}

}  // namespace packed
