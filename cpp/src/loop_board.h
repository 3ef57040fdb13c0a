#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "parallel_loop.h"

namespace packed {

/// \brief Where a thread shows the loop that it runs at the moment, for one that needs the outcome.
///
/// Work goes through several loops, one after the other. Whoever waits for its end takes part in
/// each: idle, it would keep the place of the pool's thread that was to help. Thread-safe.
class LoopBoard {
 public:
  /// \brief Show `loop`; null = there is nothing to take.
  void Show(std::shared_ptr<ParallelLoop> loop);

  /// \brief The work has ended: whoever helps or waits goes on. Once, and last.
  void End();

  bool ended() const { return ended_.load(std::memory_order_acquire); }

  /// \brief Take part in what is shown until the work has ended.
  void HelpUntilEnded();

  /// \brief Wait until the work has ended.
  void Wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<ParallelLoop> loop_;  ///< under mutex_
  std::atomic<bool> ended_{false};      ///< written under mutex_
};

}  // namespace packed
