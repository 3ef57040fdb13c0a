#include "remote_address.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "packed/error.h"

namespace packed {
namespace {

arrow::Status Unexpected(const std::string& expected, const std::string& field,
                         const std::string& received) {
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected " + expected + " for " + field + " but received '" + received + "'",
                   {"", field});
}

/// Cuts `http://` or `https://` off.
std::string TakeScheme(std::string* address) {
  for (const std::string_view scheme : {"https", "http"}) {
    const std::string start = std::string(scheme) + "://";
    if (!address->starts_with(start)) continue;
    address->erase(0, start.size());
    return std::string(scheme);
  }
  return "";
}

arrow::Result<RemoteKind> KindOf(const StorageConfig& config) {
  if (config.storage_type == "minio") return RemoteKind::kS3;
  if (config.storage_type != "remote") {
    return Unexpected("'local', 'minio' or 'remote'", "storageType", config.storage_type);
  }
  const std::string& provider = config.cloud_provider;
  if (provider == "azure") return RemoteKind::kAzure;
  if (provider == "gcp") return RemoteKind::kGcs;
  for (const std::string_view s3 : {"aws", "aliyun", "tencent", "huawei"}) {
    if (provider == s3) return RemoteKind::kS3;
  }
  return Unexpected("aws, gcp, azure, aliyun, tencent or huawei", "cloudProvider", provider);
}

std::string_view Trimmed(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool IsPart(std::string_view part) { return !part.empty() && part != "." && part != ".."; }

/// Every part between slashes is one that survives the way through URLs.
bool IsKey(std::string_view key) {
  for (size_t start = 0; start <= key.size();) {
    const size_t end = std::min(key.find('/', start), key.size());
    if (!IsPart(key.substr(start, end - start))) return false;
    start = end + 1;
  }
  return key.find('\0') == std::string_view::npos;
}

}  // namespace

arrow::Result<RemoteAddress> ParseRemoteAddress(const StorageConfig& config) {
  RemoteAddress address;
  ARROW_ASSIGN_OR_RAISE(address.kind, KindOf(config));
  address.host = config.address;
  address.scheme = TakeScheme(&address.host);
  if (address.host.ends_with('/')) address.host.pop_back();
  if (address.host.find_first_of("/?#@ ") != std::string::npos) {
    return Unexpected("host:port or a URL of one", "address", config.address);
  }
  // The clouds themselves are reached by https whatever the setting for one's own store says.
  if (address.scheme.empty()) {
    address.scheme = config.use_ssl || address.host.empty() ? "https" : "http";
  }
  address.bucket = config.bucket_name;
  if (address.bucket.empty() || address.bucket.find('/') != std::string::npos) {
    return Unexpected("the name of a bucket", "bucketName", config.bucket_name);
  }
  address.name = address.host.empty() ? address.bucket : address.host + "/" + address.bucket;
  return address;
}

arrow::Result<std::string> RemoteKey(const std::string& root, const std::string& path) {
  std::string_view relative = path;
  if (relative.starts_with('/')) relative.remove_prefix(1);
  if (!IsKey(relative)) {
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected a key without empty parts, '.' and '..' for path but received '" + path + "'",
        {path, ""});
  }
  const std::string_view prefix = Trimmed(root);
  if (prefix.empty()) return std::string(relative);
  if (!IsKey(prefix)) {
    return Unexpected("a prefix without empty parts, '.' and '..'", "rootPath", root);
  }
  return std::string(prefix) + "/" + std::string(relative);
}

}  // namespace packed
