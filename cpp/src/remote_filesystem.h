#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "arrow/filesystem/filesystem.h"
#include "arrow/result.h"

#include "packed/storage.h"
#include "remote_address.h"
#include "remote_call.h"

namespace packed {

using ArrowFileSystem = std::shared_ptr<arrow::fs::FileSystem>;

/// \brief Arrow's client of one object store with one set of credentials. Thread-safe.
///
/// The client is made at its first use: only then is anything loaded, initialised or asked.
class RemoteFilesystem {
 public:
  /// \brief One per configuration, shared for as long as it is among those used last.
  static arrow::Result<std::shared_ptr<RemoteFilesystem>> Of(const StorageConfig& config);

  RemoteFilesystem(StorageConfig config, RemoteAddress address);

  const RemoteAddress& address() const { return address_; }
  const std::shared_ptr<const RemoteChannel>& channel() const { return channel_; }

  /// \brief The client whose requests are made once. Blocks: for attempts of CallRemote.
  arrow::Result<ArrowFileSystem> ForReads();

  /// \brief The client whose requests are repeated by itself, for Arrow's own output streams.
  arrow::Result<ArrowFileSystem> ForWrites();

  /// \brief The path that Arrow's clients know an object by.
  std::string ArrowPath(const std::string& key) const { return address_.bucket + "/" + key; }

 private:
  arrow::Result<ArrowFileSystem> Make(bool retry);

  const StorageConfig config_;
  const RemoteAddress address_;
  const std::shared_ptr<const RemoteChannel> channel_;
  std::mutex mutex_;  ///< held while a client is made
  ArrowFileSystem for_reads_;
  ArrowFileSystem for_writes_;
};

/// \brief Arrow's Azure and Google clients; kNotSupported where Arrow was built without.
arrow::Result<ArrowFileSystem> MakeAzure(const StorageConfig& config, const RemoteAddress& address,
                                         const arrow::io::IOContext& io);
arrow::Result<ArrowFileSystem> MakeGcs(const StorageConfig& config, const RemoteAddress& address,
                                       bool retry, const arrow::io::IOContext& io);

/// \brief The certificates that those two trust: one file for the process, the first that is asked
/// for or the machine's own.
arrow::Status TrustCertificates(const std::string& ca_file);

}  // namespace packed
