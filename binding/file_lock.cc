#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "arrow/util/io_util.h"

#include "call.h"
#include "handles.h"
#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

/// \brief An open file under flock(2).
///
/// The kernel ends the lock with the descriptor: at `Release`, when the handle is collected, when
/// its environment ends, and when the process does, however it does.
class FileLock {
 public:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  ~FileLock() { Release(); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  void Release() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

arrow::Status LockError(int errnum, const char* action, const std::string& path) {
  return WithContext(
      arrow::internal::IOErrorFromErrno(errnum, "Could not ", action, " '", path, "'"),
      ErrorCode::kStorageIO, {path, ""});
}

/// Null where somebody else has the lock. Close-on-exec: a child process does not inherit it.
arrow::Result<std::shared_ptr<FileLock>> Take(const std::string& path) {
  constexpr int kMode = 0644;
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return LockError(errno, "open", path);
  auto lock = std::make_shared<FileLock>(descriptor);
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return nullptr;
    if (errno != EINTR) return LockError(errno, "lock", path);
  }
  return lock;
}

}  // namespace

template <>
struct HandleKind<FileLock> {
  static constexpr const char* kName = "file lock";
  static constexpr napi_type_tag kTag{0x5ab1c07d3e9f4126, 0xa4d8f2736b1e90c5};
};

CallResult FileLockTake(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const std::string path, Read<std::string>(call[0], "path"));
  ARROW_ASSIGN_OR_RAISE(auto lock, Take(path));
  if (lock == nullptr) return call.env().Null();
  return MakeHandle(call.env(), std::move(lock));
}

CallResult FileLockRelease(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto lock, FromHandle<FileLock>(call[0]));
  lock->Release();
  return call.env().Undefined();
}

}  // namespace packed::binding
