import { callSync, type NativeCompressionCounts } from '../native/index.js'
import { CompressionStats } from './compression-stats.js'

const NS_PER_MS = 1e6

/**
 * What writing and reading files has compressed and decompressed in this process so far, in all its
 * threads: the pages of own code (source `page`), and column chunks that Arrow's writer and reader
 * dealt with (source `arrow`). Columns without a codec are no calls of `page`; samples that a
 * writer takes are not counted; nor is a chunk of which Arrow's reader was not asked for all rows.
 *
 * A snapshot: counters only grow, and may be a call ahead of each other.
 */
export function fileCompressionStats(): CompressionStats {
  const stats = new CompressionStats()
  for (const { compress, decompress, ...kind } of callSync((addon) => addon.compressionMetrics())) {
    if (compress.calls > 0) stats.record({ ...kind, way: 'compress', ...countsOf(compress) })
    if (decompress.calls > 0) stats.record({ ...kind, way: 'decompress', ...countsOf(decompress) })
  }
  return stats
}

function countsOf({ nanoseconds, ...counts }: NativeCompressionCounts) {
  return { ...counts, durationMs: nanoseconds / NS_PER_MS }
}
