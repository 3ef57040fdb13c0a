#pragma once

#include <vector>

#include "arrow/result.h"

#include "napi_setup.h"
#include "packed/storage.h"
#include "packed/writer.h"

namespace packed::binding {

/// A NativeWriterOptions in C++.
struct WriterSettings {
  std::vector<ColumnGroup> groups;
  WriterOptions options;
  StorageConfig storage;
};

/// \brief Read a NativeCodec. JS thread.
arrow::Result<Codec> ReadCodec(Napi::Object codec);

/// \brief Read a NativeWriterOptions. JS thread.
arrow::Result<WriterSettings> ReadWriterSettings(Napi::Object options);

}  // namespace packed::binding
