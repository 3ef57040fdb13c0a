#include "c_api_convert.h"

#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "packed/error.h"

namespace packed {
namespace {

constexpr bool SameNumber(int32_t number, ErrorCode code) {
  return number == static_cast<int32_t>(code);
}

// The C names of the one table in packed/error.h.
static_assert(kErrorCodes.size() == PACKED_RETRIES_EXHAUSTED + 1);
static_assert(SameNumber(PACKED_OK, ErrorCode::kOk));
static_assert(SameNumber(PACKED_INVALID_ARGUMENT, ErrorCode::kInvalidArgument));
static_assert(SameNumber(PACKED_INVALID_SCHEMA, ErrorCode::kInvalidSchema));
static_assert(SameNumber(PACKED_INVALID_DATA, ErrorCode::kInvalidData));
static_assert(SameNumber(PACKED_TYPE_MISMATCH, ErrorCode::kTypeMismatch));
static_assert(SameNumber(PACKED_UNSUPPORTED_TYPE, ErrorCode::kUnsupportedType));
static_assert(SameNumber(PACKED_NOT_SUPPORTED, ErrorCode::kNotSupported));
static_assert(SameNumber(PACKED_NOT_FOUND, ErrorCode::kNotFound));
static_assert(SameNumber(PACKED_ALREADY_EXISTS, ErrorCode::kAlreadyExists));
static_assert(SameNumber(PACKED_PERMISSION_DENIED, ErrorCode::kPermissionDenied));
static_assert(SameNumber(PACKED_NO_SPACE, ErrorCode::kNoSpace));
static_assert(SameNumber(PACKED_STORAGE_IO, ErrorCode::kStorageIO));
static_assert(SameNumber(PACKED_METADATA_CORRUPTED, ErrorCode::kMetadataCorrupted));
static_assert(SameNumber(PACKED_FILE_CORRUPTED, ErrorCode::kFileCorrupted));
static_assert(SameNumber(PACKED_FILE_CHANGED, ErrorCode::kFileChanged));
static_assert(SameNumber(PACKED_CLOSED, ErrorCode::kClosed));
static_assert(SameNumber(PACKED_ABORTED, ErrorCode::kAborted));
static_assert(SameNumber(PACKED_DETACHED, ErrorCode::kDetached));
static_assert(SameNumber(PACKED_OUT_OF_MEMORY, ErrorCode::kOutOfMemory));
static_assert(SameNumber(PACKED_INTERNAL, ErrorCode::kInternal));
static_assert(SameNumber(PACKED_TIMEOUT, ErrorCode::kTimeout));
static_assert(SameNumber(PACKED_THROTTLED, ErrorCode::kThrottled));
static_assert(SameNumber(PACKED_NETWORK, ErrorCode::kNetwork));
static_assert(SameNumber(PACKED_CONFLICT, ErrorCode::kConflict));
static_assert(SameNumber(PACKED_PRECONDITION_FAILED, ErrorCode::kPreconditionFailed));
static_assert(SameNumber(PACKED_RETRIES_EXHAUSTED, ErrorCode::kRetriesExhausted));

/// What S3 takes.
constexpr int64_t kLeastPartBytes = int64_t{5} << 20;
constexpr int64_t kMostPartBytes = int64_t{5} << 30;

void Copy(const char* from, std::string* to) {
  if (from != nullptr) *to = from;
}

template <typename From, typename To>
void CopyNumber(From from, To* to) {
  if (from != 0) *to = from;
}

arrow::Status Mismatch(const std::string& expected, const std::string& name, int64_t received) {
  return MakeError(ErrorCode::kInvalidArgument, "Expected " + expected + " for " + name +
                                                    " but received " + std::to_string(received));
}

}  // namespace

CStatus ToCStatus(const arrow::Status& status) noexcept {
  if (status.ok()) return {PACKED_OK, nullptr};
  try {
    const ErrorInfo info = DescribeError(status);
    return {static_cast<int32_t>(info.code), ::strdup(info.message.c_str())};
  } catch (...) {
    return {PACKED_OUT_OF_MEMORY, nullptr};
  }
}

arrow::Status CheckNotNull(const void* pointer, const char* name) {
  if (pointer != nullptr) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument,
                   std::string("Expected a pointer for ") + name + " but received null");
}

arrow::Status CheckNotNegative(int64_t value, const char* name) {
  return value >= 0 ? arrow::Status::OK() : Mismatch("at least 0", name, value);
}

int64_t ToPartBytes(int64_t bytes) {
  const bool usable = bytes >= kLeastPartBytes && bytes <= kMostPartBytes;
  return usable ? bytes : StorageConfig().multipart_part_bytes;
}

StorageConfig ToStorageConfig(const CStorageConfig* config) {
  StorageConfig result;
  if (config == nullptr) return result;
  Copy(config->storage_type, &result.storage_type);
  Copy(config->address, &result.address);
  Copy(config->bucket_name, &result.bucket_name);
  Copy(config->access_key_id, &result.access_key_id);
  Copy(config->access_key_value, &result.access_key_value);
  if (result.storage_type == "local") Copy(config->root_path, &result.root_path);
  Copy(config->cloud_provider, &result.cloud_provider);
  Copy(config->iam_endpoint, &result.iam_endpoint);
  Copy(config->log_level, &result.log_level);
  Copy(config->region, &result.region);
  Copy(config->ssl_ca_cert, &result.ssl_ca_cert);
  Copy(config->role_arn, &result.role_arn);
  Copy(config->session_name, &result.session_name);
  Copy(config->external_id, &result.external_id);
  Copy(config->tls_min_version, &result.tls_min_version);
  Copy(config->gcp_credential_json, &result.gcp_credential_json);
  result.use_ssl = config->use_ssl != 0;
  result.use_iam = config->use_iam != 0;
  result.use_virtual_host = config->use_virtual_host != 0;
  CopyNumber(config->load_frequency_s, &result.load_frequency_s);
  CopyNumber(config->request_timeout_ms, &result.request_timeout_ms);
  CopyNumber(config->max_connections, &result.max_connections);
  result.multipart_part_bytes = ToPartBytes(config->multipart_part_bytes);
  Copy(config->session_token, &result.session_token);
  CopyNumber(config->retry_timeout_ms, &result.retry_timeout_ms);
  CopyNumber(config->upload_bytes_in_flight, &result.upload_bytes_in_flight);
  return result;
}

arrow::Result<WriterOptions> ToWriterOptions(const CWriterOptions* options) {
  if (options == nullptr) return DefaultOptions(Layout::kMilvus);
  const std::string_view layout = options->layout == nullptr ? "milvus" : options->layout;
  if (layout != "milvus" && layout != "fast" && layout != "small") {
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected milvus, fast or small for layout but received '" + std::string(layout) + "'");
  }
  ARROW_RETURN_NOT_OK(CheckNotNegative(options->row_group_bytes, "row_group_bytes"));
  ARROW_RETURN_NOT_OK(CheckNotNegative(options->buffer_size, "buffer_size"));
  ARROW_RETURN_NOT_OK(CheckNotNegative(options->part_upload_size, "part_upload_size"));
  ARROW_RETURN_NOT_OK(CheckNotNegative(options->concurrency, "concurrency"));
  WriterOptions result = DefaultOptions(layout == "fast"    ? Layout::kFast
                                        : layout == "small" ? Layout::kSmall
                                                            : Layout::kMilvus);
  if (options->compression_level != 0) result.codec.level = options->compression_level;
  CopyNumber(options->row_group_bytes, &result.row_group_bytes);
  CopyNumber(options->buffer_size, &result.buffer_bytes);
  result.concurrency = options->concurrency;
  return result;
}

arrow::Result<std::vector<std::string>> ToPaths(const char* const* paths, int64_t num_paths,
                                                const StorageConfig& storage) {
  if (num_paths < 1) return Mismatch("at least 1", "num_paths", num_paths);
  ARROW_RETURN_NOT_OK(CheckNotNull(paths, "paths"));
  const std::string bucket = storage.storage_type == "local" ? "" : storage.bucket_name + "/";
  std::vector<std::string> result;
  for (int64_t i = 0; i < num_paths; ++i) {
    ARROW_RETURN_NOT_OK(CheckNotNull(paths[i], ("paths[" + std::to_string(i) + "]").c_str()));
    const std::string_view path = paths[i];
    result.emplace_back(path.starts_with(bucket) ? path.substr(bucket.size()) : path);
  }
  return result;
}

arrow::Result<std::vector<ColumnGroup>> ToColumnGroups(const CColumnGroups& groups,
                                                       std::vector<std::string> paths) {
  const auto count = static_cast<int64_t>(paths.size());
  if (groups.num_groups != count) {
    return Mismatch("one group per path (" + std::to_string(count) + ")", "num_groups",
                    groups.num_groups);
  }
  ARROW_RETURN_NOT_OK(CheckNotNull(groups.offsets, "offsets"));
  if (groups.offsets[0] != 0) return Mismatch("0", "offsets[0]", groups.offsets[0]);
  std::vector<ColumnGroup> result;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = groups.offsets[i];
    const int64_t end = groups.offsets[i + 1];
    if (end < begin || end > std::numeric_limits<int32_t>::max()) {
      return Mismatch("an ascending position", "offsets[" + std::to_string(i + 1) + "]", end);
    }
    if (end > begin) ARROW_RETURN_NOT_OK(CheckNotNull(groups.columns, "columns"));
    result.push_back({.id = groups.ids == nullptr ? i : groups.ids[i],
                      .path = std::move(paths[i]),
                      .columns = {groups.columns + begin, groups.columns + end}});
  }
  return result;
}

}  // namespace packed
