#include "compression_meter.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "arrow/array.h"
#include "gtest/gtest.h"

#include "packed/compression_metrics.h"
#include "packed/payload.h"
#include "packed/reader.h"
#include "packed/row_access.h"
#include "writer_harness.h"

namespace packed {
namespace {

using arrow::Compression;
using testing::BatchOf;
using testing::GroupsOf;
using testing::IdField;
using testing::LocalStore;
using testing::ScratchDir;
using testing::WriteAll;

/// All tests share the counters of the process: what counts is by how much they grow.
CompressionMetrics Now(CompressionSource source, const std::string& codec,
                       const std::string& type) {
  for (const auto& metrics : SnapshotCompressionMetrics()) {
    if (metrics.source == source && metrics.codec == codec && metrics.type == type) return metrics;
  }
  return {};
}

CompressionCounts Growth(const CompressionCounts& before, const CompressionCounts& after) {
  return {after.calls - before.calls, after.original_bytes - before.original_bytes,
          after.compressed_bytes - before.compressed_bytes, after.nanoseconds - before.nanoseconds};
}

constexpr int64_t kRows = 300'000;

/// `step` 0 is noise; int64, not nullable.
std::shared_ptr<arrow::RecordBatch> Numbers(int64_t step) {
  std::vector<int64_t> values(kRows);
  uint64_t noise = 88172645463325252U;
  for (int64_t i = 0; i < kRows; ++i) {
    noise ^= noise << 13;
    noise ^= noise >> 7;
    noise ^= noise << 17;
    values[i] = step == 0 ? static_cast<int64_t>(noise) : (i * i * step) % 1'000'003;
  }
  const auto array = std::make_shared<arrow::Int64Array>(kRows, arrow::Buffer::FromVector(values));
  const auto schema = arrow::schema({IdField("numbers", arrow::int64(), 100, false)});
  return BatchOf(schema, {array});
}

std::vector<GroupResult> Write(const ScratchDir& dir,
                               const std::shared_ptr<arrow::RecordBatch>& batch,
                               const WriterOptions& options) {
  return WriteAll(batch->schema(), GroupsOf(dir, {{0}}), {batch}, options);
}

void ReadWhole(const std::string& path, const std::shared_ptr<arrow::RecordBatch>& expected) {
  auto reader = PackedReader::Open({path}, {}, LocalStore()).ValueOrDie();
  int64_t rows = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    EXPECT_TRUE(batch->Equals(*expected->Slice(rows, batch->num_rows())));
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, kRows);
}

TEST(CompressionMeter, AddsUpAndIsFoundByItsNames) {
  const CompressionKind kind{CompressionSource::kArrow, CompressionWay::kDecompress,
                             Compression::LZ4_HADOOP, parquet::Type::INT96};
  const auto before = Now(CompressionSource::kArrow, "lz4_hadoop", "INT96");
  CountCompression(kind, 100, 40, std::chrono::nanoseconds(7));
  CountCompression(kind, 50, 60, std::chrono::nanoseconds(3));
  const auto after = Now(CompressionSource::kArrow, "lz4_hadoop", "INT96");
  const auto [calls, original, compressed, nanoseconds] =
      Growth(before.decompress, after.decompress);
  EXPECT_EQ(std::tuple(calls, original, compressed, nanoseconds), std::tuple(2, 150, 100, 10));
  EXPECT_EQ(after.compress.calls, 0);
}

TEST(CompressionMeter, WhatADamagedFooterSaysIsNeverTakenAway) {
  const CompressionKind kind{CompressionSource::kArrow, CompressionWay::kCompress, Compression::LZO,
                             parquet::Type::UNDEFINED};
  CountCompression(kind, 5, 3, std::chrono::nanoseconds(2));
  CountCompression(kind, -1, -1, std::chrono::nanoseconds(-1));
  const auto after = Now(CompressionSource::kArrow, "lzo", "UNKNOWN").compress;
  EXPECT_EQ(std::tuple(after.calls, after.original_bytes, after.compressed_bytes),
            std::tuple(2, 5, 3));
  EXPECT_EQ(after.nanoseconds, 2);
}

TEST(CompressionMeter, LosesNothingBetweenThreads) {
  const CompressionKind kind{CompressionSource::kPage, CompressionWay::kCompress,
                             Compression::BROTLI, parquet::Type::BOOLEAN};
  const auto before = Now(CompressionSource::kPage, "brotli", "BOOLEAN");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([kind] {
      for (int i = 0; i < 10'000; ++i) CountCompression(kind, 3, 2, std::chrono::nanoseconds(1));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto after = Now(CompressionSource::kPage, "brotli", "BOOLEAN");
  const auto grown = Growth(before.compress, after.compress);
  EXPECT_EQ(grown.calls, 40'000);
  EXPECT_EQ(grown.original_bytes, 120'000);
  EXPECT_EQ(grown.compressed_bytes, 80'000);
  EXPECT_EQ(grown.nanoseconds, 40'000);
}

TEST(CompressionMeter, OwnPagesAreCountedBothWays) {
  ScratchDir dir;
  const auto batch = Numbers(7);
  WriterOptions options;
  options.layout = Layout::kFast;
  const auto before = Now(CompressionSource::kPage, "zstd", "INT64");
  const auto stored = Now(CompressionSource::kPage, "stored", "INT64");
  Write(dir, batch, options);
  const auto file = testing::ReadBack(dir.File("0"));
  int64_t uncompressed = 0;
  int64_t compressed = 0;
  for (int r = 0; r < file.metadata->num_row_groups(); ++r) {
    const auto chunk = file.metadata->RowGroup(r)->ColumnChunk(0);
    ASSERT_FALSE(chunk->has_dictionary_page());
    uncompressed += chunk->total_uncompressed_size();
    compressed += chunk->total_compressed_size();
  }
  const auto written = Now(CompressionSource::kPage, "zstd", "INT64");
  const auto grown = Growth(before.compress, written.compress);
  EXPECT_EQ(
      Growth(stored.compress, Now(CompressionSource::kPage, "stored", "INT64").compress).calls, 0);
  EXPECT_GT(grown.calls, 0);
  EXPECT_GT(grown.nanoseconds, 0);
  // The footer's sizes have the headers of pages in them; samples are not counted.
  const int64_t headers = uncompressed - grown.original_bytes;
  EXPECT_GT(headers, 0);
  EXPECT_LT(headers, grown.calls * 100);
  EXPECT_EQ(compressed - grown.compressed_bytes, headers);

  ReadWhole(dir.File("0"), batch);
  const auto read =
      Growth(written.decompress, Now(CompressionSource::kPage, "zstd", "INT64").decompress);
  EXPECT_EQ(read.calls, grown.calls);
  EXPECT_EQ(read.original_bytes, grown.original_bytes);
  EXPECT_EQ(read.compressed_bytes, grown.compressed_bytes);
  EXPECT_GT(read.nanoseconds, 0);
}

/// 64 bytes of noise a row: incompressible pages.
std::shared_ptr<arrow::RecordBatch> Noise() {
  const auto numbers = Numbers(0)->column_data(0);
  const auto type = arrow::fixed_size_binary(64);
  const auto data = arrow::ArrayData::Make(type, kRows / 8, {nullptr, numbers->buffers[1]}, 0);
  const auto schema = arrow::schema({IdField("noise", type, 100, false)});
  return BatchOf(schema, {arrow::MakeArray(data)});
}

TEST(CompressionMeter, PagesStoredInFramesAreACodecOfTheirOwn) {
  const std::string type = "FIXED_LEN_BYTE_ARRAY";
  ScratchDir dir;
  WriterOptions options;
  options.layout = Layout::kFast;
  const auto batch = Noise();
  const auto before = Now(CompressionSource::kPage, "stored", type);
  const auto zstd = Now(CompressionSource::kPage, "zstd", type);
  Write(dir, batch, options);
  const auto written = Now(CompressionSource::kPage, "stored", type);
  const auto grown = Growth(before.compress, written.compress);
  EXPECT_EQ(grown.original_bytes, batch->num_rows() * 64);
  EXPECT_GT(grown.compressed_bytes, grown.original_bytes);
  auto reader = PackedReader::Open({dir.File("0")}, {}, LocalStore()).ValueOrDie();
  while (reader->ReadNext().ValueOrDie()) {
  }
  // What lies in a small chunk is read with it, and then decoded as any frame is.
  const auto read =
      Growth(written.decompress, Now(CompressionSource::kPage, "stored", type).decompress);
  const auto decoded =
      Growth(zstd.decompress, Now(CompressionSource::kPage, "zstd", type).decompress);
  EXPECT_GT(read.calls, 0);
  EXPECT_EQ(read.calls + decoded.calls, grown.calls);
  EXPECT_EQ(read.original_bytes + decoded.original_bytes, grown.original_bytes);
  EXPECT_EQ(read.compressed_bytes + decoded.compressed_bytes, grown.compressed_bytes);
}

TEST(CompressionMeter, RowsByPositionReadNothingElseOfStoredPages) {
  const std::string type = "FIXED_LEN_BYTE_ARRAY";
  ScratchDir dir;
  WriterOptions options;
  options.layout = Layout::kFast;
  const auto batch = Noise();
  Write(dir, batch, options);
  for (const bool mmap : {false, true}) {
    ReaderOptions reading;
    reading.mmap = mmap;
    const auto access = RowAccess::Open({dir.File("0")}, reading, LocalStore()).ValueOrDie();
    const auto stored = Now(CompressionSource::kPage, "stored", type);
    const auto zstd = Now(CompressionSource::kPage, "zstd", type);
    const auto taken = access->Take({2047, 2048, 7, 30'000}).ValueOrDie();  // across two blocks
    EXPECT_TRUE(taken->Slice(0, 2)->Equals(*batch->Slice(2047, 2)));
    EXPECT_TRUE(taken->Slice(2, 1)->Equals(*batch->Slice(7, 1)));
    EXPECT_TRUE(taken->Slice(3, 1)->Equals(*batch->Slice(30'000, 1)));
    const auto read =
        Growth(stored.decompress, Now(CompressionSource::kPage, "stored", type).decompress);
    EXPECT_EQ(read.original_bytes, 4 * 64);
    EXPECT_EQ(Now(CompressionSource::kPage, "zstd", type).decompress.calls, zstd.decompress.calls);
  }
}

TEST(CompressionMeter, WhatArrowEncodesIsArrows) {
  ScratchDir dir;
  const auto batch = Numbers(0);
  WriterOptions options;  // a dictionary is tried, by Arrow's writer
  options.codec = {Compression::GZIP, std::nullopt};
  const auto own = Now(CompressionSource::kPage, "gzip", "INT64");
  const auto before = Now(CompressionSource::kArrow, "gzip", "INT64");
  Write(dir, batch, options);
  const auto written = Now(CompressionSource::kArrow, "gzip", "INT64");
  const auto grown = Growth(before.compress, written.compress);
  const auto metadata = testing::ReadBack(dir.File("0")).metadata;
  EXPECT_EQ(grown.calls, metadata->num_row_groups());
  int64_t compressed = 0;
  for (int r = 0; r < metadata->num_row_groups(); ++r) {
    compressed += metadata->RowGroup(r)->ColumnChunk(0)->total_compressed_size();
  }
  EXPECT_EQ(grown.compressed_bytes, compressed);
  EXPECT_GT(grown.nanoseconds, 0);
  // Own code does not know GZIP.
  ReadWhole(dir.File("0"), batch);
  const auto read =
      Growth(written.decompress, Now(CompressionSource::kArrow, "gzip", "INT64").decompress);
  EXPECT_EQ(read.calls, grown.calls);
  EXPECT_EQ(read.compressed_bytes, compressed);
  EXPECT_GT(read.nanoseconds, 0);
  const auto own_after = Now(CompressionSource::kPage, "gzip", "INT64");
  EXPECT_EQ(own_after.compress.calls + own_after.decompress.calls,
            own.compress.calls + own.decompress.calls);
}

TEST(CompressionMeter, SoAreFilesThatArrowWritesWhole) {
  const auto batch = Numbers(3);
  const auto before = Now(CompressionSource::kArrow, "brotli", "INT64");
  PayloadEncoding encoding;
  encoding.codec = {Compression::BROTLI, 1};
  ASSERT_TRUE(EncodePayload(batch->schema(), {batch}, encoding).ok());
  const auto grown =
      Growth(before.compress, Now(CompressionSource::kArrow, "brotli", "INT64").compress);
  EXPECT_EQ(grown.calls, 1);
  EXPECT_GE(grown.original_bytes, 1000);
  EXPECT_GT(grown.nanoseconds, 0);
  const auto none = Now(CompressionSource::kArrow, "brotli", "INT64");
  ASSERT_TRUE(EncodePayload(batch->schema(), {}, encoding).ok());
  EXPECT_EQ(Now(CompressionSource::kArrow, "brotli", "INT64").compress.calls, none.compress.calls);
}

}  // namespace
}  // namespace packed
