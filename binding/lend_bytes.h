#pragma once

#include <optional>

#include "arrow/result.h"

#include "borrowed_memory.h"
#include "napi_setup.h"
#include "packed/codec.h"

// Bytes of JavaScript for native code. JS thread. All fail with kDetached, or with kInvalidArgument
// naming `name`.

namespace packed::binding {

/// \brief Memory of a typed array or DataView for the time of a synchronous call.
arrow::Result<ByteView> ReadBytes(Napi::Value value, const char* name);

/// \brief Memory to write to; nothing for null. Shared and resizable memory is kInvalidArgument.
arrow::Result<std::optional<ByteRoom>> ReadTarget(Napi::Value value);

/// \brief Memory that stays for an operation: lent where that is safe and pays, else copied (what
/// is small, shared or resizable). `memory` keeps it; ask it whether it stayed when the operation
/// ended.
arrow::Result<ByteView> LendBytes(Napi::Value value, const char* name, BorrowedMemory* memory);

/// \brief The same to write to.
arrow::Result<std::optional<ByteRoom>> LendTarget(Napi::Value value, BorrowedMemory* memory);

}  // namespace packed::binding
