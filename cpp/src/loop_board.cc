#include "loop_board.h"

#include <utility>

namespace packed {

void LoopBoard::Show(std::shared_ptr<ParallelLoop> loop) {
  const std::lock_guard lock(mutex_);
  loop_ = std::move(loop);
  if (loop_) changed_.notify_all();
}

void LoopBoard::End() {
  // Notified under the lock: who waits may take the board down as soon as it has the lock.
  const std::lock_guard lock(mutex_);
  ended_.store(true, std::memory_order_release);
  changed_.notify_all();
}

void LoopBoard::HelpUntilEnded() {
  std::shared_ptr<ParallelLoop> helped;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ended() || (loop_ && loop_ != helped); });
    if (ended()) return;
    helped = loop_;
    lock.unlock();
    helped->Run();
    lock.lock();
  }
}

void LoopBoard::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended(); });
}

}  // namespace packed
