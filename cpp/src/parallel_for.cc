#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "catch.h"
#include "packed/executor.h"

namespace packed {
namespace {

/// What the threads of one loop share. Helpers that start late find no index left and never
/// touch `task`, which lives on the caller's stack only until every index has ended.
struct Loop {
  Loop(int count, const std::function<arrow::Status(int)>& task)
      : count(count), task(task), first_failure(count) {}

  const int count;
  const std::function<arrow::Status(int)>& task;

  std::mutex mutex;
  std::condition_variable all_ended;
  int next = 0;
  int ended = 0;
  int first_failure;
  arrow::Status failure;

  void Run() {
    std::unique_lock lock(mutex);
    while (next < count) {
      int index = next++;
      // Indices are taken in order, so whatever lies below a failure has been taken: skipping
      // only above it makes the reported failure the same on every run.
      if (index < first_failure) {
        lock.unlock();
        arrow::Status status = CatchAll([&] { return task(index); });
        lock.lock();
        if (!status.ok() && index < first_failure) {
          first_failure = index;
          failure = std::move(status);
        }
      }
      if (++ended == count) all_ended.notify_all();
    }
  }

  arrow::Status Wait() {
    std::unique_lock lock(mutex);
    all_ended.wait(lock, [this] { return ended == count; });
    return failure;
  }
};

}  // namespace

arrow::Status ParallelFor(int count, int concurrency,
                          const std::function<arrow::Status(int)>& task) {
  if (count <= 0) return arrow::Status::OK();
  auto loop = std::make_shared<Loop>(count, task);
  Executor& executor = Executor::Shared();
  int threads = concurrency > 0 ? concurrency : executor.thread_count();
  for (int helper = 1; helper < std::min(threads, count); ++helper) {
    executor.Spawn([loop] { loop->Run(); });
  }
  loop->Run();
  return loop->Wait();
}

}  // namespace packed
