#include "s3_plugin.h"

#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include "arrow/filesystem/s3fs.h"

#include "s3_retry.h"

namespace packed {
namespace {

using arrow::fs::S3FileSystem;
using arrow::fs::S3Options;

constexpr std::string_view kAwsDomains[] = {".amazonaws.com", ".amazonaws.com.cn"};

/// Once per process. Not EnsureS3Initialized alone: the SDK logs to standard output, which is the
/// host's, at whatever level the environment asks for, and at none otherwise.
arrow::Status InitializeOnce() {
  static std::once_flag once;
  static arrow::Status status;
  std::call_once(once, [] {
    if (arrow::fs::IsS3Initialized()) return;
    auto options = arrow::fs::S3GlobalOptions::Defaults();
    if (std::getenv("ARROW_S3_LOG_LEVEL") == nullptr) {
      options.log_level = arrow::fs::S3LogLevel::Off;
    }
    status = arrow::fs::InitializeS3(options);
  });
  return status;
}

/// Lets the chain of credentials ask the metadata service of the machine, or not: asking where
/// there is none takes seconds. The SDK reads this setting from the environment only.
void AllowMetadataService(bool allow) {
  constexpr const char* kDisabled = "AWS_EC2_METADATA_DISABLED";
  const char* now = std::getenv(kDisabled);
  const bool disabled = now != nullptr && std::string_view(now) == "true";
  if (disabled != allow) return;
  if (allow) {
    ::unsetenv(kDisabled);
  } else {
    ::setenv(kDisabled, "true", 1);
  }
}

/// `s3.eu-west-1.amazonaws.com` and the like: AWS by one of its own names, which the SDK makes
/// better by itself. "" where the host is another.
std::string_view AwsHost(std::string_view host) {
  host = host.substr(0, host.find(':'));
  if (!host.starts_with("s3.") && !host.starts_with("s3-")) return "";
  for (const std::string_view domain : kAwsDomains) {
    if (host.ends_with(domain)) return host.substr(0, host.size() - domain.size() + 1);
  }
  return "";
}

/// "s3.eu-west-1." -> "eu-west-1"; "s3." -> "".
std::string RegionOf(std::string_view aws_host) {
  if (aws_host.size() <= 4) return "";
  return std::string(aws_host.substr(3, aws_host.size() - 4));
}

/// A role, then what the machine or the environment has, then keys.
void SetCredentials(const StorageConfig& config, S3Options* options) {
  const bool keys = !config.access_key_id.empty() || !config.access_key_value.empty();
  AllowMetadataService(config.use_iam);
  if (!config.role_arn.empty()) {
    options->ConfigureAssumeRoleCredentials(config.role_arn, config.session_name,
                                            config.external_id, config.load_frequency_s);
  } else if (config.use_iam || !keys) {
    options->ConfigureDefaultCredentials();
  } else {
    options->ConfigureAccessKey(config.access_key_id, config.access_key_value,
                                config.session_token);
  }
}

arrow::Status SetPlace(const StorageConfig& config, const RemoteAddress& address,
                       S3Options* options) {
  const std::string_view aws_host = AwsHost(address.host);
  const bool aws = address.host.empty() || !aws_host.empty();
  options->scheme = address.scheme;
  options->region = config.region.empty() ? RegionOf(aws_host) : config.region;
  if (!aws) options->endpoint_override = address.host;
  const std::string& provider = config.cloud_provider;
  options->force_virtual_addressing = config.use_virtual_host || provider == "aliyun" ||
                                      provider == "tencent" || provider == "huawei";
  if (!options->region.empty()) return arrow::Status::OK();
  if (aws) return arrow::fs::ResolveS3BucketRegion(address.bucket).Value(&options->region);
  options->region = "us-east-1";
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::fs::FileSystem>> Open(const StorageConfig& config,
                                                           const RemoteAddress& address, bool retry,
                                                           const arrow::io::IOContext& io) {
  // One at a time: the SDK reads the environment that SetCredentials writes.
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  ARROW_RETURN_NOT_OK(InitializeOnce());
  S3Options options;
  SetCredentials(config, &options);
  ARROW_RETURN_NOT_OK(SetPlace(config, address, &options));
  options.connect_timeout = static_cast<double>(config.request_timeout_ms) / 1000;
  options.request_timeout = options.connect_timeout;
  options.tls_ca_file_path = config.ssl_ca_cert;
  options.retry_strategy = retry ? AskFor(config.retry_timeout_ms) : AskOnce();
  // Small objects then go in one piece, and nothing is made in the store at the opening.
  options.allow_delayed_open = true;
  return S3FileSystem::Make(options, io);
}

void Finalize() { static_cast<void>(arrow::fs::EnsureS3Finalized()); }

}  // namespace
}  // namespace packed

extern "C" __attribute__((visibility("default"))) const packed::S3Plugin* packed_s3_plugin() {
  static const packed::S3Plugin plugin{packed::Open, packed::Finalize};
  return &plugin;
}
