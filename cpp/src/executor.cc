#include "packed/executor.h"

#include <pthread.h>

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

namespace packed {
namespace {

constexpr int kMaxThreads = 1024;
constexpr std::chrono::seconds kMostExitWait{5};

int ThreadCount() {
  if (const char* text = std::getenv("ARROW_PACKED_THREADS")) {
    int count = 0;
    const char* end = text + std::strlen(text);
    auto [stop, error] = std::from_chars(text, end, count);
    if (error == std::errc() && stop == end && count > 0 && count <= kMaxThreads) return count;
  }
  return AvailableCores();
}

thread_local bool on_pool_thread = false;

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
    bool stopped = false;
  };

  State* state = new State();
  const int most_threads = ThreadCount();

  void Push(std::function<void()> task) {
    std::unique_lock lock(state->mutex);
    if (state->stopped) return;
    state->queue.push_back(std::move(task));
    if (state->idle >= static_cast<int>(state->queue.size())) {
      state->wake.notify_one();
      return;
    }
    if (state->threads == most_threads || StartThread() || state->threads > 0) return;
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
    pthread_setname_np(pthread_self(), "packed");
    std::unique_lock lock(state.mutex);
    while (true) {
      ++state.idle;
      state.wake.wait(lock, [&] { return !state.queue.empty() && !state.stopped; });
      --state.idle;
      auto task = std::move(state.queue.front());
      state.queue.pop_front();
      ++state.running;
      lock.unlock();
      task();
      task = nullptr;  // what it held goes before it counts as ended
      lock.lock();
      if (--state.running == 0) state.none_running.notify_all();
    }
  }

  /// Runs in exit(3), while libarrow's statics are still alive: what runs may end, bounded in
  /// time; what is queued never begins.
  void Stop() {
    std::unique_lock lock(state->mutex);
    state->stopped = true;
    if (on_pool_thread) return;
    state->none_running.wait_for(lock, kMostExitWait, [this] { return state->running == 0; });
  }
};

Executor::Executor() : impl_(std::make_unique<Impl>()) {}

Executor& Executor::Shared() {
  static Executor* executor = [] {
    std::atexit([] { Shared().impl_->Stop(); });
    pthread_atfork(nullptr, nullptr, [] { Shared().impl_->state = new Impl::State(); });
    return new Executor();
  }();
  return *executor;
}

int Executor::thread_count() const { return impl_->most_threads; }

void Executor::Spawn(std::function<void()> task) { impl_->Push(std::move(task)); }

void Executor::Stop() { impl_->Stop(); }

}  // namespace packed
