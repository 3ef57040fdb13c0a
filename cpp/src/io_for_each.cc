#include "io_for_each.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "catch.h"
#include "io_pool.h"
#include "packed/executor.h"

namespace packed {
namespace {

/// Tasks at a time; a store answers so many without throttling.
constexpr int kMostRunners = 16;
/// A cancel token wakes nobody who waits.
constexpr std::chrono::milliseconds kCancelInterval{50};

struct Loop {
  std::function<arrow::Status(int)> task;
  int count = 0;

  std::mutex mutex;
  std::condition_variable changed;
  int next = 0;
  int ended = 0;
  int first_failure = 0;
  arrow::Status failure;

  /// Indices are taken in order: what is skipped lies above the failure that is returned.
  void Run() {
    std::unique_lock lock(mutex);
    while (next < count) {
      const int index = next++;
      if (index < first_failure) {
        lock.unlock();
        arrow::Status status = CatchAll([&] { return task(index); });
        lock.lock();
        if (!status.ok() && index < first_failure) {
          first_failure = index;
          failure = std::move(status);
        }
      }
      if (++ended == count) changed.notify_all();
    }
  }
};

}  // namespace

arrow::Status IoForEach(int count, const CancelToken& cancel,
                        std::function<arrow::Status(int)> task) {
  auto loop = std::make_shared<Loop>();
  loop->task = std::move(task);
  loop->count = loop->first_failure = count;
  for (int runner = 0; runner < std::min(count, kMostRunners); ++runner) {
    IoPool::Shared().Spawn([loop] { loop->Run(); });
  }
  const Executor::Waiting waiting;
  std::unique_lock lock(loop->mutex);
  while (loop->ended < count) {
    if (const arrow::Status aborted = cancel.Check(); !aborted.ok()) {
      loop->next = count;  // what was not begun never is
      return aborted;
    }
    loop->changed.wait_for(lock, kCancelInterval);
  }
  return loop->failure;
}

}  // namespace packed
