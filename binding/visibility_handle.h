#pragma once

#include <optional>

#include "arrow/result.h"

#include "handles.h"
#include "napi_setup.h"
#include "packed/visibility.h"

namespace packed::binding {

template <>
struct HandleKind<Visibility> {
  static constexpr const char* kName = "visibility";
  static constexpr napi_type_tag kTag{0x2b8e61d3a97f4c05, 0x9cd04a7be1358f62};
};

/// \brief Read the optional NativeVisibility of a reader's options. JS thread.
arrow::Result<std::optional<VisibleRows>> ReadVisibility(Napi::Object options);

}  // namespace packed::binding
