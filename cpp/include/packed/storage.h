#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"

namespace packed {

/// \brief Where files live, with Milvus's names (StorageConfig of milvus.yaml).
///
/// Only `storage_type == "local"` opens today; every other type answers kNotSupported.
struct StorageConfig {
  std::string storage_type = "local";  ///< local | minio | remote
  std::string address;
  std::string bucket_name;
  std::string access_key_id;
  std::string access_key_value;
  std::string
      root_path;  ///< local: directory that relative paths start from; "" = working directory
  std::string cloud_provider = "aws";
  std::string iam_endpoint;
  std::string log_level = "warn";
  std::string region;
  std::string ssl_ca_cert;
  std::string role_arn;
  std::string session_name;
  std::string external_id;
  std::string tls_min_version;
  std::string gcp_credential_json;
  bool use_ssl = false;
  bool use_iam = false;
  bool use_virtual_host = false;
  int64_t request_timeout_ms = 10000;
  int32_t load_frequency_s = 900;
  uint32_t max_connections = 100;
  int64_t multipart_part_bytes = 10 << 20;
};

enum class IfExists { kError, kReplace };

/// \brief A file that is being written and that nobody can see at its path yet.
///
/// Dropping it without Publish removes every trace of it. One thread at a time.
class PendingFile {
 public:
  virtual ~PendingFile() = default;

  /// Valid until Seal.
  virtual arrow::io::OutputStream* stream() = 0;

  /// \brief Close the stream; with `fsync` also force the bytes to the disk.
  virtual arrow::Status Seal(bool fsync) = 0;

  /// \brief Make the sealed file appear at its path, whole, in one step.
  ///
  /// With IfExists::kError a file that appeared there meanwhile is kept and the call
  /// fails with kAlreadyExists.
  virtual arrow::Status Publish() = 0;

  /// \brief Take a published file back (used when a later file of the same set fails).
  ///
  /// Restores what stood at the path before, where there was something.
  virtual arrow::Status Unpublish() = 0;

  /// \brief Remove what was written; idempotent, never fails loudly.
  ///
  /// A published file stays: only the copy that Unpublish would restore is dropped.
  virtual void Discard() noexcept = 0;
};

struct ReadOptions {
  /// Map the file privately instead of reading it. The caller vouches that nobody changes
  /// or truncates it while the reader lives: a truncated mapping kills the process.
  bool mmap = false;
};

/// \brief A file open for reading, with the identity it had when it was opened.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  virtual const std::shared_ptr<arrow::io::RandomAccessFile>& file() const = 0;
  virtual int64_t size() const = 0;
  /// \brief A name for the state it was opened in: another one where a later opening of the same
  /// path finds another file or a changed one.
  virtual std::string version() const { return std::to_string(size()); }
  /// \brief kFileChanged when size or modification time differ from those at open.
  virtual arrow::Status CheckUnchanged() const = 0;
};

/// \brief Files by path; the local one here, object stores later. Thread-safe.
class FileStore {
 public:
  static arrow::Result<std::shared_ptr<FileStore>> Make(const StorageConfig& config);
  virtual ~FileStore() = default;

  /// \brief Start a file; creates missing parent directories (removed again by Discard).
  virtual arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                             IfExists if_exists) = 0;
  virtual arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                            const ReadOptions& options) = 0;
};

}  // namespace packed
