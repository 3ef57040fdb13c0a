#include "io_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>

#include "io_thread.h"

namespace packed {

/// Guarded by the mutex of the pool.
class IoPool::Task {
 public:
  enum class Phase { kQueued, kRunning, kAbandoned, kEnded };

  explicit Task(std::function<void()> work) : work(std::move(work)) {}

  std::function<void()> work;
  Phase phase = Phase::kQueued;
  int waits = 0;  ///< of its thread for other tasks, one within the other
};

namespace {

using TaskRef = std::shared_ptr<IoPool::Task>;
using Phase = IoPool::Task::Phase;

/// Requests at once; a reader keeps a handful per file in flight.
constexpr int kMostThreads = 64;
constexpr std::chrono::seconds kIdleTime{10};

/// Leaked with its threads, and left behind by a forked child, which has none of them.
struct State {
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable none_running;
  std::deque<TaskRef> queue;
  int threads = 0;  ///< without those that an abandoned task keeps
  int idle = 0;
  int running = 0;
  bool stopped = false;
};

State*& CurrentState() {
  static State* state = new State();
  return state;
}

/// Of a thread of the pool: the task it runs.
thread_local IoPool::Task* current_task = nullptr;

/// The next task, or null when this thread has been idle for long enough.
TaskRef Take(State& state, std::unique_lock<std::mutex>& lock) {
  const auto deadline = std::chrono::steady_clock::now() + kIdleTime;
  ++state.idle;
  const bool found =
      state.wake.wait_until(lock, deadline, [&] { return !state.queue.empty() && !state.stopped; });
  --state.idle;
  if (!found) return nullptr;
  TaskRef task = std::move(state.queue.front());
  state.queue.pop_front();
  task->phase = Phase::kRunning;
  ++state.running;
  return task;
}

void Work(State& state) {
  std::unique_lock lock(state.mutex);
  while (TaskRef task = Take(state, lock)) {
    auto work = std::move(task->work);
    current_task = task.get();
    lock.unlock();
    work();
    work = nullptr;  // what it held goes before it counts as ended
    lock.lock();
    current_task = nullptr;
    if (--state.running == 0) state.none_running.notify_all();
    const bool replaced = task->phase == Phase::kAbandoned;
    task->phase = Phase::kEnded;
    if (replaced) return;
  }
  --state.threads;
}

bool StartThread(State& state) {
  if (!StartDetachedThread("packed-io", [&state] { Work(state); })) return false;
  ++state.threads;
  return true;
}

/// Gives the queue a thread, one that waits or a new one. False: there is none and can be none.
bool Serve(State& state) {
  if (state.idle >= static_cast<int>(state.queue.size())) {
    state.wake.notify_one();
    return true;
  }
  return state.threads >= kMostThreads || StartThread(state) || state.threads > 0;
}

}  // namespace

IoPool& IoPool::Shared() {
  static IoPool* pool = [] {
    CurrentState();
    std::atexit([] { Shared().Stop(); });
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the old one stays, see State.
    pthread_atfork(nullptr, nullptr, [] { CurrentState() = new State(); });
    return new IoPool();
  }();
  return *pool;
}

std::shared_ptr<IoPool::Task> IoPool::Spawn(std::function<void()> task) {
  State& state = *CurrentState();
  auto handed_over = std::make_shared<Task>(std::move(task));
  std::unique_lock lock(state.mutex);
  if (state.stopped) return handed_over;
  state.queue.push_back(handed_over);
  if (Serve(state)) return handed_over;
  // Not one thread is to be had: the work still has to be done, and the caller's is left.
  state.queue.pop_back();
  handed_over->phase = Phase::kEnded;
  auto work = std::move(handed_over->work);
  lock.unlock();
  work();
  return handed_over;
}

void IoPool::Abandon(const std::shared_ptr<Task>& task) {
  State& state = *CurrentState();
  std::function<void()> dropped;  // destroyed without the lock
  std::lock_guard lock(state.mutex);
  if (task->phase == Phase::kQueued) {
    std::erase(state.queue, task);
    task->phase = Phase::kEnded;
    dropped = std::move(task->work);
  } else if (task->phase == Phase::kRunning) {
    task->phase = Phase::kAbandoned;
    if (task->waits == 0) --state.threads;
    if (!state.queue.empty()) Serve(state);
  }
}

IoPool::Waiting::Waiting() {
  State& state = *CurrentState();
  std::lock_guard lock(state.mutex);
  if (current_task == nullptr || current_task->waits++ > 0) return;
  if (current_task->phase != Phase::kRunning) return;
  --state.threads;
  if (!state.queue.empty()) Serve(state);
}

IoPool::Waiting::~Waiting() {
  State& state = *CurrentState();
  std::lock_guard lock(state.mutex);
  if (current_task == nullptr || --current_task->waits > 0) return;
  if (current_task->phase == Phase::kRunning) ++state.threads;
}

void IoPool::Stop() {
  State& state = *CurrentState();
  std::lock_guard lock(state.mutex);
  state.stopped = true;
}

bool IoPool::WaitUntilIdle(std::chrono::milliseconds most) {
  State& state = *CurrentState();
  std::unique_lock lock(state.mutex);
  // Between two tasks nothing runs either; after Stop what is queued never will.
  return state.none_running.wait_for(
      lock, most, [&] { return state.running == 0 && (state.queue.empty() || state.stopped); });
}

}  // namespace packed
