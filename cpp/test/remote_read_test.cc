#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "arrow/buffer.h"
#include "arrow/util/future.h"

#include "packed/error.h"
#include "packed/storage.h"
#include "remote_support.h"

namespace packed {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::MetricsOf;

/// Bytes that differ from place to place.
std::string Pattern(size_t bytes) {
  std::string pattern(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) pattern[i] = static_cast<char>(i * 2654435761U >> 13);
  return pattern;
}

class RemoteReadTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = test::S3Server::Start(&why_); }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << why_;
    config_ = server_->config();
    server_->Put("dir/object", content_);
  }

  std::shared_ptr<ReadableFile> Open(int64_t file_bytes = -1, int64_t tail_bytes = 0) const {
    ReadOptions options;
    options.file_bytes = file_bytes;
    options.tail_bytes = tail_bytes;
    return FileStore::Make(config_).ValueOrDie()->Open("dir/object", options).ValueOrDie();
  }

  static std::string Read(ReadableFile& file, int64_t position, int64_t bytes) {
    return file.file()->ReadAt(position, bytes).ValueOrDie()->ToString();
  }

  ErrorInfo OpenError(const std::string& path) const {
    return DescribeError(FileStore::Make(config_).ValueOrDie()->Open(path, {}).status());
  }

  static inline std::unique_ptr<test::S3Server> server_;
  static inline std::string why_;
  StorageConfig config_;
  const std::string content_ = Pattern(300000);
};

TEST_F(RemoteReadTest, ReadsRangesOfTheObject) {
  auto file = Open();
  EXPECT_EQ(file->size(), 300000);
  EXPECT_TRUE(file->remote());
  EXPECT_EQ(Read(*file, 0, 300000), content_);
  EXPECT_EQ(Read(*file, 1234, 5), content_.substr(1234, 5));
  char out[7];
  EXPECT_EQ(file->file()->ReadAt(299990, 7, out).ValueOrDie(), 7);
  EXPECT_EQ(std::string(out, 7), content_.substr(299990, 7));
  const auto later = file->file()->ReadAsync(arrow::io::default_io_context(), 100, 50);
  EXPECT_EQ(later.result().ValueOrDie()->ToString(), content_.substr(100, 50));
  const auto exact = file->file()->ReadAsync(299990, 20, false);
  EXPECT_EQ(DescribeError(exact.status()).code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(file->file()->Seek(10).ok());
  EXPECT_EQ(file->file()->Read(3).ValueOrDie()->ToString(), content_.substr(10, 3));
  EXPECT_EQ(file->file()->Tell().ValueOrDie(), 13);
}

TEST_F(RemoteReadTest, RootPathComesFirst) {
  config_.root_path = "/dir/";
  auto file = FileStore::Make(config_).ValueOrDie()->Open("object", {}).ValueOrDie();
  EXPECT_EQ(Read(*file, 0, 10), content_.substr(0, 10));
  EXPECT_EQ(OpenError("none").context.path, "none");
}

TEST_F(RemoteReadTest, KeysKeepTheirSigns) {
  for (const char* key : {"a b", "a+b", "a%20b", "größe/日本", "a?b&c=d#e", "a:b"}) {
    server_->Put(key, key);
    auto file = FileStore::Make(config_).ValueOrDie()->Open(key, {}).ValueOrDie();
    EXPECT_EQ(Read(*file, 0, 100), key);
  }
}

/// Case 70: opening is no read.
TEST_F(RemoteReadTest, OpeningWithAKnownSizeAsksNothing) {
  const auto before = MetricsOf(config_);
  auto file = Open(300000);
  EXPECT_EQ(MetricsOf(config_).requests, before.requests);
  EXPECT_EQ(Read(*file, 299000, 1000), content_.substr(299000));
  EXPECT_EQ(MetricsOf(config_).requests, before.requests + 1);
}

TEST_F(RemoteReadTest, OpeningWithoutASizeIsOneRequestAndNoRead) {
  const auto before = MetricsOf(config_);
  auto file = Open();
  EXPECT_EQ(MetricsOf(config_).requests, before.requests + 1);
  EXPECT_EQ(MetricsOf(config_).bytes_read, before.bytes_read);
}

TEST_F(RemoteReadTest, TheTailIsOneRequest) {
  const auto before = MetricsOf(config_);
  auto file = Open(300000, 1000);
  EXPECT_EQ(Read(*file, 299992, 8), content_.substr(299992));
  EXPECT_EQ(Read(*file, 299000, 900), content_.substr(299000, 900));
  EXPECT_EQ(MetricsOf(config_).requests, before.requests + 1);
  EXPECT_EQ(MetricsOf(config_).bytes_read, before.bytes_read + 1000);
  EXPECT_EQ(Read(*file, 298999, 2), content_.substr(298999, 2));
  EXPECT_EQ(MetricsOf(config_).requests, before.requests + 2);
}

/// Case 71.
TEST_F(RemoteReadTest, RangesAcrossTheEndAreShortAndThoseBehindItFail) {
  auto file = Open();
  EXPECT_EQ(Read(*file, 299999, 100), content_.substr(299999));
  EXPECT_EQ(Read(*file, 300000, 100), "");
  for (const int64_t position : {int64_t{300001}, int64_t{-1}}) {
    const auto info = DescribeError(file->file()->ReadAt(position, 1).status());
    EXPECT_EQ(info.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(info.context.path, "dir/object");
  }
}

TEST_F(RemoteReadTest, AnObjectThatEndsBeforeItsSizeHasChanged) {
  auto longer = Open(300100);
  EXPECT_EQ(DescribeError(longer->file()->ReadAt(299000, 1100).status()).code,
            ErrorCode::kFileChanged);
  auto much_longer = Open(900000);
  EXPECT_EQ(DescribeError(much_longer->file()->ReadAt(800000, 10).status()).code,
            ErrorCode::kFileChanged);
  EXPECT_EQ(Read(*longer, 0, 100), content_.substr(0, 100));
}

TEST_F(RemoteReadTest, ClosedFilesAreNotRead) {
  auto file = Open();
  ASSERT_TRUE(file->file()->Close().ok());
  EXPECT_TRUE(file->file()->Close().ok());
  EXPECT_EQ(DescribeError(file->file()->ReadAt(0, 1).status()).code, ErrorCode::kClosed);
  EXPECT_EQ(DescribeError(file->CheckUnchanged()).code, ErrorCode::kClosed);
}

TEST_F(RemoteReadTest, FailuresKeepTheirClassAndAreNotRepeated) {
  const auto before = MetricsOf(config_);
  const ErrorInfo no_object = OpenError("none");
  EXPECT_EQ(no_object.code, ErrorCode::kNotFound);
  EXPECT_EQ(no_object.context.path, "none");
  EXPECT_EQ(MetricsOf(config_).requests, before.requests + 1);
  const StorageConfig right = config_;
  config_.access_key_id = "somebody";
  EXPECT_EQ(OpenError("dir/object").code, ErrorCode::kPermissionDenied);
  config_ = right;
  config_.access_key_value = "not-the-secret";
  const ErrorInfo wrong_secret = OpenError("dir/object");
  EXPECT_EQ(wrong_secret.code, ErrorCode::kPermissionDenied);
  EXPECT_NE(wrong_secret.message.find("SIGNATURE_DOES_NOT_MATCH"), std::string::npos)
      << wrong_secret.message;
  EXPECT_EQ(wrong_secret.message.find("not-the-secret"), std::string::npos);
  config_ = right;
  config_.session_token = "made-up";
  EXPECT_EQ(OpenError("dir/object").code, ErrorCode::kPermissionDenied);
  config_ = right;
  config_.bucket_name = "nobucket";
  const ErrorInfo no_bucket = OpenError("dir/object");
  EXPECT_EQ(no_bucket.code, ErrorCode::kNotFound);
  EXPECT_NE(no_bucket.message.find("bucket"), std::string::npos);
}

TEST_F(RemoteReadTest, ShortReadsKeepTheStoresWords) {
  config_.access_key_value = "not-the-secret";
  auto file = Open(300000);
  const ErrorInfo info = DescribeError(file->file()->ReadAt(0, 4).status());
  EXPECT_EQ(info.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(info.context.path, "dir/object");
}

TEST_F(RemoteReadTest, ManyThreadsShareAFile) {
  auto file = Open();
  std::vector<std::thread> threads;
  std::vector<std::string> read(40);
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&, i] { read[i] = Read(*file, i * 7000, 7000); });
  }
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(read[i], content_.substr(i * 7000, 7000)) << i;
}

TEST_F(RemoteReadTest, MappingIsForLocalFiles) {
  ReadOptions options;
  options.mmap = true;
  const auto opened = FileStore::Make(config_).ValueOrDie()->Open("dir/object", options);
  EXPECT_EQ(DescribeError(opened.status()).code, ErrorCode::kNotSupported);
}

TEST_F(RemoteReadTest, WritesWithoutAnUploader) {
  auto store = FileStore::Make(config_).ValueOrDie();
  const std::string large = Pattern(11 << 20);
  auto file = store->Create("out/object", IfExists::kError).ValueOrDie();
  ASSERT_TRUE(file->stream()->Write(large.data(), static_cast<int64_t>(large.size())).ok());
  ASSERT_TRUE(file->Seal(false).ok());
  EXPECT_FALSE(server_->Has("out/object"));
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(server_->Get("out/object"), large);
  EXPECT_EQ(DescribeError(store->Create("out/object", IfExists::kError).status()).code,
            ErrorCode::kAlreadyExists);
  ASSERT_TRUE(file->Unpublish().ok());
  EXPECT_FALSE(server_->Has("out/object"));
}

TEST_F(RemoteReadTest, WhatIsNotPublishedNeverAppears) {
  auto store = FileStore::Make(config_).ValueOrDie();
  for (const size_t bytes : {size_t{10}, size_t{11} << 20}) {
    const std::string content = Pattern(bytes);
    auto file = store->Create("dropped", IfExists::kError).ValueOrDie();
    ASSERT_TRUE(file->stream()->Write(content.data(), static_cast<int64_t>(bytes)).ok());
    file.reset();
  }
  // Behind the aborts, which the pool works off beside us.
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_FALSE(server_->Has("dropped"));
}

// ---- stores that do not answer -----------------------------------------------------------------

struct Outcome {
  ErrorInfo error;
  milliseconds took;
};

Outcome OpenAt(const StorageConfig& config, std::optional<CancelToken> cancel = std::nullopt) {
  const auto began = steady_clock::now();
  ReadOptions options;
  options.cancel = std::move(cancel);
  auto opened = FileStore::Make(config).ValueOrDie()->Open("object", options);
  return {DescribeError(opened.status()),
          std::chrono::duration_cast<milliseconds>(steady_clock::now() - began)};
}

TEST(RemoteDeadline, FiresInTimeAndCountsWhatIsLeftBehind) {
  const test::SilentServer server;
  StorageConfig config = server.config();
  config.request_timeout_ms = 200;
  config.retry_timeout_ms = 1000;
  const Outcome outcome = OpenAt(config);
  EXPECT_EQ(outcome.error.code, ErrorCode::kTimeout);
  EXPECT_EQ(outcome.error.context.path, "object");
  EXPECT_GE(outcome.took, milliseconds(1000));
  EXPECT_LT(outcome.took, milliseconds(3000));
  EXPECT_GE(MetricsOf(config).abandoned, 2);
  EXPECT_GE(MetricsOf(config).retries, 1);
}

TEST(RemoteDeadline, StuckCallsDoNotStopOthers) {
  const test::SilentServer server;
  StorageConfig config = server.config();
  config.request_timeout_ms = 300;
  config.retry_timeout_ms = 900;
  std::vector<std::thread> threads;
  std::vector<Outcome> outcomes(150);
  for (Outcome& outcome : outcomes) {
    threads.emplace_back([&config, &outcome] { outcome = OpenAt(config); });
  }
  for (auto& thread : threads) thread.join();
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.error.code, ErrorCode::kTimeout);
    EXPECT_LT(outcome.took, milliseconds(5000));
  }
}

TEST(RemoteDeadline, CancelledCallsEndAtOnce) {
  const test::SilentServer server;
  const CancelToken cancel;
  std::thread later([&cancel] {
    std::this_thread::sleep_for(milliseconds(100));
    cancel.Cancel();
  });
  const Outcome outcome = OpenAt(server.config(), cancel);
  later.join();
  EXPECT_EQ(outcome.error.code, ErrorCode::kAborted);
  EXPECT_LT(outcome.took, milliseconds(3000));
}

TEST(RemoteDeadline, RefusedConnectionsAreTriedAgainUntilTheTimeIsOver) {
  StorageConfig config = test::RefusingStore();
  config.retry_timeout_ms = 1500;
  const Outcome outcome = OpenAt(config);
  EXPECT_EQ(outcome.error.code, ErrorCode::kNetwork);
  EXPECT_LT(outcome.took, milliseconds(4000));
  EXPECT_GE(MetricsOf(config).retries, 2);
  EXPECT_EQ(MetricsOf(config).failed, MetricsOf(config).requests);
}

TEST(RemoteDeadline, TimesMustBeTimes) {
  StorageConfig config = test::RefusingStore();
  config.request_timeout_ms = 0;
  const ErrorInfo info = DescribeError(FileStore::Make(config).status());
  EXPECT_EQ(info.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(info.context.field, "requestTimeoutMs");
}

TEST(RemoteExitDeathTest, DoesNotWaitForAStuckCallAndKeepsTheStatus) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto began = steady_clock::now();
  EXPECT_EXIT(
      {
        const test::SilentServer server;
        std::thread([config = server.config()] { OpenAt(config); }).detach();
        std::this_thread::sleep_for(milliseconds(500));
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "");
  EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(8));
}

TEST(RemoteExitDeathTest, IsCleanAfterUse) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        StorageConfig config = test::RefusingStore();
        config.retry_timeout_ms = 300;
        OpenAt(config);
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace packed
