#pragma once

#include <chrono>
#include <cstdint>

#include "arrow/util/type_fwd.h"
#include "parquet/types.h"

#include "packed/compression_metrics.h"

namespace packed {

enum class CompressionWay : uint8_t { kCompress, kDecompress };

/// What is counted together.
struct CompressionKind {
  CompressionSource source = CompressionSource::kPage;
  CompressionWay way = CompressionWay::kCompress;
  arrow::Compression::type codec = arrow::Compression::UNCOMPRESSED;
  parquet::Type::type type = parquet::Type::UNDEFINED;
  /// Pages stored inside a frame of the codec, which are a codec of their own.
  bool stored = false;
};

/// \brief Count one call that has succeeded. Any thread; takes no lock.
void CountCompression(const CompressionKind& kind, int64_t original_bytes, int64_t compressed_bytes,
                      std::chrono::nanoseconds elapsed);

/// Time since it was made.
class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace packed
