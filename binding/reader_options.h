#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
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
  std::optional<std::vector<FileGroup>> groups;  ///< in the place of `paths`
  ReaderOptions options;
  StorageConfig storage;
};

/// \brief Read the optional row `defaults` of a reader's options, copied; null without it. JS
/// thread.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadDefaults(Environment& environment,
                                                                Napi::Object options);

/// \brief Open a reader of the paths or of the column groups. Not on the JS thread.
template <typename Reader>
arrow::Result<std::unique_ptr<Reader>> OpenBy(ReaderSettings settings) {
  ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(settings.storage));
  if (settings.groups.has_value()) {
    return Reader::Open(std::move(*settings.groups), std::move(settings.options), std::move(store));
  }
  return Reader::Open(std::move(settings.paths), std::move(settings.options), std::move(store));
}

/// \brief Read a NativeReaderOptions; the row of defaults is copied. JS thread.
arrow::Result<ReaderSettings> ReadReaderSettings(Environment& environment, Napi::Object options);

}  // namespace packed::binding
