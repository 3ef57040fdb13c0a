export type { Allocator, IdRange } from './allocator.js'
export { BulkPackWriter } from './bulk-pack-writer.js'
export { BulkPackWriterV2 } from './bulk-pack-writer-v2.js'
export { BulkPackWriterV3 } from './bulk-pack-writer-v3.js'
export type { CachedSegment, CachedSegmentInit, SegmentLogs } from './cached-segment.js'
export { CatalogMetaWriter } from './catalog-meta-writer.js'
export {
  type CompactedManifest,
  type CompactionGroupReport,
  type CompactionProgress,
  type CompactionReason,
  type CompactionReport,
  type CompactionSource,
  type CompactionTarget,
  type CompactManifestOptions,
  type CompactSegmentsOptions,
  compactManifest,
  compactSegments,
  type ManifestSizes,
} from './compact/index.js'
export {
  type CollectGarbageOptions,
  collectGarbage,
  type GarbageCatalog,
  type GarbageObject,
  type GarbageReason,
  type GarbageReport,
} from './garbage.js'
export { loadStatistics, type SegmentStatistics } from './load-statistics.js'
export { LocalAllocator, type LocalAllocatorOptions } from './local-allocator.js'
export { LocalMetaStore, type LocalMetaStoreOptions } from './local-meta-store.js'
export { MetaCache, type MetaCacheOptions } from './meta-cache.js'
export { MetaCatalog, type SegmentsFilter } from './meta-catalog.js'
export { metaFailure, metaFailureOf } from './meta-failure.js'
export type { CollectionMeta, PartitionMeta } from './meta-json.js'
export type { MetaEntry, MetaStore, MetaTransaction } from './meta-store.js'
export type {
  MetaFailure,
  MetaWriter,
  SaveBinlogPathsRequest,
  SegmentCheckpoint,
  SegmentStart,
} from './meta-writer.js'
export type { PackTarget } from './pack-target.js'
export type { PackLogs, PackWriter } from './pack-writer.js'
export type { ChannelPosition } from './position.js'
export { type RetryOptions, retrying } from './retry.js'
export * from './segment-actions.js'
export * from './segment-filters.js'
export type { ChannelMeta, SegmentLevel, SegmentMeta, SegmentState } from './segment-meta.js'
export type { SegmentToRead } from './segments-to-read.js'
export type { StagedPack, StagedStatistics } from './staged-pack.js'
export { classifySyncError, type SyncErrorClass } from './sync-error.js'
export type { SyncFacts } from './sync-facts.js'
export { SyncManager, type SyncManagerOptions } from './sync-manager.js'
export { type PackChunk, SyncPack } from './sync-pack.js'
export type { SyncPhase } from './sync-queue-entry.js'
export type { TaskStatistics } from './sync-statistics.js'
export { SyncTask } from './sync-task.js'
export type { SyncTaskOptions } from './sync-task-options.js'
export type { SyncCallback, SyncWork } from './sync-work.js'
export { type UpdateSyncOptions, updateSync } from './update-sync.js'
