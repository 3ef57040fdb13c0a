#pragma once

#include <memory>
#include <optional>

#include "arrow/result.h"

#include "borrowed_memory.h"
#include "call.h"
#include "handles.h"
#include "packed/cancel.h"
#include "packed/codec.h"

namespace packed::binding {

template <>
struct HandleKind<ByteCodec> {
  static constexpr const char* kName = "codec";
  static constexpr napi_type_tag kTag{0x2b9c61e07f3a4d58, 0xa41f06d9c8e57b32};
};

template <>
struct HandleKind<CodecDictionary> {
  static constexpr const char* kName = "codec dictionary";
  static constexpr napi_type_tag kTag{0xc60e8f42175b49ad, 0x86d1305af2b97ce4};
};

/// \brief The codec of a handle, at another level where `level` is a number.
arrow::Result<ByteCodec> ReadCodecAt(Napi::Value handle, Napi::Value level);

/// \brief The token of a cancel handle; one of its own for null.
arrow::Result<CancelToken> ReadCancel(Napi::Value handle);

/// \brief Memory of a Uint8Array for the time of a synchronous call.
arrow::Result<ByteView> ReadBytes(Napi::Value value, const char* name);

/// \brief Memory to write to; nothing for null. Shared and resizable memory is kInvalidArgument.
arrow::Result<std::optional<ByteRoom>> ReadTarget(Napi::Value value);

/// \brief Memory of a Uint8Array that stays for an operation: lent where that is safe and pays,
/// else copied. `memory` keeps it.
arrow::Result<ByteView> LendBytes(Napi::Value value, const char* name, BorrowedMemory* memory);

/// \brief The same to write to.
arrow::Result<std::optional<ByteRoom>> LendTarget(Napi::Value value, BorrowedMemory* memory);

}  // namespace packed::binding
