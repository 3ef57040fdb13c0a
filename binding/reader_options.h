#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "environment.h"
#include "napi_setup.h"
#include "packed/reader.h"
#include "packed/storage.h"

namespace packed::binding {

/// A NativeReaderOptions in C++.
struct ReaderSettings {
  std::vector<std::string> paths;
  ReaderOptions options;
  StorageConfig storage;
};

/// \brief Read the optional row `defaults` of a reader's options, copied; null without it. JS
/// thread.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadDefaults(Environment& environment,
                                                                Napi::Object options);

/// \brief Read a NativeReaderOptions; the row of defaults is copied. JS thread.
arrow::Result<ReaderSettings> ReadReaderSettings(Environment& environment, Napi::Object options);

}  // namespace packed::binding
