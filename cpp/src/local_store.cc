#include "local_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "arrow/util/io_util.h"

#include "catch.h"
#include "packed/error.h"

namespace packed {
namespace {

class LocalStore : public FileStore {
 public:
  explicit LocalStore(std::string root) : root_(std::move(root)) {}

  arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                     IfExists if_exists) override {
    return CatchAll([&]() -> arrow::Result<std::unique_ptr<PendingFile>> {
      ARROW_ASSIGN_OR_RAISE(LocalPath local, Resolve(path));
      return CreateLocalFile(std::move(local), if_exists);
    });
  }

  arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                    const ReadOptions& options) override {
    return CatchAll([&]() -> arrow::Result<std::shared_ptr<ReadableFile>> {
      ARROW_ASSIGN_OR_RAISE(LocalPath local, Resolve(path));
      return OpenLocalFile(local, options);
    });
  }

 private:
  /// Made absolute at once: the working directory may change before a file is published.
  arrow::Result<LocalPath> Resolve(const std::string& path) const {
    if (path.empty()) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected the path of a file but received an empty string");
    }
    if (path.find('\0') != std::string::npos) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected a path without NUL bytes but received '" +
                           path.substr(0, path.find('\0')) + "\\0…'");
    }
    std::error_code error;
    auto absolute = std::filesystem::absolute(std::filesystem::path(root_) / path, error);
    if (error) return LocalError(error.value(), "resolve", {path, path});
    const std::string name = absolute.filename().string();
    if (name.empty() || name == "." || name == "..") {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected the path of a file but received a directory", {path, ""});
    }
    // "link/../x" is not "x" where `link` leads elsewhere: such a path is the system's to solve.
    bool climbs = std::find(absolute.begin(), absolute.end(), "..") != absolute.end();
    if (!climbs) absolute = absolute.lexically_normal();
    return LocalPath{path, absolute.string()};
  }

  std::string root_;
};

}  // namespace

arrow::Result<std::shared_ptr<FileStore>> MakeLocalStore(const std::string& root_path) {
  if (root_path.find('\0') != std::string::npos) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected a rootPath without NUL bytes");
  }
  return std::make_shared<LocalStore>(root_path);
}

arrow::Status LocalError(int errnum, const std::string& action, const LocalPath& path) {
  return WithContext(
      arrow::internal::IOErrorFromErrno(errnum, "Could not ", action, " '", path.given, "'"),
      ErrorCode::kStorageIO, {path.given, ""});
}

}  // namespace packed
