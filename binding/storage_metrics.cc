#include "packed/storage_metrics.h"

#include <vector>

#include "call.h"
#include "values.h"

namespace packed::binding {

CallResult StorageMetricsOf(const Call& call) {
  const Napi::Env env = call.env();
  const std::vector<StorageMetrics> snapshots = SnapshotStorageMetrics();
  return ArrayOf(env, snapshots, [env](const StorageMetrics& metrics) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("filesystem", metrics.filesystem);
    object.Set("requests", static_cast<double>(metrics.requests));
    object.Set("failed", static_cast<double>(metrics.failed));
    object.Set("retries", static_cast<double>(metrics.retries));
    object.Set("bytesRead", static_cast<double>(metrics.bytes_read));
    object.Set("latencyUs", static_cast<double>(metrics.latency_us));
    object.Set("maxLatencyUs", static_cast<double>(metrics.max_latency_us));
    object.Set("abandoned", static_cast<double>(metrics.abandoned));
    return object;
  });
}

}  // namespace packed::binding
