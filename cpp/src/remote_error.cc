#include "remote_error.h"

#include <algorithm>
#include <iterator>

namespace packed {
namespace {

struct Rule {
  std::string_view words;
  ErrorCode code;
  bool retry;
};

/// The first rule whose words occur decides: names of a store come before what they are wrapped
/// in, and a status of HTTP is the last resort.
constexpr Rule kRules[] = {
    // Names by which stores ask for patience.
    {"SLOW_DOWN", ErrorCode::kThrottled, true},
    {"SlowDown", ErrorCode::kThrottled, true},
    {"XMinioServerNotInitialized", ErrorCode::kThrottled, true},
    {"THROTTLING", ErrorCode::kThrottled, true},
    {"Throttling", ErrorCode::kThrottled, true},
    {"REQUEST_LIMIT_EXCEEDED", ErrorCode::kThrottled, true},
    {"RequestLimitExceeded", ErrorCode::kThrottled, true},
    {"TooManyRequests", ErrorCode::kThrottled, true},
    {"BandwidthLimitExceeded", ErrorCode::kThrottled, true},
    {"SERVICE_UNAVAILABLE", ErrorCode::kThrottled, true},
    {"ServiceUnavailable", ErrorCode::kThrottled, true},
    {"ServerBusy", ErrorCode::kThrottled, true},
    {"RESOURCE_EXHAUSTED", ErrorCode::kThrottled, true},
    // Who asks, and with what right. Before "not found": versitygw says 404 to unknown keys.
    {"XAdminUserNotFound", ErrorCode::kPermissionDenied, false},
    {"ACCESS_DENIED", ErrorCode::kPermissionDenied, false},
    {"AccessDenied", ErrorCode::kPermissionDenied, false},
    {"INVALID_ACCESS_KEY_ID", ErrorCode::kPermissionDenied, false},
    {"InvalidAccessKeyId", ErrorCode::kPermissionDenied, false},
    {"INVALID_CLIENT_TOKEN_ID", ErrorCode::kPermissionDenied, false},
    {"InvalidToken", ErrorCode::kPermissionDenied, false},
    {"ExpiredToken", ErrorCode::kPermissionDenied, false},
    {"UNRECOGNIZED_CLIENT", ErrorCode::kPermissionDenied, false},
    {"INVALID_SIGNATURE", ErrorCode::kPermissionDenied, false},
    {"SIGNATURE_DOES_NOT_MATCH", ErrorCode::kPermissionDenied, false},
    {"SignatureDoesNotMatch", ErrorCode::kPermissionDenied, false},
    {"REQUEST_TIME_TOO_SKEWED", ErrorCode::kPermissionDenied, false},
    {"RequestTimeTooSkewed", ErrorCode::kPermissionDenied, false},
    {"REQUEST_EXPIRED", ErrorCode::kPermissionDenied, false},
    {"MISSING_AUTHENTICATION_TOKEN", ErrorCode::kPermissionDenied, false},
    {"AuthenticationFailed", ErrorCode::kPermissionDenied, false},
    {"AuthorizationFailure", ErrorCode::kPermissionDenied, false},
    {"AuthorizationPermissionMismatch", ErrorCode::kPermissionDenied, false},
    {"InvalidAuthenticationInfo", ErrorCode::kPermissionDenied, false},
    {"NoAuthenticationInformation", ErrorCode::kPermissionDenied, false},
    {"PERMISSION_DENIED", ErrorCode::kPermissionDenied, false},
    {"UNAUTHENTICATED", ErrorCode::kPermissionDenied, false},
    {"Base64 encoded", ErrorCode::kInvalidArgument, false},
    // What is not there, or not as the request wants it.
    {"NO_SUCH_BUCKET", ErrorCode::kNotFound, false},
    {"NoSuchBucket", ErrorCode::kNotFound, false},
    {"ContainerNotFound", ErrorCode::kNotFound, false},
    {"NO_SUCH_KEY", ErrorCode::kNotFound, false},
    {"NoSuchKey", ErrorCode::kNotFound, false},
    {"RESOURCE_NOT_FOUND", ErrorCode::kNotFound, false},
    {"BlobNotFound", ErrorCode::kNotFound, false},
    {"NOT_FOUND", ErrorCode::kNotFound, false},
    {"Path does not exist", ErrorCode::kNotFound, false},
    {"InvalidRange", ErrorCode::kFileChanged, false},
    {"OUT_OF_RANGE", ErrorCode::kFileChanged, false},
    {"HTTP status 416", ErrorCode::kFileChanged, false},
    {"ConditionalRequestConflict", ErrorCode::kConflict, true},
    {"OperationAborted", ErrorCode::kConflict, true},
    {"HTTP status 409", ErrorCode::kConflict, true},
    {"PreconditionFailed", ErrorCode::kPreconditionFailed, false},
    {"FAILED_PRECONDITION", ErrorCode::kPreconditionFailed, false},
    {"HTTP status 412", ErrorCode::kPreconditionFailed, false},
    {"QuotaExceeded", ErrorCode::kNoSpace, false},
    {"XMinioStorageFull", ErrorCode::kNoSpace, false},
    {"HTTP status 507", ErrorCode::kNoSpace, false},
    // The connection. A certificate that is refused will be refused again.
    {"curlCode: 60", ErrorCode::kNetwork, false},
    {"curlCode: 77", ErrorCode::kNetwork, false},
    {"wrong version number", ErrorCode::kNetwork, false},
    {"SSL peer certificate", ErrorCode::kNetwork, false},
    {"SSL CA cert", ErrorCode::kNetwork, false},
    {"curlCode: 28", ErrorCode::kTimeout, true},
    {"REQUEST_TIMEOUT", ErrorCode::kTimeout, true},
    {"RequestTimeout", ErrorCode::kTimeout, true},
    {"DEADLINE_EXCEEDED", ErrorCode::kTimeout, true},
    {"OperationTimedOut", ErrorCode::kTimeout, true},
    {"Timeout was reached", ErrorCode::kTimeout, true},
    {"HTTP status 408", ErrorCode::kTimeout, true},
    {"curlCode", ErrorCode::kNetwork, true},
    {"CURL error", ErrorCode::kNetwork, true},
    {"NETWORK_CONNECTION", ErrorCode::kNetwork, true},
    {"get a new connection", ErrorCode::kNetwork, true},
    {"connect to server", ErrorCode::kNetwork, true},
    {"resolve host", ErrorCode::kNetwork, true},
    {"Connection reset", ErrorCode::kNetwork, true},
    {"Connection closed", ErrorCode::kNetwork, true},
    {"Error while polling", ErrorCode::kNetwork, true},
    {"Error while sending", ErrorCode::kNetwork, true},
    {"Error while receiving", ErrorCode::kNetwork, true},
    // Statuses alone.
    {"HTTP status 429", ErrorCode::kThrottled, true},
    {"HTTP status 503", ErrorCode::kThrottled, true},
    {"HTTP status 401", ErrorCode::kPermissionDenied, false},
    {"HTTP status 403", ErrorCode::kPermissionDenied, false},
    {"HTTP status 404", ErrorCode::kNotFound, false},
    {"HTTP status 5", ErrorCode::kStorageIO, true},
    {"HTTP status", ErrorCode::kStorageIO, false},
    {"INTERNAL_FAILURE", ErrorCode::kStorageIO, true},
    {"INTERNAL", ErrorCode::kStorageIO, true},
    {"InternalError", ErrorCode::kStorageIO, true},
    {"UNAVAILABLE", ErrorCode::kStorageIO, true},
    {"UNKNOWN", ErrorCode::kStorageIO, true},
};

/// What is shorter is no secret, and would take words apart.
constexpr size_t kLeastSecret = 4;

constexpr std::string_view kBucketWords[] = {"NO_SUCH_BUCKET", "NoSuchBucket", "ContainerNotFound",
                                             "specified bucket does not exist"};

bool Contains(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

void ReplaceAll(std::string_view words, std::string_view by, std::string* text) {
  for (size_t at = text->find(words); at != std::string::npos;
       at = text->find(words, at + by.size())) {
    text->replace(at, words.size(), by);
  }
}

}  // namespace

RemoteFailure ClassifyRemoteText(std::string_view text) {
  RemoteFailure failure;
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules),
                                  [text](const Rule& rule) { return Contains(text, rule.words); });
  if (rule == std::end(kRules)) return failure;
  failure.code = rule->code;
  failure.retry = rule->retry;
  failure.bucket_missing =
      rule->code == ErrorCode::kNotFound &&
      std::any_of(std::begin(kBucketWords), std::end(kBucketWords),
                  [text](std::string_view words) { return Contains(text, words); });
  return failure;
}

RemoteFailure ClassifyRemoteStatus(const arrow::Status& status) {
  const ErrorCode code = DescribeError(status).code;
  // An IOError of Arrow, or an exception that its clients let through, says no more than its text.
  if (code == ErrorCode::kStorageIO || code == ErrorCode::kInternal) {
    return ClassifyRemoteText(status.message());
  }
  return {code, false, false};
}

std::string WithoutSecrets(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() >= kLeastSecret) ReplaceAll(secret, "[secret]", &text);
  }
  // Azure and S3 may go on with the string to sign and the signature that they were given.
  for (const std::string_view words : {"AuthenticationErrorDetail", "StringToSign",
                                       "string to sign", "X-Amz-Signature", "MAC signature"}) {
    text = text.substr(0, text.find(words));
  }
  return text;
}

}  // namespace packed
