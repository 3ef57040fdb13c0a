#pragma once

#include <functional>

namespace packed {

/// \brief Run `body` on a thread that nobody waits for and that takes no signals (they are for the
/// threads of the host; one of them, SIGPIPE, comes from sockets). False: there is no thread.
bool StartDetachedThread(const char* name, std::function<void()> body);

}  // namespace packed
