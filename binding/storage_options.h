#pragma once

#include <memory>

#include "arrow/result.h"

#include "napi_setup.h"
#include "packed/storage.h"

namespace packed::binding {

/// \brief Read a NativeStorage (camelCase names of StorageConfig; absent = default). JS thread.
arrow::Result<StorageConfig> ReadStorage(Napi::Object storage);

}  // namespace packed::binding
