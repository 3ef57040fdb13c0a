#pragma once

#include <memory>
#include <vector>

#include "arrow/result.h"

#include "environment.h"
#include "napi_setup.h"
#include "packed/storage.h"
#include "packed/uploader.h"
#include "packed/writer.h"

namespace packed::binding {

/// A NativeWriterOptions in C++.
struct WriterSettings {
  std::vector<ColumnGroup> groups;
  WriterOptions options;
  StorageConfig storage;
  std::shared_ptr<Uploader> uploader;  ///< null for the local disk
};

/// \brief Read a NativeCodec. JS thread.
arrow::Result<Codec> ReadCodec(Napi::Object codec);

/// \brief The name of a NativeEncoding.
const char* NameOf(ColumnEncoding encoding);

/// \brief Read a NativeColumnChoices. JS thread.
arrow::Status ReadColumnChoices(Napi::Object choices, WriterOptions* options);

/// \brief Read a NativeWriterOptions of a writer that `cancel` ends. JS thread.
arrow::Result<WriterSettings> ReadWriterSettings(Environment& environment, Napi::Object options,
                                                 const CancelToken& cancel);

}  // namespace packed::binding
