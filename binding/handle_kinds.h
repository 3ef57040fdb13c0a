#pragma once

#include "arrow/type.h"

#include "handles.h"
#include "packed/cancel.h"

namespace packed::binding {

template <>
struct HandleKind<arrow::Schema> {
  static constexpr const char* kName = "schema";
  static constexpr napi_type_tag kTag{0x1f6a9d3c44e84a02, 0xb7c2505e8d9931f7};
};

template <>
struct HandleKind<CancelToken> {
  static constexpr const char* kName = "cancel";
  static constexpr napi_type_tag kTag{0x83c6f2197a5d4e6b, 0x8e04b1d6f7a2c359};
};

}  // namespace packed::binding
