#pragma once

#include <functional>

#include "arrow/status.h"

#include "packed/cancel.h"

namespace packed {

/// \brief Run task(0) … task(count - 1), which wait for an object store, on threads of the IoPool.
///
/// After a failure the tasks that were not begun are skipped; the failure with the lowest index is
/// returned. Soon after the cancel token was raised it is kAborted, and nobody waits for the tasks
/// that run: `task` is kept until they have ended.
arrow::Status IoForEach(int count, const CancelToken& cancel,
                        std::function<arrow::Status(int)> task);

}  // namespace packed
