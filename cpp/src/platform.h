#pragma once

#include <pthread.h>
#include <sys/stat.h>

#include <ctime>

namespace packed {

/// \brief Names the calling thread, for debuggers and top(1): at most 15 bytes.
inline void NameThisThread(const char* name) {
#if defined(__APPLE__)
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

/// \brief When the bytes of a file changed last.
inline timespec ModifiedAt(const struct stat& state) {
#if defined(__APPLE__)
  return state.st_mtimespec;
#else
  return state.st_mtim;
#endif
}

}  // namespace packed
