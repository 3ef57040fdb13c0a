#pragma once

#include "arrow/util/thread_pool.h"

namespace packed {

/// \brief IoPool in the shape that Arrow's clients want, for what they do in the background.
///
/// They also take `capacity` for the number of connections to keep. Lives as long as the process.
arrow::internal::Executor* RemoteExecutor(int capacity);

}  // namespace packed
