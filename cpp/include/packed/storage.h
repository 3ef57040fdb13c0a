#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"

#include "packed/cancel.h"

namespace packed {

class Uploader;

/// \brief Where files live, with Milvus's names (StorageConfig of milvus.yaml).
///
/// `minio` and `remote` name an object store: S3 and what speaks its protocol, Azure Blob
/// (`cloud_provider == "azure"`) or Google Cloud Storage (`"gcp"`).
struct StorageConfig {
  std::string storage_type = "local";  ///< local | minio | remote
  std::string address;
  std::string bucket_name;
  std::string access_key_id;
  std::string access_key_value;
  std::string
      root_path;  ///< directory (local; "" = working directory) or key prefix that paths start from
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
  std::string session_token;  ///< of temporary credentials
  bool use_ssl = false;
  bool use_iam = false;
  bool use_virtual_host = false;
  int64_t request_timeout_ms = 10000;  ///< of one request without progress
  int64_t retry_timeout_ms = 60000;    ///< of one operation with all its retries
  int32_t load_frequency_s = 900;
  uint32_t max_connections = 100;
  int64_t multipart_part_bytes = 10 << 20;
  int64_t upload_bytes_in_flight = 64 << 20;  ///< parts of one writer on their way
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
  /// Bytes of the file, where the caller knows them: saves an object store the question. < 0 = ask.
  int64_t file_bytes = -1;
  /// Bytes at the end of an object that are fetched at once, with the opening; 0 = default.
  int64_t tail_bytes = 0;
  /// Ends requests to an object store before their time, with kAborted.
  std::optional<CancelToken> cancel;
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
  /// True where every read is a request: reads are then planned ahead and joined.
  virtual bool remote() const { return false; }
  /// The whole file, where it is mapped; null otherwise. Slices of it keep it mapped.
  virtual std::shared_ptr<arrow::Buffer> mapping() const { return nullptr; }
  /// \brief Read bytes that follow each other to places that do not, in one call where the system
  /// has one. Fewer bytes than there is room for are an IOError.
  virtual arrow::Status ReadScattered(int64_t offset,
                                      const std::vector<std::span<uint8_t>>& places) const;
  /// \brief kFileChanged when size or modification time differ from those at open.
  virtual arrow::Status CheckUnchanged() const = 0;
};

/// \brief Files by path, on the local disk or in an object store. Thread-safe.
class FileStore {
 public:
  /// `uploader` is how objects are written; null = Arrow's own streams (S3, Azure, GCS), with the
  /// weaker promises that packed/c_api.h lists.
  static arrow::Result<std::shared_ptr<FileStore>> Make(
      const StorageConfig& config, std::shared_ptr<Uploader> uploader = nullptr);
  virtual ~FileStore() = default;

  /// True where opening and reading take requests: several files are then opened at once.
  virtual bool remote() const { return false; }

  /// \brief Start a file; creates missing parent directories (removed again by Discard).
  virtual arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                             IfExists if_exists) = 0;
  virtual arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                            const ReadOptions& options) = 0;
};

/// \brief End every request to object stores with kAborted and begin no other. Idempotent.
///
/// For a host that hears of the end of the process before exit(3): what waits for the network then
/// waits no longer, and work of the Executor that does so can end.
void StopRemoteCalls();

}  // namespace packed
