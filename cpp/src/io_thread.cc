#include "io_thread.h"

#include <signal.h>

#include <system_error>
#include <thread>
#include <utility>

#include "platform.h"

namespace packed {

bool StartDetachedThread(const char* name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    std::thread([name, body = std::move(body)] {
      NameThisThread(name);
      body();
    }).detach();
  } catch (const std::system_error&) {
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace packed
