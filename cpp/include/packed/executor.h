#pragma once

#include <functional>
#include <memory>

#include "arrow/status.h"

namespace packed {

/// \brief The one thread pool of the process for encoding, decoding and file access.
///
/// It is created on first use with one thread per core that the container may use, and is
/// never destroyed: threads may still run when static destructors do.
class Executor {
 public:
  static Executor& Shared();

  int thread_count() const;

  /// \brief Run `task`, which does not throw, on some thread of the pool.
  ///
  /// When the process exits, tasks that run are waited for (a few seconds at most), and those
  /// that have not begun never do.
  void Spawn(std::function<void()> task);

  /// \brief While it lives, the calling thread waits for something that needs no thread of the
  /// pool: the network, say.
  ///
  /// A thread of the pool gives its place away meanwhile, so that a store that does not answer
  /// keeps nobody else from computing; the exit of the process does not wait for it. Nothing on
  /// other threads.
  class Waiting {
   public:
    Waiting();
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
  };

  /// \brief End the work of the process: start nothing more, wait for what runs, as exit does.
  ///
  /// For a host that hears of the exit before exit(3): statics of Arrow that were made late are
  /// destroyed before the executor's own handler gets its turn. Idempotent.
  void Stop();

 private:
  Executor();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Threads that `concurrency` stands for: 0 or less, all of the executor.
int ThreadsFor(int concurrency);

/// \brief Run task(0) … task(count - 1) on the pool and on the calling thread; wait for all.
///
/// The caller takes tasks too, so calling this from a pool thread cannot dead-lock. At most
/// `concurrency` tasks run at once (0 means the pool's size). After a failure the tasks not
/// yet started are skipped; the failure with the lowest index is returned.
arrow::Status ParallelFor(int count, int concurrency,
                          const std::function<arrow::Status(int)>& task);

}  // namespace packed
