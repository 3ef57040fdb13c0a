#include "parallel_loop.h"

#include <utility>

#include "catch.h"
#include "packed/executor.h"

namespace packed {

void ParallelLoop::Spawn(const std::shared_ptr<ParallelLoop>& loop, int helpers) {
  for (int i = 0; i < helpers; ++i) {
    Executor::Shared().Spawn([loop] { loop->Run(); });
  }
}

void ParallelLoop::Run() {
  std::unique_lock lock(mutex_);
  while (next_ < count_) {
    const int index = next_++;
    // Indices are taken in order, so whatever lies below a failure has been taken: skipping
    // only above it makes the reported failure the same on every run.
    if (index < first_failure_) {
      lock.unlock();
      arrow::Status status = CatchAll([&] { return task_(index); });
      lock.lock();
      if (!status.ok() && index < first_failure_) {
        first_failure_ = index;
        failure_ = std::move(status);
      }
    }
    if (++ended_ == count_) all_ended_.notify_all();
  }
}

arrow::Status ParallelLoop::Wait() {
  std::unique_lock lock(mutex_);
  all_ended_.wait(lock, [this] { return ended_ == count_; });
  return failure_;
}

}  // namespace packed
