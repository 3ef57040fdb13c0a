#pragma once

#include <cstdint>

namespace packed {

/// \brief How long each part of an upload is.
///
/// S3 takes 10,000 parts, so parts must grow for an object to reach 5 TiB. The first 1,000 have the
/// length that was asked for. From there on every 100 parts are longer than the 100 before by one
/// step: the fewest whole MiB with which 10,000 parts hold 5 TiB. With 10 MiB to begin with, the
/// first 9.8 GiB go in parts of 10 MiB, and a step is 13 MiB.
///
/// Stores that want parts of one length (R2) take what fits in the first 1,000.
class PartSchedule {
 public:
  static constexpr int kMostParts = 10000;

  /// `first_bytes` at least 1.
  explicit PartSchedule(int64_t first_bytes);

  /// Bytes of part `number` (from 1), unless it is the last.
  int64_t PartBytes(int number) const;

 private:
  const int64_t first_bytes_;
  const int64_t step_bytes_;
};

}  // namespace packed
