import { callSync, type NativeStorageMetrics } from '../native/index.js'
import { StorageMeter, type StorageMetrics, storageMeters } from '../telemetry/index.js'

const US_PER_MS = 1000

function withNative(counts: StorageMetrics, native: NativeStorageMetrics): StorageMetrics {
  return {
    ...counts,
    requests: counts.requests + native.requests,
    failed: counts.failed + native.failed,
    retries: counts.retries + native.retries,
    bytesRead: counts.bytesRead + native.bytesRead,
    latencyMs: {
      sum: counts.latencyMs.sum + native.latencyUs / US_PER_MS,
      max: Math.max(counts.latencyMs.max, native.maxLatencyUs / US_PER_MS),
    },
    abandoned: counts.abandoned + native.abandoned,
  }
}

/**
 * What every object store has cost so far: native reads of the whole process, everything else of
 * this thread. One entry per store, in order of first use; counters only grow, but `openUploads`.
 */
export function storageMetrics(): StorageMetrics[] {
  const merged = new Map(
    storageMeters()
      .map((meter) => meter.snapshot())
      .map((m) => [m.filesystem, m]),
  )
  for (const native of callSync((addon) => addon.storageMetrics())) {
    const counts = merged.get(native.filesystem) ?? new StorageMeter(native.filesystem).snapshot()
    merged.set(native.filesystem, withNative(counts, native))
  }
  return [...merged.values()]
}
