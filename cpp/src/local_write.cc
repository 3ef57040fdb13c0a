#include <fcntl.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "local_residue.h"
#include "local_store.h"
#include "local_stream.h"
#include "packed/error.h"
#include "unique_fd.h"

namespace packed {
namespace {

constexpr size_t kMostNameBytes = 255;

/// `.name.<pid>-<random>.<suffix>` beside `final_path`; long names are cut, not refused.
std::string HiddenSibling(const std::string& final_path, const char* suffix) {
  std::random_device random;
  char tail[64];
  std::snprintf(tail, sizeof(tail), ".%d-%08x%08x.%s", static_cast<int>(::getpid()), random(),
                random(), suffix);
  size_t slash = final_path.rfind('/');
  std::string name = "." + final_path.substr(slash + 1);
  name.resize(std::min(name.size(), kMostNameBytes - std::char_traits<char>::length(tail)));
  return final_path.substr(0, slash + 1) + name + tail;
}

/// rename(2) that leaves an existing target alone, in one call where the system has one.
int TryRenameNoReplace(const char* from, const char* to) {
#if defined(__APPLE__)
  return ::renamex_np(from, to, RENAME_EXCL);
#else
  // RENAME_NOREPLACE of <linux/fs.h>: musl comes without the headers of the kernel.
  constexpr unsigned kNoReplace = 1;
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, kNoReplace));
#endif
}

/// rename(2) that leaves an existing target alone. Zero or an errno.
int RenameNoReplace(const char* from, const char* to) {
  if (TryRenameNoReplace(from, to) == 0) return 0;
  if (errno != ENOSYS && errno != EINVAL && errno != ENOTSUP) return errno;
  // Old kernels and some file systems; link(2) refuses an existing target as well.
  if (::link(from, to) != 0) return errno;
  ::unlink(from);
  return 0;
}

class LocalPendingFile final : public PendingFile {
 public:
  LocalPendingFile(LocalPath path, IfExists if_exists)
      : path_(std::move(path)),
        directory_(path_.absolute.substr(0, std::max<size_t>(1, path_.absolute.rfind('/')))),
        if_exists_(if_exists),
        partial_(HiddenSibling(path_.absolute, "partial")) {}

  ~LocalPendingFile() override { Discard(); }

  arrow::Status Init() {
    ARROW_RETURN_NOT_OK(CheckTarget());
    ARROW_RETURN_NOT_OK(RegisterResidue(partial_));
    // Another file of the same new directory may be dropped, and the directory with it,
    // between our two steps.
    for (int attempt = 0; attempt < 3 && !fd_.valid(); ++attempt) {
      ARROW_RETURN_NOT_OK(MakeDirectories(directory_, path_));
      fd_ = UniqueFd(::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (!fd_.valid() && errno != ENOENT) break;
    }
    if (!fd_.valid()) return LocalError(errno, "create", path_);
    ARROW_ASSIGN_OR_RAISE(stream_, LocalStream::Make(fd_.get(), path_));
    return arrow::Status::OK();
  }

  arrow::io::OutputStream* stream() override { return stream_.get(); }

  arrow::Status Seal(bool fsync) override {
    if (state_ != State::kOpen) return WrongState("sealed");
    ARROW_RETURN_NOT_OK(stream_->Close());
    if (fsync && ::fsync(fd_.get()) != 0) return LocalError(errno, "force to disk", path_);
    struct stat state;
    if (::fstat(fd_.get(), &state) != 0) return LocalError(errno, "examine", path_);
    inode_ = state.st_ino;
    if (fd_.Close() != 0) return LocalError(errno, "close", path_);
    fsync_ = fsync;
    state_ = State::kSealed;
    return arrow::Status::OK();
  }

  arrow::Status Publish() override {
    if (state_ != State::kSealed) return WrongState("published");
    ARROW_RETURN_NOT_OK(if_exists_ == IfExists::kReplace ? Replace() : PublishNew());
    UnregisterResidue(partial_);
    state_ = State::kPublished;
    if (!fsync_) return arrow::Status::OK();
    arrow::Status synced = SyncDirectories(directory_, path_);
    if (!synced.ok()) static_cast<void>(Unpublish());
    return synced;
  }

  arrow::Status Unpublish() override {
    if (state_ != State::kPublished) return WrongState("taken back");
    struct stat state;
    bool ours = ::lstat(path_.absolute.c_str(), &state) == 0 && state.st_ino == inode_;
    // Whoever replaced or removed our file meanwhile has the last word on the path.
    if (ours && !backup_.empty()) {
      if (::rename(backup_.c_str(), path_.absolute.c_str()) != 0) {
        return LocalError(errno, "restore", path_);
      }
    } else if (ours && ::unlink(path_.absolute.c_str()) != 0) {
      return LocalError(errno, "remove", path_);
    }
    state_ = State::kSealed;
    Discard();
    return arrow::Status::OK();
  }

  void Discard() noexcept override {
    if (stream_ != nullptr) static_cast<void>(stream_->Abort());
    fd_.Close();
    DropBackup();
    if (state_ == State::kPublished) {
      KeepMadeDirectories(directory_);
    } else if (state_ != State::kGone) {
      ::unlink(partial_.c_str());
      UnregisterResidue(partial_);
      RemoveMadeDirectories(directory_);
    }
    state_ = State::kGone;
  }

 private:
  enum class State { kOpen, kSealed, kPublished, kGone };

  /// Fails early where Publish would fail late, after all the work.
  arrow::Status CheckTarget() const {
    struct stat state;
    if (::lstat(path_.absolute.c_str(), &state) != 0) {
      return errno == ENOENT ? arrow::Status::OK() : LocalError(errno, "create", path_);
    }
    if (S_ISDIR(state.st_mode) || (!S_ISREG(state.st_mode) && !S_ISLNK(state.st_mode))) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected a file for '" + path_.given + "' but received a " +
                           (S_ISDIR(state.st_mode) ? "directory" : "special file"),
                       {path_.given, ""});
    }
    return if_exists_ == IfExists::kReplace ? arrow::Status::OK() : Exists();
  }

  arrow::Status Exists() const {
    return MakeError(ErrorCode::kAlreadyExists,
                     "Expected no file at '" + path_.given + "' but received one that exists",
                     {path_.given, ""});
  }

  arrow::Status WrongState(const char* wish) const {
    return MakeError(ErrorCode::kClosed, std::string("The file cannot be ") + wish + " any more",
                     {path_.given, ""});
  }

  arrow::Status PublishNew() {
    int errnum = RenameNoReplace(partial_.c_str(), path_.absolute.c_str());
    if (errnum == EEXIST) return Exists();
    return errnum == 0 ? arrow::Status::OK() : LocalError(errnum, "publish", path_);
  }

  arrow::Status Replace() {
    const std::string backup = HiddenSibling(path_.absolute, "previous");
    const char* final_path = path_.absolute.c_str();
    ARROW_RETURN_NOT_OK(RegisterResidue(backup));
    // A link leaves no moment without a file at the path. Where links are not to be had, the
    // old file steps aside; until the new one stands, an exiting process must leave it alone.
    bool kept = ::link(final_path, backup.c_str()) == 0;
    bool moved = false;
    if (!kept && errno != ENOENT) {
      UnregisterResidue(backup);
      kept = moved = ::rename(final_path, backup.c_str()) == 0;
    }
    if (::rename(partial_.c_str(), final_path) != 0) {
      arrow::Status status = LocalError(errno, "publish", path_);
      if (moved) {
        ::rename(backup.c_str(), final_path);
      } else if (kept) {
        ::unlink(backup.c_str());
      }
      UnregisterResidue(backup);
      return status;
    }
    if (kept) backup_ = backup;
    if (moved) static_cast<void>(RegisterResidue(backup));
    if (!kept) UnregisterResidue(backup);
    return arrow::Status::OK();
  }

  void DropBackup() noexcept {
    if (backup_.empty()) return;
    ::unlink(backup_.c_str());
    UnregisterResidue(backup_);
    backup_.clear();
  }

  const LocalPath path_;
  const std::string directory_;
  const IfExists if_exists_;
  const std::string partial_;
  std::string backup_;
  UniqueFd fd_;
  std::unique_ptr<LocalStream> stream_;
  State state_ = State::kOpen;
  bool fsync_ = false;
  ino_t inode_ = 0;
};

}  // namespace

arrow::Result<std::unique_ptr<PendingFile>> CreateLocalFile(LocalPath path, IfExists if_exists) {
  auto file = std::make_unique<LocalPendingFile>(std::move(path), if_exists);
  ARROW_RETURN_NOT_OK(file->Init());
  return file;
}

}  // namespace packed
