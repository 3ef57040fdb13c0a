#include "upload_file.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "memory_uploader.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed::testing {
namespace {

using arrow::Status;
using Steps = std::vector<std::string>;

constexpr int64_t kMB = 1000 * 1000;

std::string Noise(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

class UploadFileTest : public ::testing::Test {
 protected:
  ~UploadFileTest() override { uploader_->Join(); }

  std::unique_ptr<PendingFile> Start(int64_t part_bytes, IfExists if_exists = IfExists::kError) {
    if (store_ == nullptr) {
      StorageConfig config;
      config.multipart_part_bytes = part_bytes;
      config.upload_bytes_in_flight = 4 * part_bytes;
      store_ = std::make_unique<UploadStore>(uploader_, config);
    }
    return store_->Create("a/b", if_exists).ValueOrDie();
  }

  /// Write in pieces of random sizes.
  static Status WriteAll(PendingFile& file, const std::string& bytes, uint32_t seed) {
    std::mt19937 random(seed);
    for (size_t at = 0; at < bytes.size();) {
      const size_t count = std::min<size_t>(bytes.size() - at, 1 + random() % 5000);
      ARROW_RETURN_NOT_OK(file.stream()->Write(bytes.data() + at, static_cast<int64_t>(count)));
      at += count;
    }
    return Status::OK();
  }

  static Status Finish(PendingFile& file) {
    ARROW_RETURN_NOT_OK(file.Seal(false));
    return file.Publish();
  }

  std::shared_ptr<MemoryUploader> uploader_ = std::make_shared<MemoryUploader>();
  std::unique_ptr<UploadStore> store_;
};

/// Case 68 of the format note.
TEST_F(UploadFileTest, LessThanOnePartIsOnePut) {
  const std::string piece = Noise(kMB, 1);
  auto file = Start(10 << 20);
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(file->stream()->Write(piece).ok());
  EXPECT_EQ(uploader_->steps(), Steps{});
  ASSERT_TRUE(file->Seal(true).ok());
  EXPECT_TRUE(uploader_->objects.empty());
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(uploader_->steps(), Steps{"put"});
  EXPECT_EQ(uploader_->objects.at("root/a/b").size(), 9 * piece.size());
}

/// Case 72.
TEST_F(UploadFileTest, NoBytesAreOnePut) {
  auto file = Start(1024);
  ASSERT_TRUE(file->stream()->Write("", 0).ok());
  ASSERT_TRUE(Finish(*file).ok());
  EXPECT_EQ(uploader_->steps(), Steps{"put"});
  EXPECT_EQ(uploader_->objects.at("root/a/b"), "");
}

TEST_F(UploadFileTest, ExactlyOnePartIsOnePutAndOneByteMoreAreTwoParts) {
  auto file = Start(1024, IfExists::kReplace);
  ASSERT_TRUE(file->stream()->Write(Noise(1024, 2)).ok());
  ASSERT_TRUE(Finish(*file).ok());
  EXPECT_EQ(uploader_->steps(), Steps{"put"});

  const std::string bytes = Noise(1025, 3);
  auto longer = Start(1024, IfExists::kReplace);
  ASSERT_TRUE(longer->stream()->Write(bytes).ok());
  ASSERT_TRUE(Finish(*longer).ok());
  EXPECT_EQ(uploader_->part_sizes(), (std::vector<int64_t>{1024, 1}));
  EXPECT_EQ(uploader_->steps().back(), "complete");
  EXPECT_EQ(uploader_->objects.at("root/a/b"), bytes);
}

TEST_F(UploadFileTest, AnySizesGiveTheBytesThatWereWritten) {
  std::mt19937 random(4);
  uploader_->delay_ms = [](int number) { return (number * 7) % 5; };  // out of order
  for (uint32_t round = 0; round < 40; ++round) {
    const std::string bytes = Noise(random() % 40000, round);
    auto file = Start(1000, IfExists::kReplace);
    ASSERT_TRUE(WriteAll(*file, bytes, round).ok());
    EXPECT_EQ(file->stream()->Tell().ValueOrDie(), static_cast<int64_t>(bytes.size()));
    ASSERT_TRUE(Finish(*file).ok());
    EXPECT_EQ(uploader_->objects.at("root/a/b"), bytes) << round;
    EXPECT_EQ(uploader_->open_uploads(), 0U);
  }
  EXPECT_LE(uploader_->most_in_flight(), 4 * 1000);
}

TEST_F(UploadFileTest, AllPartsButTheLastAreEquallyLong) {
  auto file = Start(1000);
  ASSERT_TRUE(WriteAll(*file, Noise(12345, 5), 5).ok());
  ASSERT_TRUE(Finish(*file).ok());
  std::vector<int64_t> expected(12, 1000);
  expected.push_back(345);
  EXPECT_EQ(uploader_->part_sizes(), expected);
}

TEST_F(UploadFileTest, FilesOfOneWriterShareTheBound) {
  uploader_->delay_ms = [](int) { return 1; };
  std::vector<std::thread> writers;
  static_cast<void>(Start(1000));
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&, i] {
      auto file = store_->Create(std::to_string(i), IfExists::kError).ValueOrDie();
      EXPECT_TRUE(WriteAll(*file, Noise(50000, i), i).ok());
      EXPECT_TRUE(Finish(*file).ok());
    });
  }
  for (auto& writer : writers) writer.join();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(uploader_->objects.at("root/" + std::to_string(i)), Noise(50000, i));
  }
  EXPECT_LE(uploader_->most_in_flight(), 4000);
  EXPECT_GT(uploader_->most_in_flight(), 1000);  // parts do go side by side
}

TEST_F(UploadFileTest, APartThatIsLargerThanTheBoundGoesAlone) {
  StorageConfig config;
  config.multipart_part_bytes = 1000;
  config.upload_bytes_in_flight = 1;
  store_ = std::make_unique<UploadStore>(uploader_, config);
  uploader_->delay_ms = [](int) { return 1; };
  auto file = Start(1000);
  ASSERT_TRUE(WriteAll(*file, Noise(9500, 6), 6).ok());
  ASSERT_TRUE(Finish(*file).ok());
  EXPECT_EQ(uploader_->most_in_flight(), 1000);
  EXPECT_EQ(uploader_->objects.at("root/a/b"), Noise(9500, 6));
}

/// Quirk 12 of the format note: an upload that fails is not left open, whatever fails.
TEST_F(UploadFileTest, NoFailureLeavesAnUploadOpen) {
  for (const std::string& step : Steps{"create", "part 1", "part 5", "part 11", "complete"}) {
    const auto uploader = std::make_shared<MemoryUploader>();
    uploader->delay_ms = [](int number) { return number % 3; };
    uploader->fail = [&](const std::string& at) {
      return at == step ? std::optional(ErrorCode::kThrottled) : std::nullopt;
    };
    StorageConfig config;
    config.multipart_part_bytes = 1000;
    config.upload_bytes_in_flight = 3000;
    auto file = UploadStore(uploader, config).Create("a/b", IfExists::kError).ValueOrDie();
    Status status = WriteAll(*file, Noise(10500, 7), 7);
    if (status.ok()) status = Finish(*file);
    const ErrorInfo info = DescribeError(status);
    EXPECT_EQ(info.code, ErrorCode::kThrottled) << step << status;
    EXPECT_NE(info.message.find("injected into " + step), std::string::npos) << info.message;
    // The first failure stays, until the file is dropped; then nothing is left.
    EXPECT_FALSE(file->stream()->Write("more").ok());
    EXPECT_FALSE(file->Publish().ok());
    file.reset();
    uploader->Join();
    EXPECT_EQ(uploader->open_uploads(), 0U) << step;
    EXPECT_TRUE(uploader->objects.empty()) << step;
    EXPECT_EQ(uploader->aborts_among_parts(), 0) << step;
    EXPECT_EQ(uploader->Count("abort"), step == "create" ? 0 : 1) << step;
  }
}

TEST_F(UploadFileTest, DroppedInAnyStateNothingIsLeft) {
  uploader_->delay_ms = [](int) { return 20; };
  for (const int64_t bytes : {0, 500, 1000, 3500}) {
    for (const bool sealed : {false, true}) {
      auto file = Start(1000);
      ASSERT_TRUE(WriteAll(*file, Noise(bytes, 8), 8).ok());
      if (sealed) {
        ASSERT_TRUE(file->Seal(false).ok());
      }
      file->Discard();
      file->Discard();
      EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kClosed);
      EXPECT_EQ(DescribeError(file->stream()->Write("x")).code, ErrorCode::kClosed);
      file.reset();
      uploader_->Join();
      EXPECT_EQ(uploader_->open_uploads(), 0U) << bytes;
      EXPECT_TRUE(uploader_->objects.empty()) << bytes;
    }
  }
  EXPECT_EQ(uploader_->aborts_among_parts(), 0);
}

TEST_F(UploadFileTest, WhatAppearedMeanwhileIsKept) {
  for (const size_t bytes : {500, 3500}) {
    auto file = Start(1000);
    ASSERT_TRUE(file->stream()->Write(Noise(bytes, 9)).ok());
    ASSERT_TRUE(file->Seal(false).ok());
    uploader_->objects["root/a/b"] = "theirs";
    const ErrorInfo info = DescribeError(file->Publish());
    EXPECT_EQ(info.code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(info.context.path, "a/b");
    EXPECT_EQ(DescribeError(file->Unpublish()).code, ErrorCode::kClosed);
    file.reset();
    EXPECT_EQ(uploader_->objects.at("root/a/b"), "theirs");
    EXPECT_EQ(uploader_->open_uploads(), 0U);
    uploader_->objects.clear();
  }
}

TEST_F(UploadFileTest, TakenBackTheObjectIsGone) {
  auto file = Start(1000);
  EXPECT_EQ(DescribeError(file->Unpublish()).code, ErrorCode::kClosed);
  ASSERT_TRUE(file->stream()->Write(Noise(2500, 10)).ok());
  EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kClosed);
  ASSERT_TRUE(Finish(*file).ok());
  EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kClosed);
  EXPECT_EQ(uploader_->objects.count("root/a/b"), 1U);
  ASSERT_TRUE(file->Unpublish().ok());
  EXPECT_TRUE(uploader_->objects.empty());
}

TEST_F(UploadFileTest, APublishedFileStaysWhenItIsDropped) {
  auto file = Start(1000);
  ASSERT_TRUE(file->stream()->Write(Noise(2500, 11)).ok());
  ASSERT_TRUE(Finish(*file).ok());
  file->Discard();
  file.reset();
  EXPECT_EQ(uploader_->objects.at("root/a/b"), Noise(2500, 11));
  EXPECT_EQ(uploader_->Count("abort"), 0);
}

TEST_F(UploadFileTest, MemoryComesBack) {
  const int64_t before = Pool()->bytes_allocated();
  uploader_->delay_ms = [](int) { return 2; };
  {
    // Multiples of 64, to which Arrow rounds what it allocates.
    auto file = Start(1600 * 64);
    ASSERT_TRUE(file->stream()->Write(Noise(15200 * 64, 12)).ok());
    EXPECT_LE(Pool()->bytes_allocated() - before, 6 * 1600 * 64);
  }
  uploader_->Join();
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST_F(UploadFileTest, PartsOfNoBytesAreRefused) {
  StorageConfig config;
  config.multipart_part_bytes = 0;
  const auto file = UploadStore(uploader_, config).Create("a", IfExists::kError);
  EXPECT_EQ(DescribeError(file.status()).code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace packed::testing
