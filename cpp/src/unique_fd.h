#pragma once

#include <unistd.h>

#include <utility>

namespace packed {

/// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Release();
    }
    return *this;
  }
  ~UniqueFd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

  /// \brief What close(2) answers: a network disk may report a failed write only here.
  int Close() { return valid() ? ::close(Release()) : 0; }

 private:
  int fd_ = -1;
};

}  // namespace packed
