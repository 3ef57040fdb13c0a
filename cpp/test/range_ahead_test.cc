// Readers over a store whose files are requests away.

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "packed/memory.h"
#include "packed/payload.h"
#include "packed/row_group_reader.h"
#include "range_store.h"
#include "reader_support.h"

namespace packed::test {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kMiB = 1 << 20;

/// Random-looking vectors of 1 KiB each.
std::shared_ptr<arrow::Array> Vectors(int64_t rows) {
  auto buffer = arrow::AllocateBuffer(rows * 1024).ValueOrDie();
  for (int64_t i = 0; i < rows * 128; ++i) {
    const uint64_t value = static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15u;
    memcpy(buffer->mutable_data() + 8 * i, &value, 8);
  }
  return std::make_shared<arrow::FixedSizeBinaryArray>(
      arrow::fixed_size_binary(1024), rows, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
}

std::shared_ptr<parquet::WriterProperties> Plain() {
  return parquet::WriterProperties::Builder()
      .disable_dictionary()
      ->disable_statistics()
      ->max_row_group_length(1 << 20)
      ->build();
}

class RangeAheadTest : public ::testing::Test {
 protected:
  /// Requests that nobody waits for any more must not go on beside the end of the process, when
  /// Arrow's memory is gone.
  void TearDown() override {
    for (int i = 0; i < 5000 && (store_.use_count() > 1 || store_->open_files() > 0); ++i) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(store_.use_count(), 1);
    EXPECT_EQ(store_->open_files(), 0);
  }

  /// A file of one column of vectors; every row group has `rows` of them.
  std::string WriteVectors(const std::string& name, int row_groups, int64_t rows,
                           const std::string& groups = "7", int64_t id = 7) {
    const auto array = Vectors(row_groups * rows);
    WriteParquet(dir_ / name, {.table = TableOf({IdField(id, name, array->type())}, {array}),
                               .row_groups = std::vector<int64_t>(row_groups, rows),
                               .groups = groups,
                               .properties = Plain()});
    return dir_ / name;
  }

  /// Three int64 columns a, b, c, whose row groups are `rows` rows each.
  std::string WriteColumns(int row_groups, int64_t rows) {
    const int64_t all = row_groups * rows;
    WriteParquet(dir_ / "abc", {.table = TableOf({IdField(1, "a", arrow::int64()),
                                                  IdField(2, "b", arrow::int64()),
                                                  IdField(3, "c", arrow::int64())},
                                                 {Int64s(all), Int64s(all, 7), Int64s(all, 0, 3)}),
                                .row_groups = std::vector<int64_t>(row_groups, rows),
                                .groups = "1,2,3",
                                .properties = Plain()});
    return dir_ / "abc";
  }

  std::unique_ptr<PackedReader> Open(std::vector<std::string> paths, ReaderOptions options = {}) {
    auto reader = PackedReader::Open(std::move(paths), std::move(options), store_).ValueOrDie();
    store_->Forget();
    return reader;
  }

  /// Of the requests since the reader was opened.
  int64_t RequestedBytes() const {
    int64_t bytes = 0;
    for (const auto& request : store_->requests()) bytes += request.bytes;
    return bytes;
  }

  static int64_t StoredBytes(const PackedReader& reader) {
    int64_t bytes = 0;
    for (const auto& file : reader.files()) {
      for (const auto& row_group : file.row_groups) bytes += row_group.compressed_bytes;
    }
    return bytes;
  }

  TempDir dir_;
  const std::shared_ptr<RangeStore> store_ = std::make_shared<RangeStore>();
};

TEST_F(RangeAheadTest, AScanAsksForEveryByteOnceInRequestsOf8MiB) {
  const auto reader = Open({WriteVectors("v", 40, 1024)});  // 40 of 1 MiB
  const auto table = ReadAll(*reader).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "v")->Equals(*Vectors(40 << 10)));
  const auto requests = store_->requests();
  EXPECT_EQ(requests.size(), 6u);  // headers of pages make 8 row groups a little too long
  for (const auto& request : requests) EXPECT_LE(request.bytes, 8 * kMiB);
  EXPECT_EQ(RequestedBytes(), StoredBytes(*reader));
}

TEST_F(RangeAheadTest, NothingIsAskedForBeforeSomebodyReads) {
  const auto reader = Open({WriteVectors("v", 4, 1024)});
  EXPECT_EQ(store_->requests().size(), 0u);
  reader->Close();
  EXPECT_EQ(store_->requests().size(), 0u);
}

TEST_F(RangeAheadTest, ColumnsWithASmallHoleBetweenThemAreOneRequest) {
  ReaderOptions options;
  options.columns = {{std::string("a"), std::string("c")}};
  const auto reader = Open({WriteColumns(4, 16 << 10)}, options);  // chunks of 128 KiB
  const auto table = ReadAll(*reader).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "a")->Equals(*Int64s(64 << 10)));
  EXPECT_TRUE(ColumnOf(*table, "c")->Equals(*Int64s(64 << 10, 0, 3)));
  EXPECT_EQ(store_->requests().size(), 1u);
}

TEST_F(RangeAheadTest, ALargeHoleIsLeftOut) {
  ReaderOptions options;
  options.columns = {{std::string("a"), std::string("c")}};
  const auto reader = Open({WriteColumns(4, 64 << 10)}, options);  // chunks of 512 KiB
  const auto table = ReadAll(*reader).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "a")->Equals(*Int64s(256 << 10)));
  EXPECT_TRUE(ColumnOf(*table, "c")->Equals(*Int64s(256 << 10, 0, 3)));
  // a | c a | c a | c a | c: what is side by side is read at once.
  EXPECT_EQ(store_->requests().size(), 5u);
  EXPECT_LT(RequestedBytes(), 8 * (512 << 10) + 8 * 1024);
}

TEST_F(RangeAheadTest, OneRowGroupIsOneRequest) {
  const auto path = WriteColumns(8, 16 << 10);
  const auto reader = RowGroupReader::Open(path, {}, store_).ValueOrDie();
  store_->Forget();
  ASSERT_TRUE(reader->SetRange(3, 1).ok());
  const auto table = reader->ReadNext().ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "a")->Equals(*Int64s(16 << 10, 3 * (16 << 10))));
  EXPECT_EQ(reader->ReadNext().ValueOrDie(), nullptr);
  const auto requests = store_->requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].bytes, reader->file().row_groups[3].compressed_bytes);
  ASSERT_TRUE(reader->SetRange(0, 2).ok());
  EXPECT_NE(reader->ReadNext().ValueOrDie(), nullptr);
  EXPECT_NE(reader->ReadNext().ValueOrDie(), nullptr);
  EXPECT_EQ(store_->requests().size(), 2u);
}

TEST_F(RangeAheadTest, ABudgetOfOneByteReadsEveryByteOnce) {
  const auto path = WriteVectors("v", 1, 4096);  // a chunk of 4 MiB
  ReaderOptions options;
  options.buffer_bytes = 1;
  const auto reader = Open({path}, options);
  const int64_t before = Pool()->bytes_allocated();
  int64_t rows = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    EXPECT_TRUE(batch->column(0)->Equals(*Vectors(4096)->Slice(rows, batch->num_rows())));
    rows += batch->num_rows();
    EXPECT_LT(Pool()->bytes_allocated() - before, 3 * kMiB);
  }
  EXPECT_EQ(rows, 4096);
  EXPECT_EQ(RequestedBytes(), StoredBytes(*reader));
  EXPECT_EQ(store_->requests().size(), 17u);  // of 256 KiB at most
}

TEST_F(RangeAheadTest, RequestsOnTheirWayStayWithinTheBudget) {
  ReaderOptions options;
  options.buffer_bytes = 4 * kMiB;
  const auto reader = Open({WriteVectors("v", 32, 512)}, options);  // 32 of 512 KiB
  std::atomic<int64_t> waiting{0};
  std::atomic<int64_t> most{0};
  store_->AnswerBy([&](const RangeStore::Request& request) {
    const int64_t now = waiting += request.bytes;
    int64_t seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(5ms);
    waiting -= request.bytes;
    return arrow::Result<int64_t>(request.bytes);
  });
  EXPECT_EQ(ReadAll(*reader).ValueOrDie()->num_rows(), 32 * 512);
  EXPECT_LE(most, options.buffer_bytes);
  EXPECT_GE(store_->most_at_once(), 2);
}

TEST_F(RangeAheadTest, EveryGroupHasARequestOnItsWayAtTheSameTime) {
  constexpr int kGroups = 12;  // more than there are threads to decode
  std::string groups;
  std::vector<std::string> paths;
  for (int i = 0; i < kGroups; ++i) groups += (i > 0 ? ";" : "") + std::to_string(100 + i);
  for (int i = 0; i < kGroups; ++i) {
    paths.push_back(WriteVectors("v" + std::to_string(i), 2, 256, groups, 100 + i));
  }
  ReaderOptions options;
  options.buffer_bytes = 1;
  const auto reader = Open(paths, options);
  const auto gate = std::make_shared<Gate>();
  store_->AnswerBy([gate](const RangeStore::Request& request) {
    gate->Wait();
    return arrow::Result<int64_t>(request.bytes);
  });
  auto table = std::async(std::launch::async, [&] { return ReadAll(*reader); });
  EXPECT_TRUE(gate->AwaitWaiting(kGroups));
  gate->Open();
  const auto read = table.get().ValueOrDie();
  for (int i = 0; i < kGroups; ++i) {
    EXPECT_TRUE(ColumnOf(*read, "v" + std::to_string(i))->Equals(*Vectors(512)));
  }
}

TEST_F(RangeAheadTest, TheFailureOfARequestIsTheFailureOfItsRows) {
  ReaderOptions options;
  options.buffer_bytes = kMiB;  // requests of 256 KiB, one for a row group
  const auto path = WriteVectors("v", 8, 240);
  const auto reader = Open({path}, options);
  const int64_t third = 4 + 2 * reader->files()[0].row_groups[0].compressed_bytes;
  store_->AnswerBy([&](const RangeStore::Request& request) -> arrow::Result<int64_t> {
    if (request.offset < third) return request.bytes;
    return MakeError(ErrorCode::kThrottled, "the store is busy", {path, ""});
  });
  for (int i = 0; i < 2; ++i) {
    const auto batch = reader->ReadNext().ValueOrDie();
    EXPECT_TRUE(batch->column(0)->Equals(*Vectors(480)->Slice(i * 240, 240)));
  }
  const auto failed = reader->ReadNext().status();
  EXPECT_TRUE(FailsWith(failed, ErrorCode::kThrottled, {"the store is busy"}));
  EXPECT_EQ(DescribeError(failed).context.path, path);
  EXPECT_EQ(reader->ReadNext().status(), failed);
  const size_t requests = store_->requests().size();
  EXPECT_LE(requests, 6u);  // four were on their way at most, and nobody asked for the rest
}

TEST_F(RangeAheadTest, BytesThatDoNotArriveAreNotTakenForTheFile) {
  const auto path = WriteVectors("v", 2, 4096);
  for (const int64_t arrived : {int64_t{0}, int64_t{1}, 3 * kMiB}) {
    store_->AnswerBy(nullptr);
    const auto reader = Open({path});
    store_->AnswerBy([arrived](const RangeStore::Request& request) {
      return arrow::Result<int64_t>(std::min(request.bytes, arrived));
    });
    EXPECT_TRUE(FailsWith(ReadAll(*reader).status(), ErrorCode::kFileCorrupted, {path}));
  }
}

TEST_F(RangeAheadTest, ClosingWaitsForNoRequest) {
  const auto gate = std::make_shared<Gate>();
  auto reader = Open({WriteVectors("v", 64, 1024)});
  store_->AnswerBy([gate](const RangeStore::Request& request) {
    if (request.offset > 4 * kMiB) gate->Wait();
    return arrow::Result<int64_t>(request.bytes);
  });
  EXPECT_EQ(reader->ReadNext().ValueOrDie()->num_rows(), 1024);
  ASSERT_TRUE(gate->AwaitWaiting(2));
  reader->Close();
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kClosed));
  reader.reset();  // the requests are still behind the gate
  gate->Open();
}

TEST_F(RangeAheadTest, CancellingEndsAReadThatWaits) {
  const auto gate = std::make_shared<Gate>();
  ReaderOptions options;
  auto reader = Open({WriteVectors("v", 2, 1024)}, options);
  store_->AnswerBy([gate](const RangeStore::Request& request) {
    gate->Wait();
    return arrow::Result<int64_t>(request.bytes);
  });
  auto read = std::async(std::launch::async, [&] { return reader->ReadNext().status(); });
  ASSERT_TRUE(gate->AwaitWaiting(1));
  options.cancel.Cancel();
  EXPECT_TRUE(FailsWith(read.get(), ErrorCode::kAborted));
  reader.reset();
  gate->Open();
}

TEST_F(RangeAheadTest, CancellingEndsAnOpeningThatWaits) {
  const auto path = WriteVectors("v", 2, 16);
  const auto gate = std::make_shared<Gate>();
  store_->AnswerBy([gate](const RangeStore::Request& request) {
    gate->Wait();
    return arrow::Result<int64_t>(request.bytes);
  });
  ReaderOptions options;
  auto open = std::async(std::launch::async,
                         [&] { return PackedReader::Open({path}, options, store_).status(); });
  ASSERT_TRUE(gate->AwaitWaiting(1));
  options.cancel.Cancel();
  EXPECT_TRUE(FailsWith(open.get(), ErrorCode::kAborted));
  gate->Open();
}

TEST_F(RangeAheadTest, FootersAreOpenedAtTheSameTime) {
  std::string groups;
  std::vector<std::string> paths;
  for (int i = 0; i < 8; ++i) groups += (i > 0 ? ";" : "") + std::to_string(100 + i);
  for (int i = 0; i < 8; ++i) {
    paths.push_back(WriteVectors("v" + std::to_string(i), 1, 16, groups, 100 + i));
  }
  const auto gate = std::make_shared<Gate>();
  store_->AnswerBy([gate](const RangeStore::Request& request) {
    gate->Wait();
    return arrow::Result<int64_t>(request.bytes);
  });
  auto open = std::async(std::launch::async,
                         [&] { return PackedReader::Open(paths, {}, store_).ValueOrDie(); });
  EXPECT_TRUE(gate->AwaitWaiting(8));
  gate->Open();
  EXPECT_EQ(ReadAll(*open.get()).ValueOrDie()->num_columns(), 8);
}

TEST_F(RangeAheadTest, PayloadsAreOpenedAtTheSameTimeAndReadAhead) {
  constexpr int kPayloads = 6;
  PayloadColumn column;
  for (int i = 0; i < kPayloads; ++i) {
    const auto path = WriteVectors("p" + std::to_string(i), 1, 1024);
    column.payloads.push_back(
        {.path = path, .length = static_cast<int64_t>(std::filesystem::file_size(path))});
  }
  const auto schema = arrow::schema({IdField(7, "v", arrow::fixed_size_binary(1024))});
  const auto gate = std::make_shared<Gate>();
  store_->AnswerBy([gate](const RangeStore::Request& request) {
    gate->Wait();
    return arrow::Result<int64_t>(request.bytes);
  });
  auto open = std::async(std::launch::async,
                         [&] { return OpenPayloads(schema, {column}, {}, store_).ValueOrDie(); });
  EXPECT_TRUE(gate->AwaitWaiting(kPayloads));
  gate->Open();
  const auto opened = open.get();
  EXPECT_EQ(opened.rows, kPayloads * 1024);
  store_->Forget();
  int64_t rows = 0;
  while (const auto batch = opened.source->ReadNext().ValueOrDie()) {
    EXPECT_TRUE(batch->column(0)->Equals(*Vectors(1024)->Slice(rows % 1024, batch->num_rows())));
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, kPayloads * 1024);
  EXPECT_EQ(store_->requests().size(), static_cast<size_t>(kPayloads));
}

TEST_F(RangeAheadTest, AFooterIsReadOnce) {
  const auto small = WriteVectors("v", 2, 200);
  const auto many = WriteColumns(600, 16);
  const auto requests = [&](const std::string& path, const KnownFile& known) {
    store_->Forget();
    ReaderOptions options;
    options.known = {known};
    const auto reader = PackedReader::Open({path}, options, store_).ValueOrDie();
    return store_->requests().size();
  };
  const auto info = DescribeFile(*LocalStore(), many).ValueOrDie();
  ASSERT_GT(info.footer_bytes, 64 << 10);
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(small));
  EXPECT_EQ(requests(small, {}), 2u);  // size and end
  EXPECT_EQ(requests(small, {bytes, -1}), 1u);
  EXPECT_EQ(requests(many, {}), 3u);  // and what did not fit
  EXPECT_EQ(requests(many, {info.file_bytes, -1}), 2u);
  EXPECT_EQ(requests(many, {info.file_bytes, info.footer_bytes}), 1u);
}

TEST_F(RangeAheadTest, WhatIsKnownIsKnownOfEveryFile) {
  ReaderOptions options;
  options.known = {{1, 1}, {1, 1}};
  EXPECT_TRUE(FailsWith(PackedReader::Open({WriteVectors("v", 1, 16)}, options, store_).status(),
                        ErrorCode::kInvalidArgument, {"1 files", "of 2"}));
}

TEST_F(RangeAheadTest, RequestsThatWereAbandonedLeaveNoMemory) {
  const auto path = WriteVectors("v", 32, 1024);
  const int64_t before = Pool()->bytes_allocated();
  Open({path})->ReadNext().ValueOrDie().reset();
  for (int i = 0; i < 500 && Pool()->bytes_allocated() != before; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

/// What tells a remote file from a local one by intent, and is tested above where it has a
/// counterpart: descriptors, memory at the moment of the closing, requests, mappings.
constexpr char kLocalOnly[] =
    "PayloadFiles.OnlyFilesWhoseTurnItIsAreOpen:ReaderBudget.CloseAtEveryStepOfTheWay:"
    "ReaderBudget.BatchesOutliveTheReaderAndLeaveNothing:"
    "ReaderPages.AlignedPagesOfAMappingAreHandedOut";

TEST(RangeAheadSuite, ReadersPassTheirTestsOverRequests) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = std::string(kRangeStoreVariable) + "=1 '" + self +
                              "' --gtest_brief=1 --gtest_filter='Reader*:RowGroupReader*:"
                              "Payload*:Encrypt*:RoundTrip*:Visib*:*Fixture*-" +
                              kLocalOnly + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace packed::test
