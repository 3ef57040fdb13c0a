export type { Allocator, IdRange } from './allocator.js'
export type { CachedSegment, CachedSegmentInit, SegmentLogs } from './cached-segment.js'
export {
  type CollectGarbageOptions,
  collectGarbage,
  type GarbageCatalog,
  type GarbageObject,
  type GarbageReason,
  type GarbageReport,
} from './garbage.js'
export { MetaCache, type MetaCacheOptions } from './meta-cache.js'
export type { MetaEntry, MetaStore, MetaTransaction } from './meta-store.js'
export type {
  MetaFailure,
  MetaWriter,
  SaveBinlogPathsRequest,
  SegmentCheckpoint,
  SegmentStart,
} from './meta-writer.js'
export type { ChannelPosition } from './position.js'
export { type RetryOptions, retrying } from './retry.js'
export * from './segment-actions.js'
export * from './segment-filters.js'
export type { ChannelMeta, SegmentLevel, SegmentMeta, SegmentState } from './segment-meta.js'
export { classifySyncError, type SyncErrorClass } from './sync-error.js'
export { SyncManager, type SyncManagerOptions } from './sync-manager.js'
export { type PackChunk, SyncPack } from './sync-pack.js'
export type { SyncPhase } from './sync-queue-entry.js'
export type { TaskStatistics } from './sync-statistics.js'
export type { SyncCallback, SyncWork } from './sync-work.js'
