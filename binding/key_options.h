#pragma once

#include <string>

#include "arrow/result.h"

#include "napi_setup.h"
#include "packed/encryption.h"

namespace packed::binding {

/// \brief Read a NativeEncryption. The key is copied, into memory that is wiped. JS thread.
arrow::Result<Encryption> ReadEncryption(Napi::Object encryption);

/// \brief Read an array of NativeKey. Keys are copied, into memory that is wiped. JS thread.
arrow::Result<KeyRing> ReadKeys(Napi::Array keys);

}  // namespace packed::binding
