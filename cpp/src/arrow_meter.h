#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "parquet/metadata.h"

#include "compression_meter.h"

namespace packed {

/// \brief Counts column chunks that Arrow's writer or reader has dealt with in one go.
///
/// Throws as Parquet does; one thread at a time.
class ArrowChunks {
 public:
  void Add(const parquet::ColumnChunkMetaData& chunk);

  /// \brief Each is a call. Nobody can say how long one of them took: they share by their bytes.
  void Count(CompressionWay way, std::chrono::nanoseconds elapsed) const;

 private:
  struct Chunk {
    CompressionKind kind;
    int64_t original_bytes = 0;
    int64_t compressed_bytes = 0;
  };

  std::vector<Chunk> chunks_;
  int64_t original_bytes_ = 0;
};

/// \brief Times Arrow's writer column by column, whose chunks are known when the file is whole.
class ArrowWriteMeter {
 public:
  explicit ArrowWriteMeter(size_t columns) : elapsed_(columns) {}

  /// \brief The outcome of `write`, which writes rows of a top-level column.
  template <typename Write>
  auto Time(size_t column, Write&& write) {
    const Stopwatch watch;
    auto outcome = std::forward<Write>(write)();
    elapsed_[column] += watch.elapsed();
    return outcome;
  }

  /// \brief Count all chunks of the file.
  void Count(const parquet::FileMetaData& metadata) const;

 private:
  std::vector<std::chrono::nanoseconds> elapsed_;
};

}  // namespace packed
