#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace packed {

/// \brief Bound on the bytes that the files of one writer have on their way to a store.
///
/// Whoever asks for more waits, in the order of asking, until enough parts were answered. One part
/// is always allowed, however large it is. Thread-safe.
class UploadBudget {
 public:
  explicit UploadBudget(int64_t bytes) : bound_(bytes) {}

  /// \brief Wait for room and take it. Only what is on its way is waited for.
  void Acquire(int64_t bytes);

  void Release(int64_t bytes);

 private:
  const int64_t bound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t in_flight_ = 0;
  uint64_t next_turn_ = 0;  ///< of whoever asks next: large parts are not overtaken for ever
  uint64_t turn_ = 0;
};

}  // namespace packed
