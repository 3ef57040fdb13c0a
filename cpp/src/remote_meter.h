#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "packed/storage_metrics.h"

namespace packed {

/// \brief Counts the requests to one object store. Thread-safe.
class RemoteMeter {
 public:
  explicit RemoteMeter(std::string filesystem) : filesystem_(std::move(filesystem)) {}

  /// \brief The meter of a store; made at the first call, lives as long as the process.
  static std::shared_ptr<RemoteMeter> Of(const std::string& filesystem);

  void Began() { requests_.fetch_add(1, std::memory_order_relaxed); }
  void Ended(std::chrono::steady_clock::duration latency, bool failed);
  void Retried() { retries_.fetch_add(1, std::memory_order_relaxed); }
  /// An attempt that nobody waits for any more. It counts as failed.
  void Abandoned();
  void Read(int64_t bytes) { bytes_read_.fetch_add(bytes, std::memory_order_relaxed); }

  StorageMetrics Snapshot() const;

 private:
  const std::string filesystem_;
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> failed_{0};
  std::atomic<int64_t> retries_{0};
  std::atomic<int64_t> bytes_read_{0};
  std::atomic<int64_t> latency_us_{0};
  std::atomic<int64_t> max_latency_us_{0};
  std::atomic<int64_t> abandoned_{0};
};

}  // namespace packed
