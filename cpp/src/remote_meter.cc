#include "remote_meter.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace packed {
namespace {

/// Leaked: calls that were left behind may end while statics are destroyed.
struct Meters {
  std::mutex mutex;
  std::vector<std::pair<std::string, std::shared_ptr<RemoteMeter>>> in_order;

  static Meters& Get() {
    static auto* meters = new Meters();
    return *meters;
  }
};

}  // namespace

std::shared_ptr<RemoteMeter> RemoteMeter::Of(const std::string& filesystem) {
  Meters& meters = Meters::Get();
  std::lock_guard lock(meters.mutex);
  const auto known = std::find_if(meters.in_order.begin(), meters.in_order.end(),
                                  [&](const auto& entry) { return entry.first == filesystem; });
  if (known != meters.in_order.end()) return known->second;
  return meters.in_order.emplace_back(filesystem, std::make_shared<RemoteMeter>(filesystem)).second;
}

void RemoteMeter::Ended(std::chrono::steady_clock::duration latency, bool failed) {
  const int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  latency_us_.fetch_add(us, std::memory_order_relaxed);
  int64_t most = max_latency_us_.load(std::memory_order_relaxed);
  while (us > most && !max_latency_us_.compare_exchange_weak(most, us, std::memory_order_relaxed)) {
  }
  if (failed) failed_.fetch_add(1, std::memory_order_relaxed);
}

void RemoteMeter::Abandoned() {
  abandoned_.fetch_add(1, std::memory_order_relaxed);
  failed_.fetch_add(1, std::memory_order_relaxed);
}

StorageMetrics RemoteMeter::Snapshot() const {
  StorageMetrics metrics;
  metrics.filesystem = filesystem_;
  metrics.requests = requests_.load(std::memory_order_relaxed);
  metrics.failed = failed_.load(std::memory_order_relaxed);
  metrics.retries = retries_.load(std::memory_order_relaxed);
  metrics.bytes_read = bytes_read_.load(std::memory_order_relaxed);
  metrics.latency_us = latency_us_.load(std::memory_order_relaxed);
  metrics.max_latency_us = max_latency_us_.load(std::memory_order_relaxed);
  metrics.abandoned = abandoned_.load(std::memory_order_relaxed);
  return metrics;
}

std::vector<StorageMetrics> SnapshotStorageMetrics() {
  Meters& meters = Meters::Get();
  std::lock_guard lock(meters.mutex);
  std::vector<StorageMetrics> snapshots;
  snapshots.reserve(meters.in_order.size());
  for (const auto& [name, meter] : meters.in_order) snapshots.push_back(meter->Snapshot());
  return snapshots;
}

}  // namespace packed
