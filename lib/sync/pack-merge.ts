import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Binlog,
  buildBm25LogPath,
  buildStatsLogPath,
  type PrimaryKeyStats,
  serializeMergedPrimaryKeyStats,
} from '../binlog/index.js'
import { Bm25Stats } from '../data/index.js'
import { MERGED_LOG_ID, type TimeSpan } from '../segment/index.js'
import type { CachedSegment } from './cached-segment.js'
import { statsLog } from './pack-run.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs } from './pack-writer.js'
import { retrying } from './retry.js'
import { classifySyncError } from './sync-error.js'
import type { SyncPack } from './sync-pack.js'

/** The merged statistics of a segment, by field. */
export interface MergedLogs {
  readonly stats: ReadonlyMap<bigint, Binlog>
  readonly bm25: ReadonlyMap<bigint, Binlog>
}

/** The statistics of the chunks that are saved. */
export type EarlierStatistics = Pick<CachedSegment, 'pkStats' | 'bm25Stats'>

/** Keys of merged logs, by field. */
export interface MergedPaths {
  stats(fieldId: bigint): string
  bm25(fieldId: bigint): string
}

/** Where StorageV1 and V2 have them. */
export function mergedPathsOf({ root, collectionId, partitionId, segmentId }: PackTarget) {
  const ids = [collectionId, partitionId, segmentId] as const
  return {
    stats: (fieldId) => buildStatsLogPath(root, ...ids, fieldId, MERGED_LOG_ID),
    bm25: (fieldId) => buildBm25LogPath(root, ...ids, fieldId, MERGED_LOG_ID),
  } satisfies MergedPaths
}

/** What there is to merge: the last sync of a segment with rows. */
export function isMerging({ isFlush, isDrop, level }: SyncPack): boolean {
  return isFlush && !isDrop && level !== 'L0'
}

/**
 * Write what all chunks of a segment have, the last one's `logs` included, as the logs of id 1.
 *
 * Only when all earlier syncs of the segment are saved does the cache have all statistics: so it
 * is a part of committing. Done again it replaces the same objects.
 */
export async function writeMergedStatistics(
  target: PackTarget,
  segment: EarlierStatistics,
  logs: Pick<PackLogs, 'pkStats' | 'bm25Stats'>,
  rows: { readonly numRows: number; readonly times: TimeSpan },
  signal: AbortSignal | undefined,
  paths: MergedPaths = mergedPathsOf(target),
): Promise<MergedLogs> {
  const facts = {
    entriesNum: rows.numRows,
    timestampFrom: rows.times.from,
    timestampTo: rows.times.to,
    logId: MERGED_LOG_ID,
  }
  const write = async (logPath: string, bytes: Uint8Array): Promise<Binlog> => {
    const shouldRetry = (error: unknown): boolean => classifySyncError(error, signal) === 'retry'
    await retrying({ retry: target.retry, signal, shouldRetry }, () =>
      target.chunkManager.write(logPath, bytes, { signal }),
    )
    return statsLog({ ...facts, logPath }, bytes.length)
  }
  const bm25Bytes = mergedBm25(segment, logs.bm25Stats)
  const stats = new Map<bigint, Binlog>()
  const bm25 = new Map<bigint, Binlog>()
  if (logs.pkStats !== undefined) {
    const { fieldId } = logs.pkStats
    const path = paths.stats(fieldId)
    stats.set(fieldId, await write(path, await mergedKeys([...segment.pkStats, logs.pkStats])))
  }
  for (const [fieldId, bytes] of bm25Bytes) {
    const path = paths.bm25(fieldId)
    bm25.set(fieldId, await write(path, bytes))
  }
  return { stats, bm25 }
}

/** Chunk by chunk: the text of all filters of a big segment would hold up the event loop. */
async function mergedKeys(list: readonly PrimaryKeyStats[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (const stats of list) {
    const text = serializeMergedPrimaryKeyStats([stats])
    parts.push(Buffer.from(parts.length === 0 ? '[' : ','), text.subarray(1, -1))
    await nextTurn()
  }
  return Buffer.concat([...parts, Buffer.from(']')])
}

/** At once, as the statistics of the cache grow in place. */
function mergedBm25(
  { bm25Stats }: EarlierStatistics,
  added: ReadonlyMap<bigint, Bm25Stats>,
): Map<bigint, Uint8Array> {
  const fields = new Set([...bm25Stats.keys(), ...added.keys()])
  return new Map(
    [...fields].map((fieldId) => {
      const merged = new Bm25Stats()
      for (const stats of [bm25Stats.get(fieldId), added.get(fieldId)]) {
        if (stats !== undefined) merged.merge(stats)
      }
      return [fieldId, merged.serialize()]
    }),
  )
}
