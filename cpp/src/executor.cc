#include "packed/executor.h"

#if defined(__APPLE__)
#include <dlfcn.h>
#endif
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "cpu_count.h"
#include "platform.h"

namespace packed {
namespace {

constexpr int kMaxThreads = 1024;
/// Threads that give their place away; more than these keep it.
constexpr int kMostWaiting = 64;
constexpr std::chrono::seconds kMostExitWait{5};

int CountThreads() {
  if (const char* text = std::getenv("ARROW_PACKED_THREADS")) {
    int count = 0;
    const char* end = text + std::strlen(text);
    auto [stop, error] = std::from_chars(text, end, count);
    if (error == std::errc() && stop == end && count > 0 && count <= kMaxThreads) return count;
  }
  return AvailableCores();
}

int ThreadCount() {
  static const int count = CountThreads();
  return count;
}

thread_local bool on_pool_thread = false;

/// Threads of the pool outlive a dlclose of the library. GNU's linker has `-z nodelete` for that
/// (CMakeLists.txt), Apple's has nothing.
void StayLoaded() {
#if defined(__APPLE__)
  Dl_info info;
  if (::dladdr(reinterpret_cast<const void*>(&StayLoaded), &info) == 0) return;
  ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

}  // namespace

/// Not Arrow's pool: its threads touch statics of libarrow between tasks, and crash when they
/// do so while the process takes these statics down.
struct Executor::Impl {
  /// Leaked with its threads, and left behind by a forked child, which has none of them.
  struct State {
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable none_running;
    std::deque<std::function<void()>> queue;
    int threads = 0;
    int idle = 0;
    int running = 0;
    int waiting = 0;  ///< of those that run
    bool stopped = false;

    int most_threads() const { return ThreadCount() + std::min(waiting, kMostWaiting); }
    bool too_many() const { return threads > most_threads(); }
    bool at_rest() const { return running == waiting; }
  };

  State* state = new State();

  void Push(std::function<void()> task) {
    std::unique_lock lock(state->mutex);
    if (state->stopped) return;
    state->queue.push_back(std::move(task));
    if (state->idle >= static_cast<int>(state->queue.size())) {
      state->wake.notify_one();
      return;
    }
    if (state->threads >= state->most_threads() || StartThread() || state->threads > 0) return;
    // Not one thread is to be had: the work still has to be done, and this one is left.
    task = std::move(state->queue.back());
    state->queue.pop_back();
    lock.unlock();
    task();
  }

  bool StartThread() {
    try {
      std::thread([state = state] { Work(*state); }).detach();
      ++state->threads;
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  static void Work(State& state) {
    on_pool_thread = true;
    NameThisThread("packed");
    std::unique_lock lock(state.mutex);
    while (true) {
      ++state.idle;
      state.wake.wait(lock,
                      [&] { return state.too_many() || (!state.queue.empty() && !state.stopped); });
      --state.idle;
      if (state.too_many()) {
        --state.threads;
        if (!state.queue.empty()) state.wake.notify_one();  // the call may have been for a task
        return;
      }
      auto task = std::move(state.queue.front());
      state.queue.pop_front();
      ++state.running;
      lock.unlock();
      task();
      task = nullptr;  // what it held goes before it counts as ended
      lock.lock();
      --state.running;
      if (state.at_rest()) state.none_running.notify_all();
    }
  }

  /// Runs in exit(3), while libarrow's statics are still alive: what runs may end, bounded in
  /// time; what is queued never begins.
  void Stop() {
    std::unique_lock lock(state->mutex);
    state->stopped = true;
    if (on_pool_thread) return;
    state->none_running.wait_for(lock, kMostExitWait, [this] { return state->at_rest(); });
  }

  /// A thread of the pool begins to wait (1) or goes on (-1).
  void Wait(int change) {
    const std::lock_guard lock(state->mutex);
    state->waiting += change;
    if (state->at_rest()) state->none_running.notify_all();
    if (change < 0) {
      if (state->too_many()) state->wake.notify_one();
    } else if (!state->stopped && state->idle < static_cast<int>(state->queue.size()) &&
               state->threads < state->most_threads()) {
      StartThread();
    }
  }
};

Executor::Executor() : impl_(std::make_unique<Impl>()) {}

Executor& Executor::Shared() {
  static Executor* executor = [] {
    StayLoaded();
    std::atexit([] { Shared().impl_->Stop(); });
    pthread_atfork(nullptr, nullptr, [] { Shared().impl_->state = new Impl::State(); });
    return new Executor();
  }();
  return *executor;
}

Executor::Waiting::Waiting() {
  if (on_pool_thread) Shared().impl_->Wait(1);
}

Executor::Waiting::~Waiting() {
  if (on_pool_thread) Shared().impl_->Wait(-1);
}

int Executor::thread_count() const { return ThreadCount(); }

void Executor::Spawn(std::function<void()> task) { impl_->Push(std::move(task)); }

void Executor::Stop() { impl_->Stop(); }

}  // namespace packed
