#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/io/file.h"
#include "arrow/io/memory.h"

#include "local_store.h"
#include "packed/error.h"
#include "packed/mapping.h"
#include "packed/memory.h"
#include "platform.h"
#include "unique_fd.h"

namespace packed {
namespace {

/// A private mapping: JavaScript may write into memory it was lent without a crash and without
/// reaching the file. Every slice of it keeps it mapped.
class Mapping : public arrow::Buffer {
 public:
  static arrow::Result<std::shared_ptr<arrow::Buffer>> Make(int fd, int64_t size,
                                                            const LocalPath& path) {
    // mmap refuses a length of zero.
    if (size == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
    void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (start == MAP_FAILED) return LocalError(errno, "map", path);
    return std::shared_ptr<arrow::Buffer>(new Mapping(start, size));
  }

  ~Mapping() override { ::munmap(start_, size()); }

 private:
  Mapping(void* start, int64_t size)
      : arrow::Buffer(static_cast<const uint8_t*>(start), size), start_(start) {}

  void* start_;
};

std::shared_ptr<arrow::Buffer> RootOf(std::shared_ptr<arrow::Buffer> buffer) {
  while (buffer && buffer->parent()) buffer = buffer->parent();
  return buffer;
}

/// Parts of one system call: what Linux takes.
constexpr size_t kMostParts = 1024;

class LocalReadableFile : public ReadableFile {
 public:
  LocalReadableFile(LocalPath path, struct stat opened) : path_(std::move(path)), opened_(opened) {}

  arrow::Status Init(UniqueFd fd, bool mmap) {
    if (mmap) {
      ARROW_ASSIGN_OR_RAISE(mapping_, Mapping::Make(fd.get(), opened_.st_size, path_));
      file_ = std::make_shared<arrow::io::BufferReader>(mapping_);
      // Stays open for CheckUnchanged; a mapping alone cannot be asked for its file's state.
      mapped_ = std::move(fd);
      descriptor_ = mapped_.get();
      return arrow::Status::OK();
    }
    descriptor_ = fd.get();
    ARROW_ASSIGN_OR_RAISE(file_, arrow::io::ReadableFile::Open(fd.Release(), Pool()));
    return arrow::Status::OK();
  }

  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const override { return file_; }
  int64_t size() const override { return opened_.st_size; }
  std::shared_ptr<arrow::Buffer> mapping() const override { return mapping_; }
  std::string version() const override {
    const timespec modified = ModifiedAt(opened_);
    std::string version;
    for (const int64_t part :
         {static_cast<int64_t>(opened_.st_dev), static_cast<int64_t>(opened_.st_ino),
          static_cast<int64_t>(opened_.st_size), static_cast<int64_t>(modified.tv_sec),
          static_cast<int64_t>(modified.tv_nsec)}) {
      version += std::to_string(part) + "/";
    }
    return version;
  }

  arrow::Status ReadScattered(int64_t offset,
                              const std::vector<std::span<uint8_t>>& places) const override {
    // What a call leaves undone, for whatever reason, is done anew by calls that say the reason.
    if (file_->closed() || places.size() > kMostParts) {
      return ReadableFile::ReadScattered(offset, places);
    }
    std::vector<iovec> parts;
    parts.reserve(places.size());
    int64_t bytes = 0;
    for (const auto& place : places) {
      parts.push_back({place.data(), place.size()});
      bytes += static_cast<int64_t>(place.size());
    }
    const auto count = static_cast<int>(parts.size());
    if (::preadv(descriptor_, parts.data(), count, offset) == bytes) return arrow::Status::OK();
    return ReadableFile::ReadScattered(offset, places);
  }

  arrow::Status CheckUnchanged() const override {
    struct stat now;
    // A closed reader has given its descriptor back, and the number may be another file's.
    if (file_->closed()) {
      return MakeError(ErrorCode::kClosed, "The file is closed", {path_.given, ""});
    }
    if (::fstat(descriptor_, &now) != 0) return LocalError(errno, "examine", path_);
    if (now.st_size != opened_.st_size) {
      return Changed("size " + std::to_string(opened_.st_size), std::to_string(now.st_size));
    }
    const timespec before = ModifiedAt(opened_);
    const timespec after = ModifiedAt(now);
    if (after.tv_sec != before.tv_sec || after.tv_nsec != before.tv_nsec) {
      return Changed("the modification time it was opened with", "a later one");
    }
    // An unlinked file is still whole for those who have it open; a replaced one is too, but
    // its path now names other data than the files it is joined with.
    if (::stat(path_.absolute.c_str(), &now) == 0 &&
        (now.st_ino != opened_.st_ino || now.st_dev != opened_.st_dev)) {
      return Changed("the file it was opened as", "another file");
    }
    return arrow::Status::OK();
  }

 private:
  arrow::Status Changed(const std::string& expected, const std::string& received) const {
    return MakeError(ErrorCode::kFileChanged,
                     "Expected " + expected + " for '" + path_.given + "' but received " + received,
                     {path_.given, ""});
  }

  LocalPath path_;
  struct stat opened_;
  UniqueFd mapped_;
  std::shared_ptr<arrow::Buffer> mapping_;
  int descriptor_ = -1;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

}  // namespace

std::shared_ptr<arrow::Buffer> MappingOf(const std::shared_ptr<arrow::Buffer>& buffer) {
  auto root = RootOf(buffer);
  return dynamic_cast<Mapping*>(root.get()) != nullptr ? root : nullptr;
}

arrow::Result<std::shared_ptr<ReadableFile>> OpenLocalFile(const LocalPath& path,
                                                           const ReadOptions& options) {
  // O_NONBLOCK: opening a FIFO would otherwise wait for a writer. Regular files ignore it.
  UniqueFd fd(::open(path.absolute.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return LocalError(errno, "open", path);
  struct stat opened;
  if (::fstat(fd.get(), &opened) != 0) return LocalError(errno, "examine", path);
  if (!S_ISREG(opened.st_mode)) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a file for '" + path.given + "' but received a " +
                         (S_ISDIR(opened.st_mode) ? "directory" : "special file"),
                     {path.given, ""});
  }
  auto file = std::make_shared<LocalReadableFile>(path, opened);
  ARROW_RETURN_NOT_OK(file->Init(std::move(fd), options.mmap));
  return file;
}

}  // namespace packed
