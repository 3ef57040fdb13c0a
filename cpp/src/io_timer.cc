#include "io_timer.h"

#include <pthread.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "io_thread.h"

namespace packed {
namespace {

/// Leaked with its thread, and left behind by a forked child, which has none.
struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<IoTimer::Clock::time_point, IoTimer::Id>, std::function<void()>> calls;
  std::map<IoTimer::Id, IoTimer::Clock::time_point> times;
  IoTimer::Id last_id = 0;
  bool has_thread = false;
};

State*& CurrentState() {
  static State* state = new State();
  return state;
}

void Work(State& state) {
  std::unique_lock lock(state.mutex);
  while (true) {
    if (state.calls.empty()) {
      state.changed.wait(lock);
      continue;
    }
    const auto next = state.calls.begin();
    const auto time = next->first.first;
    if (IoTimer::Clock::now() < time) {
      state.changed.wait_until(lock, time);
      continue;
    }
    auto call = std::move(next->second);
    state.times.erase(next->first.second);
    state.calls.erase(next);
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
  }
}

}  // namespace

IoTimer& IoTimer::Shared() {
  static IoTimer* timer = [] {
    CurrentState();
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the old one stays, see State.
    pthread_atfork(nullptr, nullptr, [] { CurrentState() = new State(); });
    return new IoTimer();
  }();
  return *timer;
}

IoTimer::Id IoTimer::At(Clock::time_point time, std::function<void()> call) {
  State& state = *CurrentState();
  std::lock_guard lock(state.mutex);
  const Id id = ++state.last_id;
  const bool first = state.calls.empty() || time < state.calls.begin()->first.first;
  state.calls.emplace(std::pair(time, id), std::move(call));
  state.times.emplace(id, time);
  if (!state.has_thread) {
    // Where none is to be had the next call tries again; until then deadlines are late.
    state.has_thread = StartDetachedThread("packed-timer", [&state] { Work(state); });
  } else if (first) {
    state.changed.notify_one();
  }
  return id;
}

void IoTimer::Cancel(Id id) {
  State& state = *CurrentState();
  std::function<void()> dropped;  // destroyed without the lock
  std::lock_guard lock(state.mutex);
  const auto time = state.times.find(id);
  if (time == state.times.end()) return;
  const auto call = state.calls.find({time->second, id});
  dropped = std::move(call->second);
  state.calls.erase(call);
  state.times.erase(time);
}

}  // namespace packed
