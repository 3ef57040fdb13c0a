#include "compression_meter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <utility>

#include "arrow/util/compression.h"

namespace packed {
namespace {

constexpr size_t kSources = 2;
constexpr size_t kWays = 2;
constexpr size_t kStored = arrow::Compression::LZ4_HADOOP + 1;
constexpr size_t kCodecs = kStored + 1;
constexpr size_t kTypes = parquet::Type::UNDEFINED + 1;

/// A cache line of its own: threads that count other kinds do not meet here.
struct alignas(64) Cell {
  std::atomic<int64_t> calls{0};
  std::atomic<int64_t> original_bytes{0};
  std::atomic<int64_t> compressed_bytes{0};
  std::atomic<int64_t> nanoseconds{0};
};

/// Never destroyed: threads may still count when the process ends.
constinit std::array<Cell, kSources * kTypes * kCodecs * kWays> cells;

/// Files may have codecs and types that nobody knows; they fail elsewhere.
size_t Within(int value, size_t count) {
  return std::min(static_cast<size_t>(std::max(value, 0)), count - 1);
}

Cell& CellOf(size_t source, size_t codec, size_t type, CompressionWay way) {
  return cells[((source * kCodecs + codec) * kTypes + type) * kWays + static_cast<size_t>(way)];
}

CompressionCounts Read(const Cell& cell) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {cell.calls.load(kRelaxed), cell.original_bytes.load(kRelaxed),
          cell.compressed_bytes.load(kRelaxed), cell.nanoseconds.load(kRelaxed)};
}

std::string CodecName(size_t codec) {
  if (codec == kStored) return "stored";
  return arrow::util::Codec::GetCodecAsString(static_cast<arrow::Compression::type>(codec));
}

}  // namespace

void CountCompression(const CompressionKind& kind, int64_t original_bytes, int64_t compressed_bytes,
                      std::chrono::nanoseconds elapsed) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const size_t codec = kind.stored ? kStored : Within(kind.codec, kStored);
  Cell& cell = CellOf(static_cast<size_t>(kind.source), codec, Within(kind.type, kTypes), kind.way);
  cell.calls.fetch_add(1, kRelaxed);
  cell.original_bytes.fetch_add(std::max<int64_t>(original_bytes, 0), kRelaxed);
  cell.compressed_bytes.fetch_add(std::max<int64_t>(compressed_bytes, 0), kRelaxed);
  cell.nanoseconds.fetch_add(std::max<int64_t>(elapsed.count(), 0), kRelaxed);
}

std::vector<CompressionMetrics> SnapshotCompressionMetrics() {
  std::vector<CompressionMetrics> snapshot;
  for (size_t source = 0; source < kSources; ++source) {
    for (size_t codec = 0; codec < kCodecs; ++codec) {
      for (size_t type = 0; type < kTypes; ++type) {
        CompressionMetrics metrics;
        metrics.compress = Read(CellOf(source, codec, type, CompressionWay::kCompress));
        metrics.decompress = Read(CellOf(source, codec, type, CompressionWay::kDecompress));
        if (metrics.compress.calls == 0 && metrics.decompress.calls == 0) continue;
        metrics.source = static_cast<CompressionSource>(source);
        metrics.codec = CodecName(codec);
        metrics.type = parquet::TypeToString(static_cast<parquet::Type::type>(type));
        snapshot.push_back(std::move(metrics));
      }
    }
  }
  return snapshot;
}

}  // namespace packed
