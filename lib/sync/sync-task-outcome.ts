import type { CachedSegment } from './cached-segment.js'
import type { PackLogs } from './pack-writer.js'
import {
  finishSyncing,
  mergeActions,
  mergeBm25Stats,
  rollStats,
  type SegmentAction,
  updateCheckpoint,
  updateManifestPath,
  updateState,
} from './segment-actions.js'
import type { SyncFacts } from './sync-facts.js'
import type { SyncPack } from './sync-pack.js'

/** The logs of a sync, as a task shows them. */
type SyncLogs = Pick<
  SyncFacts,
  'insertBinlogs' | 'statsBinlogs' | 'bm25Binlogs' | 'deltaBinlog' | 'manifestPath'
>

/** What the metadata is to know of a sync. */
export function syncFactsOf(
  pack: SyncPack,
  { storageVersion, currentSplit }: CachedSegment,
  logs: SyncLogs,
): SyncFacts {
  return {
    collectionId: pack.collectionId,
    partitionId: pack.partitionId,
    segmentId: pack.segmentId,
    channelName: pack.channelName,
    level: pack.level,
    batchRows: pack.batchRows,
    startPosition: pack.startPosition,
    checkpoint: pack.checkpoint,
    isFlush: pack.isFlush,
    isDrop: pack.isDrop,
    insertBinlogs: logs.insertBinlogs,
    statsBinlogs: logs.statsBinlogs,
    bm25Binlogs: logs.bm25Binlogs,
    deltaBinlog: logs.deltaBinlog,
    currentSplit: storageVersion === 0 ? undefined : currentSplit,
    manifestPath: logs.manifestPath,
  }
}

/** What the cache knows of a sync that is saved: one change, so that nobody sees half of it. */
export function cacheUpdateOf(
  { batchRows, checkpoint, isFlush }: SyncPack,
  { pkStats, bm25Stats }: PackLogs,
  manifestPath: string,
): SegmentAction {
  return mergeActions(
    finishSyncing(batchRows),
    ...(checkpoint === undefined ? [] : [updateCheckpoint(checkpoint)]),
    ...(pkStats === undefined ? [] : [rollStats(pkStats)]),
    ...(bm25Stats.size === 0 ? [] : [mergeBm25Stats(bm25Stats)]),
    ...(manifestPath === '' ? [] : [updateManifestPath(manifestPath)]),
    ...(isFlush ? [updateState('Flushed')] : []),
  )
}
