#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace packed {

/// What the reads of one object store have cost this process so far.
struct StorageMetrics {
  std::string filesystem;  ///< `address/bucket`; of AWS itself `bucket`
  int64_t requests = 0;    ///< attempts: a retry is one more
  int64_t failed = 0;      ///< attempts that failed
  int64_t retries = 0;
  int64_t bytes_read = 0;
  int64_t latency_us = 0;      ///< sum over all requests that ended
  int64_t max_latency_us = 0;  ///< of one request
  int64_t abandoned = 0;       ///< calls that outlived their deadline and were left behind
};

/// \brief One entry per object store that was used, in order of first use. Any thread.
std::vector<StorageMetrics> SnapshotStorageMetrics();

}  // namespace packed
