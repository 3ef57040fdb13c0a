#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace packed {

/// Who compressed or decompressed.
enum class CompressionSource : uint8_t {
  kPage,   ///< own code, a page a call: the time is that of the codec alone
  kArrow,  ///< Arrow's writer or reader, a column chunk a call: encoding and input are in the time
};

/// One way, with one codec, of one type.
struct CompressionCounts {
  int64_t calls = 0;
  int64_t original_bytes = 0;    ///< encoded, and not compressed: both ways
  int64_t compressed_bytes = 0;  ///< both ways
  int64_t nanoseconds = 0;       ///< summed up over threads
};

/// What compressing and decompressing of one kind has come to in this process so far.
struct CompressionMetrics {
  CompressionSource source = CompressionSource::kPage;
  /// As Arrow calls it: `zstd`, `lz4_raw`, …; `stored` for pages inside a frame of ZSTD as they
  /// are, because a probe found them incompressible (read straight to their place, whose time is
  /// that of the file).
  std::string codec;
  std::string type;  ///< Parquet's physical type, `INT64`
  CompressionCounts compress;
  CompressionCounts decompress;
};

/// \brief Every kind that was counted, in the order of source, codec and type. Any thread.
///
/// Counters only grow. What fails is not counted, nor what is compressed as a sample.
std::vector<CompressionMetrics> SnapshotCompressionMetrics();

}  // namespace packed
