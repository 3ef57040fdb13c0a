#include "remote_address.h"

#include <gtest/gtest.h>

#include "packed/error.h"

namespace packed {
namespace {

StorageConfig Remote(const std::string& address, const std::string& provider = "aws") {
  StorageConfig config;
  config.storage_type = "remote";
  config.cloud_provider = provider;
  config.address = address;
  config.bucket_name = "b";
  return config;
}

TEST(RemoteAddress, SchemeComesFromTheUrlThenFromTheSetting) {
  const auto url = ParseRemoteAddress(Remote("https://store:9000/")).ValueOrDie();
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "store:9000");
  EXPECT_EQ(url.name, "store:9000/b");
  StorageConfig config = Remote("store:9000");
  EXPECT_EQ(ParseRemoteAddress(config).ValueOrDie().scheme, "http");
  config.use_ssl = true;
  EXPECT_EQ(ParseRemoteAddress(config).ValueOrDie().scheme, "https");
  const auto cloud = ParseRemoteAddress(Remote("")).ValueOrDie();
  EXPECT_EQ(cloud.scheme, "https");
  EXPECT_EQ(cloud.name, "b");
}

TEST(RemoteAddress, ProviderDecidesOnTheClient) {
  EXPECT_EQ(ParseRemoteAddress(Remote("", "azure")).ValueOrDie().kind, RemoteKind::kAzure);
  EXPECT_EQ(ParseRemoteAddress(Remote("", "gcp")).ValueOrDie().kind, RemoteKind::kGcs);
  EXPECT_EQ(ParseRemoteAddress(Remote("", "huawei")).ValueOrDie().kind, RemoteKind::kS3);
  StorageConfig minio = Remote("", "gcp");
  minio.storage_type = "minio";
  EXPECT_EQ(ParseRemoteAddress(minio).ValueOrDie().kind, RemoteKind::kS3);
}

TEST(RemoteAddress, RefusesWhatIsNoPlaceAndNamesTheSetting) {
  StorageConfig without_bucket = Remote("store");
  without_bucket.bucket_name = "";
  for (const auto& [config, field] :
       {std::pair{without_bucket, "bucketName"}, std::pair{Remote("a b"), "address"},
        std::pair{Remote("host/path"), "address"}, std::pair{Remote("", "ibm"), "cloudProvider"}}) {
    const ErrorInfo info = DescribeError(ParseRemoteAddress(config).status());
    EXPECT_EQ(info.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(info.context.field, field);
  }
}

TEST(RemoteKey, RootComesFirst) {
  EXPECT_EQ(RemoteKey("", "a/b").ValueOrDie(), "a/b");
  EXPECT_EQ(RemoteKey("", "/a/b").ValueOrDie(), "a/b");
  EXPECT_EQ(RemoteKey("/files/", "a b+%ü").ValueOrDie(), "files/a b+%ü");
}

TEST(RemoteKey, RefusesWhatDoesNotSurviveUrls) {
  for (const char* path : {"", "/", "a//b", "//a", "a/", "a/../b", "./a"}) {
    const ErrorInfo info = DescribeError(RemoteKey("root", path).status());
    EXPECT_EQ(info.code, ErrorCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(DescribeError(RemoteKey("a/../b", "c").status()).context.field, "rootPath");
}

}  // namespace
}  // namespace packed
