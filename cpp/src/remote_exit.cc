#include "remote_exit.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

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

}  // namespace

void FinalizeAtExit(void (*finalize)()) {
  static std::mutex mutex;
  static auto* registered = new std::vector<void (*)()>();
  std::lock_guard lock(mutex);
  if (std::find(registered->begin(), registered->end(), finalize) != registered->end()) return;
  registered->push_back(finalize);
  owner = ::getpid();
  // Not atexit(3): it does not tell the status that _exit has to repeat.
  ::on_exit(OnExit, reinterpret_cast<void*>(finalize));
}

}  // namespace packed
