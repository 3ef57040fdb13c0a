#include "remote_filesystem.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <list>
#include <utility>

#include "packed/error.h"
#include "packed/memory.h"
#include "remote_executor.h"
#include "remote_exit.h"
#include "s3_plugin_loader.h"

namespace packed {
namespace {

/// Clients that are kept for the next reader; each has connections of its own.
constexpr size_t kMostKept = 16;

/// All that makes a difference to a client, credentials among it. Never shown to anybody.
std::string Identity(const StorageConfig& config) {
  std::string identity;
  for (const std::string& text :
       {config.storage_type, config.address, config.bucket_name, config.access_key_id,
        config.access_key_value, config.session_token, config.cloud_provider, config.iam_endpoint,
        config.region, config.ssl_ca_cert, config.role_arn, config.session_name, config.external_id,
        config.tls_min_version, config.gcp_credential_json}) {
    identity += std::to_string(text.size()) + ":" + text;
  }
  for (const int64_t number :
       {int64_t{config.use_ssl}, int64_t{config.use_iam}, int64_t{config.use_virtual_host},
        config.request_timeout_ms, config.retry_timeout_ms, int64_t{config.load_frequency_s},
        int64_t{config.max_connections}}) {
    identity += "," + std::to_string(number);
  }
  return identity;
}

/// Leaked, with what it holds: clients may be in use while statics are destroyed.
struct Kept {
  std::mutex mutex;
  std::list<std::pair<std::string, std::shared_ptr<RemoteFilesystem>>> latest_first;

  static Kept& Get() {
    static auto* kept = new Kept();
    return *kept;
  }
};

arrow::Status CheckTimes(const StorageConfig& config) {
  for (const auto& [name, ms] : {std::pair{"requestTimeoutMs", config.request_timeout_ms},
                                 std::pair{"retryTimeoutMs", config.retry_timeout_ms}}) {
    if (ms > 0) continue;
    return MakeError(ErrorCode::kInvalidArgument,
                     std::string("Expected milliseconds above 0 for ") + name + " but received " +
                         std::to_string(ms),
                     {"", name});
  }
  return arrow::Status::OK();
}

/// Arrow's clients take 1.2 for the least, as their TLS library does, and know no setting for it.
arrow::Status CheckTls(const StorageConfig& config, const RemoteAddress& address) {
  if (config.tls_min_version != "1.3" || address.scheme != "https") return arrow::Status::OK();
  return MakeError(ErrorCode::kNotSupported,
                   "Expected up to 1.2 for tlsMinVersion of native reads but received 1.3",
                   {"", "tlsMinVersion"});
}

std::shared_ptr<const RemoteChannel> MakeChannel(const StorageConfig& config,
                                                 const RemoteAddress& address) {
  auto channel = std::make_shared<RemoteChannel>();
  channel->meter = RemoteMeter::Of(address.name);
  channel->request_timeout = std::chrono::milliseconds(config.request_timeout_ms);
  channel->retry_timeout = std::chrono::milliseconds(config.retry_timeout_ms);
  channel->secrets = {config.access_key_value, config.session_token, config.gcp_credential_json};
  return channel;
}

/// Arrow's clients look for certificates where the machine that built them had them.
std::string SystemCertificates() {
  if (const char* file = std::getenv("SSL_CERT_FILE")) return file;
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (::access(file, R_OK) == 0) return file;
  }
  return "";
}

StorageConfig WithCertificates(StorageConfig config) {
  if (config.ssl_ca_cert.empty()) config.ssl_ca_cert = SystemCertificates();
  return config;
}

}  // namespace

arrow::Result<std::shared_ptr<RemoteFilesystem>> RemoteFilesystem::Of(const StorageConfig& config) {
  ARROW_ASSIGN_OR_RAISE(RemoteAddress address, ParseRemoteAddress(config));
  ARROW_RETURN_NOT_OK(CheckTimes(config));
  ARROW_RETURN_NOT_OK(CheckTls(config, address));
  const std::string identity = Identity(config);
  Kept& kept = Kept::Get();
  std::lock_guard lock(kept.mutex);
  auto& list = kept.latest_first;
  const auto known =
      std::find_if(list.begin(), list.end(), [&](const auto& e) { return e.first == identity; });
  if (known != list.end()) {
    list.splice(list.begin(), list, known);
  } else {
    list.emplace_front(identity, std::make_shared<RemoteFilesystem>(config, std::move(address)));
    if (list.size() > kMostKept) list.pop_back();
  }
  return list.front().second;
}

RemoteFilesystem::RemoteFilesystem(StorageConfig config, RemoteAddress address)
    : config_(WithCertificates(std::move(config))),
      address_(std::move(address)),
      channel_(MakeChannel(config_, address_)) {}

arrow::Result<ArrowFileSystem> RemoteFilesystem::ForReads() {
  std::lock_guard lock(mutex_);
  if (for_reads_ == nullptr) ARROW_RETURN_NOT_OK(Make(false).Value(&for_reads_));
  return for_reads_;
}

arrow::Result<ArrowFileSystem> RemoteFilesystem::ForWrites() {
  std::lock_guard lock(mutex_);
  if (for_writes_ == nullptr) ARROW_RETURN_NOT_OK(Make(true).Value(&for_writes_));
  return for_writes_;
}

arrow::Result<ArrowFileSystem> RemoteFilesystem::Make(bool retry) {
  const arrow::io::IOContext io(Pool(), RemoteExecutor(static_cast<int>(config_.max_connections)));
  if (address_.kind == RemoteKind::kS3) {
    ARROW_ASSIGN_OR_RAISE(const S3Plugin* plugin, LoadS3Plugin());
    ARROW_ASSIGN_OR_RAISE(auto client, plugin->open(config_, address_, retry, io));
    FinalizeAtExit(plugin->finalize);
    return client;
  }
  FinalizeAtExit(nullptr);
  ARROW_RETURN_NOT_OK(TrustCertificates(config_.ssl_ca_cert));
  return address_.kind == RemoteKind::kAzure ? MakeAzure(config_, address_, io)
                                             : MakeGcs(config_, address_, retry, io);
}

}  // namespace packed
