#include "remote_store.h"

#include <string>
#include <utility>

#include "packed/error.h"
#include "remote_file.h"
#include "remote_filesystem.h"
#include "remote_write.h"
#include "upload_budget.h"
#include "upload_file.h"

namespace packed {
namespace {

class RemoteStore : public FileStore {
 public:
  RemoteStore(StorageConfig config, std::shared_ptr<RemoteFilesystem> filesystem,
              std::shared_ptr<Uploader> uploader)
      : config_(std::move(config)),
        filesystem_(std::move(filesystem)),
        uploader_(std::move(uploader)),
        budget_(std::make_shared<UploadBudget>(config_.upload_bytes_in_flight)) {}

  bool remote() const override { return true; }

  arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                     IfExists if_exists) override {
    ARROW_ASSIGN_OR_RAISE(std::string key, RemoteKey(config_.root_path, path));
    if (uploader_ == nullptr) {
      return CreateRemoteFile({filesystem_, std::move(key), path}, if_exists);
    }
    UploadTarget target{std::move(key), if_exists == IfExists::kError};
    return CreateUploadFile(std::move(target), path, config_, uploader_, budget_);
  }

  arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                    const ReadOptions& options) override {
    if (options.mmap) {
      return MakeError(ErrorCode::kNotSupported,
                       "Expected mmap for local files only but received it for '" + path + "'",
                       {path, "mmap"});
    }
    ARROW_ASSIGN_OR_RAISE(std::string key, RemoteKey(config_.root_path, path));
    return OpenRemoteFile({filesystem_, std::move(key), path}, options);
  }

 private:
  const StorageConfig config_;
  const std::shared_ptr<RemoteFilesystem> filesystem_;
  const std::shared_ptr<Uploader> uploader_;
  const std::shared_ptr<UploadBudget> budget_;
};

}  // namespace

arrow::Result<std::shared_ptr<FileStore>> MakeRemoteStore(const StorageConfig& config,
                                                          std::shared_ptr<Uploader> uploader) {
  ARROW_ASSIGN_OR_RAISE(auto filesystem, RemoteFilesystem::Of(config));
  return std::make_shared<RemoteStore>(config, std::move(filesystem), std::move(uploader));
}

}  // namespace packed
