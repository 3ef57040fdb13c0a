#include "remote_error.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace packed {
namespace {

struct Seen {
  const char* text;
  ErrorCode code;
  bool retry;
  bool bucket_missing = false;
};

/// As Arrow 26 puts what versitygw, MinIO, azurite, fake-gcs-server and broken connections answer.
const Seen kSeen[] = {
    {"AWS Error NO_SUCH_KEY during GetObject operation: The specified key does not exist. "
     "(Request ID: OADPT7IT61858GTW)",
     ErrorCode::kNotFound, false},
    {"AWS Error NO_SUCH_BUCKET during GetObject operation: The specified bucket does not exist. "
     "(Request ID: EKH4OHQESJWSPEQO)",
     ErrorCode::kNotFound, false, true},
    {"Path does not exist 'segments/none.txt'", ErrorCode::kNotFound, false},
    {"AWS Error INVALID_ACCESS_KEY_ID during GetObject operation: The AWS Access Key Id you "
     "provided does not exist in our records.",
     ErrorCode::kPermissionDenied, false},
    {"AWS Error SIGNATURE_DOES_NOT_MATCH during GetObject operation: The request signature we "
     "calculated does not match the signature you provided. Check your key and signing method.",
     ErrorCode::kPermissionDenied, false},
    {"AWS Error UNKNOWN (HTTP status 404) during GetObject operation: Unable to parse "
     "ExceptionName: XAdminUserNotFound Message: The admin user does not exist",
     ErrorCode::kPermissionDenied, false},
    {"AWS Error UNKNOWN (HTTP status 400) during GetObject operation: Unable to parse "
     "ExceptionName: InvalidToken Message: The provided token is malformed",
     ErrorCode::kPermissionDenied, false},
    {"AWS Error UNKNOWN (HTTP status 400) during GetObject operation: Unable to parse "
     "ExceptionName: ExpiredToken Message: The provided token has expired.",
     ErrorCode::kPermissionDenied, false},
    {"When reading information for key 'k' in bucket 'b': AWS Error ACCESS_DENIED during "
     "HeadObject operation: No response body.",
     ErrorCode::kPermissionDenied, false},
    {"AWS Error SLOW_DOWN during GetObject operation: Please reduce your request rate.",
     ErrorCode::kThrottled, true},
    {"AWS Error UNKNOWN (HTTP status 503) during GetObject operation: Unable to parse "
     "ExceptionName: XMinioServerNotInitialized Message: Server not initialized yet",
     ErrorCode::kThrottled, true},
    {"AWS Error UNKNOWN (HTTP status 503) during GetObject operation: Unable to parse "
     "ExceptionName: SlowDownWrite Message: Resource requested is unwritable",
     ErrorCode::kThrottled, true},
    {"AWS Error UNKNOWN (HTTP status 416) during GetObject operation: Unable to parse "
     "ExceptionName: InvalidRange Message: The requested range is not satisfiable",
     ErrorCode::kFileChanged, false},
    {"AWS Error INTERNAL_FAILURE during GetObject operation: We encountered an internal error.",
     ErrorCode::kStorageIO, true},
    {"AWS Error UNKNOWN (HTTP status 400) during GetObject operation: Unable to parse "
     "ExceptionName: AuthorizationHeaderMalformed Message: the region \"eu-west-1\" is wrong",
     ErrorCode::kStorageIO, false},
    {"AWS Error NETWORK_CONNECTION during GetObject operation: curlCode: 7, Could not connect to "
     "server; Details: Failed to connect to 127.0.0.1:29009 after 0 ms",
     ErrorCode::kNetwork, true},
    {"AWS Error NETWORK_CONNECTION during GetObject operation: curlCode: 18, Transferred a "
     "partial file",
     ErrorCode::kNetwork, true},
    {"AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 28, Timeout was "
     "reached; Details: Operation too slow. Less than 1 bytes/sec transferred the last 3 seconds",
     ErrorCode::kTimeout, true},
    {"AWS Error NETWORK_CONNECTION during GetObject operation: curlCode: 60, SSL peer "
     "certificate or SSH remote key was not OK",
     ErrorCode::kNetwork, false},
    {"AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 35, SSL connect error; "
     "Details: TLS connect error: error:0A00010B:SSL routines::wrong version number",
     ErrorCode::kNetwork, false},
    {"DownloadTo from 'http://127.0.0.1:10000/account/segments/none' at position 0 for 16 bytes "
     "failed. Azure Error: [BlobNotFound] 404 The specified blob does not exist.",
     ErrorCode::kNotFound, false},
    {"GetProperties failed. Azure Error: [ContainerNotFound] 404 The specified container does not "
     "exist.",
     ErrorCode::kNotFound, false, true},
    {"GetProperties failed. Azure Error: [AuthorizationFailure] 403 Server failed to authenticate "
     "the request.",
     ErrorCode::kPermissionDenied, false},
    {"Unexpected exception: Unexpected end of Base64 encoded string..", ErrorCode::kInvalidArgument,
     false},
    {"something that nobody has seen", ErrorCode::kStorageIO, false},
};

TEST(RemoteError, ReadsTheClassOutOfTheWords) {
  for (const Seen& seen : kSeen) {
    const RemoteFailure failure = ClassifyRemoteText(seen.text);
    EXPECT_EQ(failure.code, seen.code) << seen.text;
    EXPECT_EQ(failure.retry, seen.retry) << seen.text;
    EXPECT_EQ(failure.bucket_missing, seen.bucket_missing) << seen.text;
  }
}

TEST(RemoteError, WhatHasACodeKeepsIt) {
  const auto changed = MakeError(ErrorCode::kFileChanged, "SlowDown");
  EXPECT_EQ(ClassifyRemoteStatus(changed).code, ErrorCode::kFileChanged);
  EXPECT_FALSE(ClassifyRemoteStatus(changed).retry);
  const auto memory = arrow::Status::OutOfMemory("SlowDown");
  EXPECT_EQ(ClassifyRemoteStatus(memory).code, ErrorCode::kOutOfMemory);
  EXPECT_EQ(ClassifyRemoteStatus(arrow::Status::IOError("SlowDown")).code, ErrorCode::kThrottled);
}

TEST(RemoteError, SecretsAreTakenOut) {
  EXPECT_EQ(WithoutSecrets("key hunter22 and hunter22!", {"hunter22", ""}),
            "key [secret] and [secret]!");
  EXPECT_EQ(WithoutSecrets("denied: AuthenticationErrorDetail: MAC abcdef", {}), "denied: ");
  EXPECT_EQ(WithoutSecrets("exact", {"x"}), "exact");
}

}  // namespace
}  // namespace packed
