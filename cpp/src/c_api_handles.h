#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "arrow/result.h"

#include "packed/error.h"

namespace packed {

/// \brief Gives objects to C callers under numbers that are never used twice.
///
/// A handle is looked up, never dereferenced, so that a closed one is an error and not a crash,
/// and an object lives until the last call on it has ended. Thread-safe.
template <typename Object, typename Handle>
class HandleTable {
 public:
  /// `first` keeps the handles of several tables apart: all are `first` modulo `kStride`.
  HandleTable(uintptr_t first, const char* what) : next_(first), what_(what) {}

  Handle Add(std::shared_ptr<Object> object) {
    std::lock_guard lock(mutex_);
    uintptr_t number = next_;
    next_ += kStride;
    objects_.emplace(number, std::move(object));
    return reinterpret_cast<Handle>(number);
  }

  arrow::Result<std::shared_ptr<Object>> Get(Handle handle) {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    if (found == objects_.end()) return Refuse(handle);
    return found->second;
  }

  /// \brief Get and forget: of several callers exactly one succeeds.
  arrow::Result<std::shared_ptr<Object>> Take(Handle handle) {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    if (found == objects_.end()) return Refuse(handle);
    auto object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

 private:
  static constexpr uintptr_t kStride = 16;

  arrow::Status Refuse(Handle handle) const {
    const std::string expected = std::string("Expected an open ") + what_ + " but received ";
    if (handle == nullptr) return MakeError(ErrorCode::kInvalidArgument, expected + "null");
    return MakeError(ErrorCode::kClosed, expected + "a handle that is closed");
  }

  std::mutex mutex_;
  std::map<uintptr_t, std::shared_ptr<Object>> objects_;
  uintptr_t next_;
  const char* what_;
};

}  // namespace packed
