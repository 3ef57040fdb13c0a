#include "strand.h"

#include <utility>

#include "packed/executor.h"

namespace packed::binding {

void Strand::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (busy_) return;
    busy_ = true;
  }
  Executor::Shared().Spawn([self = shared_from_this()] { self->RunNext(); });
}

/// One task per turn, so that many busy strands share the pool fairly.
void Strand::RunNext() {
  std::function<void()> task;
  {
    const std::lock_guard lock(mutex_);
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  task();
  task = nullptr;  // what it owned is gone before the next task of this strand starts
  const std::lock_guard lock(mutex_);
  if (tasks_.empty()) {
    busy_ = false;
    return;
  }
  Executor::Shared().Spawn([self = shared_from_this()] { self->RunNext(); });
}

}  // namespace packed::binding
