import type { Binlog } from '../binlog/index.js'
import { spanOfLogs } from '../segment/index.js'
import { publishStage } from '../telemetry/index.js'
import type { CachedSegment } from './cached-segment.js'
import { commitPack } from './commit-pack.js'
import { isMerging, writeMergedStatistics } from './pack-merge.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs } from './pack-writer.js'
import { retrying } from './retry.js'
import { isTransient } from './sync-error.js'
import type { SyncPack } from './sync-pack.js'

/** What the last writing for a pack has made. */
export interface FinishedPack {
  /** The merged logs of a flush, by field; of StorageV3 the manifest has them. */
  readonly stats: ReadonlyMap<bigint, Binlog>
  readonly bm25: ReadonlyMap<bigint, Binlog>
  /** StorageV3: the manifest that has the files of the pack; else empty. */
  readonly manifestPath: string
  /** Of merged statistics. */
  readonly sizeBytes: number
}

export const NOTHING_FINISHED: FinishedPack = {
  stats: new Map(),
  bm25: new Map(),
  manifestPath: '',
  sizeBytes: 0,
}

/**
 * Write what depends on all earlier syncs of the segment: the merged statistics of a flush, and the
 * manifest of StorageV3.
 *
 * The commit of a manifest is tried again by itself, as the files are there. A version whose
 * metadata is not saved in the end is superseded by the next one, see `commitStaged`.
 */
export async function finishPack(
  target: PackTarget,
  segment: CachedSegment,
  pack: SyncPack,
  logs: PackLogs,
  signal: AbortSignal | undefined,
): Promise<FinishedPack> {
  const { staged } = logs
  if (staged === undefined) return mergePack(target, segment, pack, logs, signal)
  const earlier = isMerging(pack) ? segment : undefined
  const shouldRetry = (error: unknown): boolean => isTransient(error, signal)
  const committed = await retrying({ retry: target.retry, signal, shouldRetry }, () =>
    commitPack(target, { ...logs, staged }, earlier, signal),
  )
  publishStage('sync.manifest.after', () => ({ segmentId: target.segmentId }))
  return { ...NOTHING_FINISHED, ...committed }
}

async function mergePack(
  target: PackTarget,
  segment: CachedSegment,
  pack: SyncPack,
  logs: PackLogs,
  signal: AbortSignal | undefined,
): Promise<FinishedPack> {
  if (!isMerging(pack)) return NOTHING_FINISHED
  const known = [...segment.binlogs, ...logs.inserts.values()].flatMap(({ binlogs }) => binlogs)
  const rows = {
    numRows: segment.flushedRows + pack.batchRows,
    times: spanOfLogs(known) ?? pack.timeRange,
  }
  const { stats, bm25 } = await writeMergedStatistics(target, segment, logs, rows, signal)
  const sizeBytes = [...stats.values(), ...bm25.values()].reduce(
    (bytes, { logSize }) => bytes + logSize,
    0,
  )
  return { stats, bm25, manifestPath: '', sizeBytes }
}
