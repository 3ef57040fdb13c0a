#pragma once

#include <memory>
#include <string>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "borrowed_memory.h"
#include "environment.h"
#include "napi_setup.h"

namespace packed::binding {

/// Bytes of JavaScript for one operation, and what keeps them.
struct BorrowedBytes {
  std::shared_ptr<arrow::Buffer> bytes;
  std::shared_ptr<BorrowedMemory> memory;  ///< ask it whether they stayed when the operation ended
};

/// \brief Borrow the bytes of a typed array or DataView; copies what is small, shared or resizable.
/// JS thread. kDetached, or kInvalidArgument naming `name`.
arrow::Result<BorrowedBytes> BorrowBytes(Environment& environment, Napi::Value view,
                                         const std::string& name);

}  // namespace packed::binding
