#include "remote_exit.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "arrow/util/future.h"

#include "io_pool.h"
#include "local_residue.h"
#include "packed/executor.h"
#include "packed/storage.h"

namespace packed {
namespace {

/// A request that runs when the process ends mostly ends in this time; nobody waits longer.
constexpr std::chrono::milliseconds kMostWait{200};

pid_t owner = 0;

/// Runs in exit(3). A forked child has none of the threads that there would be to end.
void OnExit(int status, void* finalize) {
  if (::getpid() != owner) return;
  StopRemoteCalls();
  if (IoPool::Shared().WaitUntilIdle(kMostWait)) {
    if (finalize != nullptr) reinterpret_cast<void (*)()>(finalize)();
    return;
  }
  Executor::Shared().Stop();
  RemoveResidue();
  std::fflush(nullptr);
  ::_exit(status);
}

/// Callbacks of futures trace, with statics that are made by the first of them. Made before our
/// handler is registered they are destroyed after it has waited.
void MakeTracingStatics() {
  auto future = arrow::Future<>::Make();
  future.AddCallback([](const arrow::Status&) {});
  future.MarkFinished();
}

std::vector<void (*)()>& Registered() {
  static auto* registered = new std::vector<void (*)()>();
  return *registered;
}

}  // namespace

void FinalizeAtExit(void (*finalize)()) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  auto& registered = Registered();
  if (std::find(registered.begin(), registered.end(), finalize) != registered.end()) return;
  registered.push_back(finalize);
  MakeTracingStatics();
  owner = ::getpid();
#if defined(__GLIBC__)
  // Not atexit(3): it does not tell the status that _exit has to repeat.
  ::on_exit(OnExit, reinterpret_cast<void*>(finalize));
#else
  // musl and macOS have no on_exit: a process that ends under a call that is stuck has failed.
  std::atexit([] {
    const auto last = Registered().back();  // exit goes through them backwards
    Registered().pop_back();
    OnExit(EXIT_FAILURE, reinterpret_cast<void*>(last));
  });
#endif
}

}  // namespace packed
