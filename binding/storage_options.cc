#include "storage_options.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <variant>

#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

using Member =
    std::variant<std::string StorageConfig::*, bool StorageConfig::*, int64_t StorageConfig::*,
                 int32_t StorageConfig::*, uint32_t StorageConfig::*>;

struct NamedMember {
  const char* name;
  Member member;
};

const NamedMember kMembers[] = {
    {"storageType", &StorageConfig::storage_type},
    {"address", &StorageConfig::address},
    {"bucketName", &StorageConfig::bucket_name},
    {"accessKeyId", &StorageConfig::access_key_id},
    {"secretAccessKey", &StorageConfig::access_key_value},
    {"rootPath", &StorageConfig::root_path},
    {"cloudProvider", &StorageConfig::cloud_provider},
    {"iamEndpoint", &StorageConfig::iam_endpoint},
    {"logLevel", &StorageConfig::log_level},
    {"region", &StorageConfig::region},
    {"sslCaCert", &StorageConfig::ssl_ca_cert},
    {"roleArn", &StorageConfig::role_arn},
    {"sessionName", &StorageConfig::session_name},
    {"externalId", &StorageConfig::external_id},
    {"tlsMinVersion", &StorageConfig::tls_min_version},
    {"gcpCredentialJson", &StorageConfig::gcp_credential_json},
    {"useSsl", &StorageConfig::use_ssl},
    {"useIam", &StorageConfig::use_iam},
    {"useVirtualHost", &StorageConfig::use_virtual_host},
    {"requestTimeoutMs", &StorageConfig::request_timeout_ms},
    {"loadFrequencyS", &StorageConfig::load_frequency_s},
    {"maxConnections", &StorageConfig::max_connections},
    {"multipartPartBytes", &StorageConfig::multipart_part_bytes},
    {"sessionToken", &StorageConfig::session_token},
    {"retryTimeoutMs", &StorageConfig::retry_timeout_ms},
    {"uploadBytesInFlight", &StorageConfig::upload_bytes_in_flight},
};

template <typename T>
struct Assign {
  static arrow::Status To(Napi::Value value, const char* name, T* out) {
    return Read<T>(value, name).Value(out);
  }
};

template <>
struct Assign<uint32_t> {
  static arrow::Status To(Napi::Value value, const char* name, uint32_t* out) {
    ARROW_ASSIGN_OR_RAISE(const int64_t number, Read<int64_t>(value, name));
    if (number < 0 || number > std::numeric_limits<uint32_t>::max()) {
      return Unexpected("an unsigned 32-bit integer", name, value);
    }
    *out = static_cast<uint32_t>(number);
    return arrow::Status::OK();
  }
};

arrow::Status ReadStorageMember(Napi::Value value, const NamedMember& named,
                                StorageConfig* config) {
  return std::visit(
      [&](auto member) {
        auto* target = &(config->*member);
        return Assign<std::remove_reference_t<decltype(*target)>>::To(value, named.name, target);
      },
      named.member);
}

}  // namespace

arrow::Result<StorageConfig> ReadStorage(Napi::Object storage) {
  StorageConfig config;
  Napi::Array names = storage.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const std::string name, Read<std::string>(names.Get(i), "storage"));
    const auto* named =
        std::find_if(std::begin(kMembers), std::end(kMembers),
                     [&name](const NamedMember& known) { return name == known.name; });
    if (named == std::end(kMembers)) {
      return Unexpected("a name of StorageConfig", "storage", names.Get(i));
    }
    ARROW_RETURN_NOT_OK(ReadStorageMember(storage.Get(name), *named, &config));
  }
  return config;
}

}  // namespace packed::binding
