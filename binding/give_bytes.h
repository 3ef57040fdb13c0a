#pragma once

#include <memory>

#include "arrow/buffer.h"

#include "call.h"
#include "environment.h"

namespace packed::binding {

/// \brief Bytes that JavaScript owns from now on, as a Uint8Array: without a copy where they are
/// many and external buffers are allowed. JS thread.
CallResult GiveBytes(Environment& environment, const std::shared_ptr<arrow::Buffer>& bytes);

/// \brief A Uint8Array over a copy: what is made in a loop without turns of the event loop is freed
/// by the collector alone, which does not wait for finalizers. JS thread.
CallResult CopyBytes(Environment& environment, const arrow::Buffer& bytes);

}  // namespace packed::binding
