#pragma once

#include <vector>

#include "arrow/result.h"

#include "environment.h"
#include "napi_setup.h"
#include "packed/payload.h"
#include "packed/storage.h"

namespace packed::binding {

/// A NativePayloadOptions in C++.
struct PayloadSettings {
  std::vector<PayloadColumn> columns;
  PayloadReaderOptions options;
  StorageConfig storage;
};

/// \brief Read a NativePayloadOptions; payloads in memory and defaults are copied. JS thread.
arrow::Result<PayloadSettings> ReadPayloadSettings(Environment& environment, Napi::Object options);

}  // namespace packed::binding
