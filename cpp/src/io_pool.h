#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace packed {

/// \brief Threads that wait for the network, apart from those of the Executor, which compute.
///
/// They come with the work, up to a bound, and go when there is none. Created on first use, never
/// destroyed; the exit of the process waits for none of them. A forked child has a pool of its own.
class IoPool {
 public:
  /// A task that was handed over, for Abandon.
  class Task;

  static IoPool& Shared();

  /// \brief Run `task`, which does not throw, on some thread of the pool; any thread may call.
  std::shared_ptr<Task> Spawn(std::function<void()> task);

  /// \brief Give up on a task: it never begins, or, where it has, its thread no longer counts
  /// towards the bound, so that calls that never come back do not stop the others.
  void Abandon(const std::shared_ptr<Task>& task);

  /// \brief While it lives, the calling thread waits for other tasks of the pool.
  ///
  /// A thread of the pool gives its place away meanwhile, so that tasks may wait for tasks.
  class Waiting {
   public:
    Waiting();
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
  };

  /// \brief Begin nothing more. Idempotent; what the queue holds is never run.
  void Stop();

  /// \brief Wait until no task runs, abandoned ones included; false when `most` passed before.
  bool WaitUntilIdle(std::chrono::milliseconds most);

 private:
  IoPool() = default;
};

}  // namespace packed
