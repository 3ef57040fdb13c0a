#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "arrow/io/memory.h"
#include "parquet/arrow/reader.h"

#include "memory_uploader.h"
#include "packed/writer.h"
#include "writer_harness.h"

/// Whole writers over an uploader.
namespace packed::testing {
namespace {

using Steps = std::vector<std::string>;

constexpr int64_t kRows = 20000;

std::shared_ptr<arrow::Schema> TwoColumns() {
  return arrow::schema(
      {IdField("id", arrow::int64(), 100, false), IdField("text", arrow::utf8(), 101, false)});
}

std::shared_ptr<arrow::RecordBatch> Rows() {
  std::string ids = "[";
  std::string texts = "[";
  for (int64_t i = 0; i < kRows; ++i) {
    ids += (i > 0 ? "," : "") + std::to_string(i * 7919);
    texts += (i > 0 ? ",\"" : "\"") + std::to_string(i * 104729) + "\"";
  }
  return BatchOf(TwoColumns(), {Json(arrow::int64(), ids + "]"), Json(arrow::utf8(), texts + "]")});
}

class UploadWriterTest : public ::testing::Test {
 protected:
  ~UploadWriterTest() override { uploader_->Join(); }

  std::unique_ptr<PackedWriter> Open(WriterOptions options = {}) {
    StorageConfig config;
    config.multipart_part_bytes = 10000;
    config.upload_bytes_in_flight = 40000;
    options.row_group_bytes = 32 << 10;
    return PackedWriter::Open(TwoColumns(), {{0, "seg/0", {0}}, {1, "seg/1", {1}}},
                              std::move(options), std::make_shared<UploadStore>(uploader_, config))
        .ValueOrDie();
  }

  std::shared_ptr<arrow::Table> ReadBack(const std::string& key) {
    const auto bytes = std::make_shared<arrow::Buffer>(uploader_->objects.at(key));
    auto reader = parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(bytes),
                                           arrow::default_memory_pool())
                      .ValueOrDie();
    return reader->ReadTable().ValueOrDie();
  }

  std::shared_ptr<MemoryUploader> uploader_ = std::make_shared<MemoryUploader>();
};

TEST_F(UploadWriterTest, ObjectsAppearWithFinishAndHoldTheRows) {
  auto writer = Open();
  ASSERT_TRUE(writer->Write(Rows()).ok());
  EXPECT_GT(uploader_->part_sizes().size(), 4U);
  EXPECT_TRUE(uploader_->objects.empty());
  const auto results = writer->Finish().ValueOrDie();
  ASSERT_EQ(results.size(), 2U);
  for (int i = 0; i < 2; ++i) {
    const std::string key = "root/seg/" + std::to_string(i);
    EXPECT_EQ(results[i].path, "seg/" + std::to_string(i));
    EXPECT_EQ(results[i].file_bytes, static_cast<int64_t>(uploader_->objects.at(key).size()));
    const auto column = ReadBack(key)->column(0);
    EXPECT_TRUE(column->Equals(arrow::ChunkedArray(Rows()->column(i))));
  }
  EXPECT_EQ(uploader_->open_uploads(), 0U);
}

TEST_F(UploadWriterTest, TheFirstIsTakenBackWhereTheSecondFails) {
  uploader_->objects["root/seg/1"] = "theirs";
  auto writer = Open();
  ASSERT_TRUE(writer->Write(Rows()).ok());
  const ErrorInfo info = DescribeError(writer->Finish().status());
  EXPECT_EQ(info.code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(info.context.path, "seg/1");
  EXPECT_EQ(uploader_->objects, (std::map<std::string, std::string>{{"root/seg/1", "theirs"}}));
  EXPECT_EQ(uploader_->open_uploads(), 0U);
}

TEST_F(UploadWriterTest, CancelledOrDroppedNoUploadStaysOpen) {
  for (const bool cancel : {true, false}) {
    uploader_->delay_ms = [](int) { return 3; };
    WriterOptions options;
    const CancelToken token = options.cancel;
    auto writer = Open(std::move(options));
    ASSERT_TRUE(writer->Write(Rows()).ok());
    EXPECT_EQ(uploader_->open_uploads(), 2U);
    if (cancel) {
      token.Cancel();
      EXPECT_EQ(CodeOf(writer->Finish().status()), ErrorCode::kAborted);
    }
    writer.reset();
    uploader_->Join();
    EXPECT_EQ(uploader_->open_uploads(), 0U);
    EXPECT_TRUE(uploader_->objects.empty());
  }
}

TEST_F(UploadWriterTest, AFailedPartFailsTheWriterWithItsClass) {
  uploader_->fail = [](const std::string& step) {
    return step == "part 2" ? std::optional(ErrorCode::kNetwork) : std::nullopt;
  };
  auto writer = Open();
  arrow::Status status = writer->Write(Rows());
  if (status.ok()) status = writer->Finish().status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kNetwork);
  EXPECT_EQ(CodeOf(writer->Finish().status()), ErrorCode::kClosed);
  writer.reset();
  uploader_->Join();
  EXPECT_EQ(uploader_->open_uploads(), 0U);
  EXPECT_TRUE(uploader_->objects.empty());
}

}  // namespace
}  // namespace packed::testing
