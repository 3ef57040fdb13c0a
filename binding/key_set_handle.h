#pragma once

#include "handles.h"
#include "napi_setup.h"
#include "packed/key_set.h"

namespace packed::binding {

template <>
struct HandleKind<KeySet> {
  static constexpr const char* kName = "key set";
  static constexpr napi_type_tag kTag{0x5e0c93b7d1f84a26, 0xa6b2f17c38d94e05};
};

/// \brief NativeFoundKeys of lib/native/addon-files.ts. JS thread.
Napi::Object FoundObject(Napi::Env env, const FoundKeys& found);

}  // namespace packed::binding
