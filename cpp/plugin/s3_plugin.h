#pragma once

#include <memory>

#include "arrow/filesystem/filesystem.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"

#include "packed/storage.h"
#include "remote_address.h"

namespace packed {

/// \brief What libarrow_packed_s3.so gives to those who open it: S3, by Arrow's libarrow_s3.
///
/// A library of its own, opened at the first use of S3, so that nobody else loads and initialises
/// the SDK of AWS. It is built with the core and lies beside it; the two fit only each other.
struct S3Plugin {
  /// A client of the store. The first call initialises the SDK for the process. Blocks; may ask
  /// AWS in which region the bucket is. Any thread.
  arrow::Result<std::shared_ptr<arrow::fs::FileSystem>> (*open)(const StorageConfig& config,
                                                                const RemoteAddress& address,
                                                                bool retry,
                                                                const arrow::io::IOContext& io);
  /// End the SDK. Waits for the calls that run; later ones fail. Idempotent.
  void (*finalize)();
};

}  // namespace packed

/// The one name that the library shows.
extern "C" const packed::S3Plugin* packed_s3_plugin();
