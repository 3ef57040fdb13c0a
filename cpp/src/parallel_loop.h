#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "arrow/status.h"

namespace packed {

/// \brief Tasks 0 … count - 1 that several threads take, in this order.
///
/// After a failure the tasks not yet taken are skipped; the failure with the lowest index is the
/// outcome. Thread-safe; held by shared_ptr, as helpers may come late.
class ParallelLoop {
 public:
  /// Nobody calls `task` after Wait has returned: it may refer to the stack of the waiting thread.
  ParallelLoop(int count, const std::function<arrow::Status(int)>& task)
      : count_(count), task_(task), first_failure_(count) {}

  /// \brief Have up to `helpers` threads of the pool take tasks, too.
  static void Spawn(const std::shared_ptr<ParallelLoop>& loop, int helpers);

  /// \brief Take tasks until none is left; others may still run theirs.
  void Run();

  /// \brief Wait until every task has ended.
  arrow::Status Wait();

 private:
  const int count_;
  const std::function<arrow::Status(int)>& task_;

  std::mutex mutex_;
  std::condition_variable all_ended_;
  int next_ = 0;
  int ended_ = 0;
  int first_failure_;
  arrow::Status failure_;
};

}  // namespace packed
