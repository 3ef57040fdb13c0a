#pragma once

#include "arrow/result.h"

#include "handles.h"
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

}  // namespace packed::binding
