#include "local_residue.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "packed/error.h"
#include "unique_fd.h"

namespace packed {
namespace {

/// What must not outlive the process. Leaked, because threads of the pool may still write when
/// static destructors run.
struct Residue {
  std::mutex mutex;
  /// By path, with the process that made it: a forked child inherits the record but owns
  /// nothing of its parent's.
  std::map<std::string, pid_t> files;
  std::map<std::string, pid_t> directories;
  bool exiting = false;

  static Residue& Get() {
    static Residue* residue = [] {
      std::atexit([] { Get().CleanUp(); });
      return new Residue();
    }();
    return *residue;
  }

  void CleanUp() {
    const pid_t self = ::getpid();
    std::lock_guard lock(mutex);
    exiting = true;
    for (const auto& [file, owner] : files) {
      if (owner == self) ::unlink(file.c_str());
    }
    // Children sort after their parents.
    for (auto it = directories.rbegin(); it != directories.rend(); ++it) {
      if (it->second == self) ::rmdir(it->first.c_str());
    }
  }
};

std::string ParentOf(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

arrow::Status MakeDirectories(const std::string& path, const LocalPath& file) {
  std::vector<std::string> missing;
  struct stat state;
  for (std::string at = path; ::stat(at.c_str(), &state) != 0; at = ParentOf(at)) {
    if (errno != ENOENT) return LocalError(errno, "make the directory of", file);
    missing.push_back(at);
  }
  Residue& residue = Residue::Get();
  std::lock_guard lock(residue.mutex);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (::mkdir(at->c_str(), 0777) == 0) {
      residue.directories.emplace(*at, ::getpid());
    } else if (errno != EEXIST) {
      return LocalError(errno, "make the directory of", file);
    }
  }
  return arrow::Status::OK();
}

void RemoveMadeDirectories(const std::string& path) noexcept {
  Residue& residue = Residue::Get();
  std::lock_guard lock(residue.mutex);
  for (std::string at = path; residue.directories.contains(at); at = ParentOf(at)) {
    if (::rmdir(at.c_str()) != 0 && errno != ENOENT) return;
    residue.directories.erase(at);
  }
}

void KeepMadeDirectories(const std::string& path) noexcept {
  Residue& residue = Residue::Get();
  std::lock_guard lock(residue.mutex);
  for (std::string at = path; residue.directories.erase(at) > 0; at = ParentOf(at)) {
  }
}

arrow::Status SyncDirectories(const std::string& path, const LocalPath& file) {
  Residue& residue = Residue::Get();
  for (std::string at = path;; at = ParentOf(at)) {
    UniqueFd fd(::open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0) {
      return LocalError(errno, "force to disk the directory of", file);
    }
    std::lock_guard lock(residue.mutex);
    if (!residue.directories.contains(at)) return arrow::Status::OK();
  }
}

arrow::Status RegisterResidue(const std::string& path) {
  Residue& residue = Residue::Get();
  std::lock_guard lock(residue.mutex);
  if (residue.exiting) return MakeError(ErrorCode::kAborted, "The process is exiting");
  residue.files.emplace(path, ::getpid());
  return arrow::Status::OK();
}

void UnregisterResidue(const std::string& path) noexcept {
  Residue& residue = Residue::Get();
  std::lock_guard lock(residue.mutex);
  residue.files.erase(path);
}

void RemoveResidue() noexcept { Residue::Get().CleanUp(); }

}  // namespace packed
