// Memory, steps, threads, cancelling, changed files.

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "arrow/util/byte_size.h"

#include "packed/executor.h"
#include "packed/memory.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kPageBytes = kMiB;  // of Parquet's writer
constexpr int64_t kLeastRequestBytes = 256 << 10;

class ReaderBudget : public ::testing::Test {
 protected:
  /// One row group of random-looking fixed vectors, `rows` of 1 KiB each.
  std::string WriteVectors(int64_t rows, std::vector<int64_t> row_groups = {}) {
    auto buffer = arrow::AllocateBuffer(rows * 1024).ValueOrDie();
    for (int64_t i = 0; i < rows * 128; ++i) {
      const uint64_t value = static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15u;
      memcpy(buffer->mutable_data() + 8 * i, &value, 8);
    }
    const auto array = std::make_shared<arrow::FixedSizeBinaryArray>(
        arrow::fixed_size_binary(1024), rows, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
    WriteParquet(dir_ / "v", {.table = TableOf({IdField(7, "v", array->type())}, {array}),
                              .row_groups = std::move(row_groups),
                              .groups = "7",
                              .properties = parquet::WriterProperties::Builder()
                                                .disable_dictionary()
                                                ->max_row_group_length(rows)
                                                ->build()});
    return dir_ / "v";
  }

  /// Text of which every value is in the dictionary page: 1000 KB per row and hardly a file.
  std::string WriteRepeatedText(int64_t rows) {
    arrow::StringBuilder builder;
    const std::string text(100 << 10, 'x');
    for (int64_t i = 0; i < rows; ++i) {
      if (!builder.Append(text + std::to_string(i % 2)).ok()) throw std::bad_alloc();
    }
    WriteParquet(
        dir_ / "t",
        {.table = TableOf({IdField(7, "t", arrow::utf8())}, {builder.Finish().ValueOrDie()}),
         .leave_out = {"group_field_id_list", "row_group_metadata"},
         .properties = parquet::WriterProperties::Builder()
                           .set_size_statistics_level(parquet::SizeStatisticsLevel::None)
                           ->build()});
    return dir_ / "t";
  }

  /// Reads to the end; the most bytes of the core's pool that were taken between two batches.
  static int64_t PeakWhileReading(const std::string& path, ReaderOptions options) {
    const int64_t before = Pool()->bytes_allocated();
    auto reader = OpenReader({path}, std::move(options)).ValueOrDie();
    int64_t peak = 0;
    while (true) {
      auto batch = reader->ReadNext().ValueOrDie();
      peak = std::max(peak, Pool()->bytes_allocated() - before);
      if (!batch) break;
    }
    return peak;
  }

  TempDir dir_;
};

TEST_F(ReaderBudget, OneHugeRowGroupIsReadInSteps) {
  const auto path = WriteVectors(32 << 10);  // 32 MiB
  const bool remote = std::getenv(kRangeStoreVariable) != nullptr;
  ReaderOptions options;
  for (const int64_t buffer : {int64_t{1}, kMiB, 4 * kMiB}) {
    options.buffer_bytes = buffer;
    // Stored bytes of a remote file come on top of decoded ones, as many, or those of one page.
    const int64_t stored = remote ? std::max(buffer, kPageBytes + 2 * kLeastRequestBytes) : 0;
    // The page that is decoded, the next one on its way there, and what buffers are rounded up to.
    const int64_t decoding = 2 * kPageBytes + kMiB / 2;
    EXPECT_LE(PeakWhileReading(path, options), buffer + stored + decoding) << buffer;
  }
  const auto reader = OpenReader({path}, options).ValueOrDie();
  const auto table = ReadAll(*reader);
  ASSERT_TRUE(table.ok()) << table.status();
  const auto column = ColumnOf(**table, "v");
  const auto& values = static_cast<const arrow::FixedSizeBinaryArray&>(*column);
  for (int64_t i = 0; i < values.length(); i += 97) {
    uint64_t first = 0;
    memcpy(&first, values.GetValue(i), 8);
    ASSERT_EQ(first, static_cast<uint64_t>(i) * 128 * 0x9e3779b97f4a7c15u) << i;
  }
}

TEST_F(ReaderBudget, StepsOfARowGroupHaveAsManyRows) {
  const auto path = WriteVectors(8 << 10);  // 8 MiB
  ReaderOptions options;
  options.buffer_bytes = 4 * kMiB - 4096;  // half of it is two rows less than a quarter of the file
  const auto reader = OpenReader({path}, options).ValueOrDie();
  int64_t batches = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    EXPECT_NEAR(static_cast<double>(batch->num_rows()), (8 << 10) / 5.0, 1);
    ++batches;
  }
  EXPECT_EQ(batches, 5);
}

TEST_F(ReaderBudget, DictionariesThatHideTheSizeOfTextAreProbed) {
  const auto path = WriteRepeatedText(3000);  // 300 MB decoded
  ReaderOptions options;
  options.lenient = true;
  options.buffer_bytes = kMiB;
  EXPECT_LT(PeakWhileReading(path, options), 16 * kMiB);
  EXPECT_EQ(ReadFiles({path}, options).ValueOrDie()->num_rows(), 3000);
}

TEST_F(ReaderBudget, ReadAheadStaysWithinTheBudget) {
  const auto path = WriteVectors(16 << 10, std::vector<int64_t>(64, 256));  // 64 of 256 KiB
  ReaderOptions options;
  options.buffer_bytes = 2 * kMiB;
  // Steps that are being decoded hold their column chunk and their growing arrays besides.
  EXPECT_LT(PeakWhileReading(path, options), 8 * kMiB);
}

TEST_F(ReaderBudget, BatchRowsAndBatchBytesBoundBatches) {
  const auto path = WriteVectors(1000);
  ReaderOptions options;
  options.batch_rows = 300;
  options.batch_bytes = 100 << 10;
  const auto reader = OpenReader({path}, options).ValueOrDie();
  int64_t rows = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    EXPECT_LE(arrow::util::ReferencedBufferSize(*batch).ValueOrDie(), options.batch_bytes);
    EXPECT_TRUE(batch->num_rows() == 100 || rows + batch->num_rows() == 1000);
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 1000);
  options.batch_bytes = 1;
  const auto narrow = OpenReader({path}, options).ValueOrDie();
  EXPECT_EQ(narrow->ReadNext().ValueOrDie()->num_rows(), 1);
  options.batch_bytes = 0;
  const auto by_rows = OpenReader({path}, options).ValueOrDie();
  EXPECT_EQ(by_rows->ReadNext().ValueOrDie()->num_rows(), 300);
  options.batch_rows = 0;
  EXPECT_TRUE(
      FailsWith(OpenReader({path}, options).status(), ErrorCode::kInvalidArgument, {"batch_rows"}));
}

TEST_F(ReaderBudget, BatchesOutliveTheReaderAndLeaveNothing) {
  const auto path = WriteVectors(4096, {1000, 3000, 96});
  const int64_t before = Pool()->bytes_allocated();
  std::shared_ptr<arrow::RecordBatch> batch;
  {
    ReaderOptions options;
    options.batch_rows = 1000;
    const auto reader = OpenReader({path}, options).ValueOrDie();
    batch = reader->ReadNext().ValueOrDie();
  }
  ASSERT_TRUE(batch->ValidateFull().ok());
  EXPECT_EQ(batch->num_rows(), 1000);
  EXPECT_GT(Pool()->bytes_allocated(), before);
  batch.reset();
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST_F(ReaderBudget, CancelEndsTheReadAndStaysEnded) {
  const auto path = WriteVectors(4096, std::vector<int64_t>(16, 256));
  ReaderOptions options;
  const auto reader = OpenReader({path}, options).ValueOrDie();
  ASSERT_TRUE(reader->ReadNext().ok());
  options.cancel.Cancel();
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kAborted));
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kAborted));
  reader->Close();
  EXPECT_TRUE(FailsWith(OpenReader({path}, options).status(), ErrorCode::kAborted));
}

TEST_F(ReaderBudget, ReadingOnEveryThreadOfThePoolDoesNotLock) {
  const auto path = WriteVectors(4096, std::vector<int64_t>(64, 64));
  const int readers = 4 * Executor::Shared().thread_count();
  std::atomic<int64_t> rows{0};
  const auto status = ParallelFor(readers, 0, [&](int) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto table, ReadFiles({path}));
    rows += table->num_rows();
    return arrow::Status::OK();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(rows, int64_t{4096} * readers);
}

TEST_F(ReaderBudget, CloseAtEveryStepOfTheWay) {
  const auto path = WriteVectors(2048, std::vector<int64_t>(32, 64));
  const int64_t before = Pool()->bytes_allocated();
  for (int batches = 0; batches < 34; ++batches) {
    const auto reader = OpenReader({path}).ValueOrDie();
    for (int i = 0; i < batches; ++i) ASSERT_TRUE(reader->ReadNext().ok());
    reader->Close();
    EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kClosed));
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST_F(ReaderBudget, ChangedFilesAreNoticedBeforeTheNextRowGroup) {
  for (const bool mmap : {false, true}) {
    const auto path = WriteVectors(1024, std::vector<int64_t>(8, 128));
    ReaderOptions options;
    options.buffer_bytes = 1;  // one row group ahead at most
    options.mmap = mmap;
    const auto reader = OpenReader({path}, options).ValueOrDie();
    ASSERT_TRUE(reader->ReadNext().ok());
    std::ofstream(path, std::ios::app) << "more";
    arrow::Status status;
    while (status.ok()) {
      const auto batch = reader->ReadNext();
      ASSERT_TRUE(!batch.ok() || *batch) << "the change went unnoticed";
      status = batch.status();
    }
    EXPECT_TRUE(FailsWith(status, ErrorCode::kFileChanged));
  }
}

/// Counts the reads that reach the file.
class CountingFile : public arrow::io::RandomAccessFile {
 public:
  CountingFile(std::shared_ptr<arrow::io::RandomAccessFile> file, std::atomic<int>* reads)
      : file_(std::move(file)), reads_(reads) {}
  arrow::Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }
  arrow::Result<int64_t> Tell() const override { return file_->Tell(); }
  arrow::Status Seek(int64_t position) override { return file_->Seek(position); }
  arrow::Result<int64_t> GetSize() override { return file_->GetSize(); }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ++*reads_;
    return file_->Read(bytes, out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ++*reads_;
    return file_->Read(bytes);
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    ++*reads_;
    return file_->ReadAt(position, bytes, out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    ++*reads_;
    return file_->ReadAt(position, bytes);
  }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::atomic<int>* reads_;
};

class CountingStore : public FileStore {
 public:
  std::atomic<int> reads{0};

  arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                     IfExists if_exists) override {
    return LocalStore()->Create(path, if_exists);
  }
  arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                    const ReadOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(auto file, LocalStore()->Open(path, options));
    return std::make_shared<Counted>(std::move(file), &reads);
  }

 private:
  class Counted : public ReadableFile {
   public:
    Counted(std::shared_ptr<ReadableFile> file, std::atomic<int>* reads)
        : file_(std::move(file)), counting_(std::make_shared<CountingFile>(file_->file(), reads)) {}
    const std::shared_ptr<arrow::io::RandomAccessFile>& file() const override { return counting_; }
    int64_t size() const override { return file_->size(); }
    arrow::Status CheckUnchanged() const override { return file_->CheckUnchanged(); }

   private:
    std::shared_ptr<ReadableFile> file_;
    std::shared_ptr<arrow::io::RandomAccessFile> counting_;
  };
};

TEST_F(ReaderBudget, Case31_ChunksAreReadInOnePieceWhereTheBudgetAllows) {
  const auto path = WriteVectors(8 << 10);  // 8 MiB in one chunk
  const auto reads = [&](int64_t buffer, bool own_pages) {
    const auto store = std::make_shared<CountingStore>();
    ReaderOptions options;
    options.buffer_bytes = buffer;
    options.own_pages = own_pages;
    const auto reader = PackedReader::Open({path}, options, store).ValueOrDie();
    EXPECT_EQ(ReadAll(*reader).ValueOrDie()->num_rows(), 8 << 10);
    return store->reads.load();
  };
  const int whole = reads(64 * kMiB, false);
  EXPECT_LE(whole, 3);  // footer and column chunk
  EXPECT_GT(reads(kMiB, false), whole);
  // Own code reads large chunks page by page, eight of them: header, then body.
  EXPECT_LE(reads(64 * kMiB, true), 2 + 2 * 8);
}

TEST_F(ReaderBudget, FilesThatNoColumnNeedsAreNotRead) {
  WriteParquet(dir_ / "0", {.table = TableOf({IdField(1, "a", arrow::int64())}, {Int64s(100)}),
                            .groups = "1;2"});
  WriteParquet(dir_ / "1", {.table = TableOf({IdField(2, "b", arrow::int64())}, {Int64s(100)}),
                            .groups = "1;2"});
  auto bytes = TempDir::Read(dir_ / "1");
  for (size_t i = 4; i < 40; ++i) bytes[i] = '\xff';  // pages broken, footer whole
  TempDir::Write(dir_ / "1", bytes);
  ReaderOptions options;
  options.columns = {{std::string("a")}};
  const auto table = ReadFiles({dir_ / "0", dir_ / "1"}, options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(ColumnOf(**table, "a")->Equals(*Int64s(100)));
  EXPECT_TRUE(FailsWith(ReadFiles({dir_ / "0", dir_ / "1"}).status(), ErrorCode::kFileCorrupted));
}

TEST_F(ReaderBudget, ErrorsComeInRowOrder) {
  const auto path = dir_ / "late";
  WriteParquet(path, {.table = TableOf({IdField(1, "a", arrow::int64())}, {Int64s(4000)}),
                      .row_groups = {1000, 1000, 1000, 1000},
                      .groups = "1"});
  auto info = DescribeFile(*LocalStore(), path).ValueOrDie();
  auto bytes = TempDir::Read(path);
  int64_t third = 4 + info.chunks[0].compressed_bytes + info.chunks[1].compressed_bytes;
  for (int64_t i = 0; i < 30; ++i) bytes[third + i] = '\xff';
  TempDir::Write(path, bytes);
  const auto reader = OpenReader({path}).ValueOrDie();
  for (int i = 0; i < 2; ++i) {
    const auto batch = reader->ReadNext();
    ASSERT_TRUE(batch.ok()) << batch.status();
    EXPECT_TRUE((*batch)->column(0)->Equals(*Int64s(1000, 1000 * i)));
  }
  const auto failed = reader->ReadNext().status();
  EXPECT_TRUE(FailsWith(failed, ErrorCode::kFileCorrupted));
  EXPECT_EQ(DescribeError(failed).context.path, path);
}

}  // namespace
}  // namespace packed::test
