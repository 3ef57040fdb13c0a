#include <mutex>
#include <string>

#include "arrow/filesystem/api.h"
#include "arrow/util/config.h"

#include "packed/error.h"
#include "remote_filesystem.h"

namespace packed {
arrow::Status TrustCertificates(const std::string& ca_file) {
  static std::once_flag once;
  static arrow::Status status;
  std::call_once(once, [&] {
    arrow::fs::FileSystemGlobalOptions options;
    options.tls_ca_file_path = ca_file;
    status = arrow::fs::Initialize(options);
  });
  return status;
}

#ifdef ARROW_AZURE

/// Where an account answers: `host:port` of an emulator or gateway takes the account as first part
/// of the path, a domain (`core.windows.net`, the default) gets it in front.
arrow::Result<ArrowFileSystem> MakeAzure(const StorageConfig& config, const RemoteAddress& address,
                                         const arrow::io::IOContext& io) {
  arrow::fs::AzureOptions options;
  options.account_name = config.access_key_id;
  if (address.host.find(':') != std::string::npos) {
    options.blob_storage_authority = options.dfs_storage_authority = address.host;
    options.blob_storage_scheme = options.dfs_storage_scheme = address.scheme;
  } else if (!address.host.empty()) {
    options.blob_storage_authority = ".blob." + address.host;
    options.dfs_storage_authority = ".dfs." + address.host;
  }
  if (options.account_name.empty()) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected the name of the account for accessKeyId but received none",
                     {"", "accessKeyId"});
  }
  if (config.use_iam || config.access_key_value.empty()) {
    ARROW_RETURN_NOT_OK(options.ConfigureDefaultCredential());
  } else {
    ARROW_RETURN_NOT_OK(options.ConfigureAccountKeyCredential(config.access_key_value));
  }
  return arrow::fs::AzureFileSystem::Make(options, io);
}

#else

arrow::Result<ArrowFileSystem> MakeAzure(const StorageConfig&, const RemoteAddress&,
                                         const arrow::io::IOContext&) {
  return MakeError(ErrorCode::kNotSupported, "Expected an Arrow with Azure but this one has none");
}

#endif

#ifdef ARROW_GCS

arrow::Result<ArrowFileSystem> MakeGcs(const StorageConfig& config, const RemoteAddress& address,
                                       bool retry, const arrow::io::IOContext& io) {
  using arrow::fs::GcsOptions;
  // An emulator has no accounts; Google itself is asked with what the machine has.
  GcsOptions options = !config.gcp_credential_json.empty()
                           ? GcsOptions::FromServiceAccountCredentials(config.gcp_credential_json)
                       : address.host.empty() || config.use_iam ? GcsOptions::Defaults()
                                                                : GcsOptions::Anonymous();
  options.endpoint_override = address.host;
  options.scheme = address.scheme;
  // A read is repeated by us. The client wants a time above 0 for itself all the same.
  const double retry_s = static_cast<double>(config.retry_timeout_ms) / 1000;
  options.retry_limit_seconds = retry ? retry_s : 0.001;
  return arrow::fs::GcsFileSystem::Make(options, io);
}

#else

arrow::Result<ArrowFileSystem> MakeGcs(const StorageConfig&, const RemoteAddress&, bool,
                                       const arrow::io::IOContext&) {
  return MakeError(ErrorCode::kNotSupported, "Expected an Arrow with GCS but this one has none");
}

#endif

}  // namespace packed
