#include "upload_budget.h"

namespace packed {

void UploadBudget::Acquire(int64_t bytes) {
  std::unique_lock lock(mutex_);
  const uint64_t mine = next_turn_++;
  changed_.wait(lock,
                [&] { return turn_ == mine && (in_flight_ == 0 || in_flight_ + bytes <= bound_); });
  in_flight_ += bytes;
  ++turn_;
  changed_.notify_all();
}

void UploadBudget::Release(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  in_flight_ -= bytes;
  changed_.notify_all();
}

}  // namespace packed
