import { type CollectionSchema, FIRST_USER_FIELD_ID } from '../../schema/index.js'
import {
  type CachedSegment,
  CatalogMetaWriter,
  type ChannelPosition,
  loadStatistics,
  MetaCache,
  type MetaWriter,
  mergeBm25Stats,
  rollStats,
  SyncManager,
  SyncTask,
  withIds,
} from '../../sync/index.js'
import { WriteBuffer } from '../buffer/index.js'
import type { WorkerStores } from './open-stores.js'
import type { WorkerSettings } from './worker-options.js'

/** What the parts of a worker tell it. */
export interface WorkerEvents {
  onCheckpoint(position: ChannelPosition, sequences: ReadonlyMap<string, bigint>): void
  /** A segment is whole and saved. */
  onFlushed(segment: CachedSegment): void
  /** The write buffer holds less than before. */
  onReleased(): void
  /** A sync failed; it is tried again unless `onFailure` comes, too. */
  onSyncError(error: unknown): void
  /** A sync failed for good. */
  onFailure(error: unknown): void
}

/** What brings buffered rows into segments. */
export interface WorkerParts {
  readonly metaCache: MetaCache
  readonly metaWriter: MetaWriter
  readonly syncManager: SyncManager
  readonly buffer: WriteBuffer
}

/** @throws PackedError what reading the statistics of growing segments throws. */
export async function makeParts(
  settings: WorkerSettings,
  stores: WorkerStores,
  events: WorkerEvents,
): Promise<WorkerParts> {
  const { catalog, allocator, chunkManager, log, channel } = stores
  const { logger, meter, insertBufferBytes, deleteBufferBytes, syncPeriodMs } = settings
  const metaCache = await cacheOf(settings, stores)
  const metaWriter = new CatalogMetaWriter(catalog)
  const syncManager = new SyncManager({
    chunkManager,
    maxTasks: settings.maxSyncs,
    maxBytes: settings.memoryBytes,
    logger,
    meter,
  })
  const buffer = new WriteBuffer({
    metaCache,
    syncManager,
    allocator,
    metaWriter,
    newTask: (facts) =>
      new SyncTask({
        ...facts,
        metaCache,
        metaWriter,
        allocator,
        singleWriter: settings.singleWriter,
        failureCallback: (error) => events.onSyncError(error),
        logger,
        meter,
      }),
    persistSegment: (segment, options) => catalog.addSegment(segment, options),
    durable: (position) => log.durable(position),
    checkpoint: channel.checkpoint,
    sequences: channel.sequences,
    deletePositions: channel.deletePositions,
    insertBufferBytes,
    deleteBufferBytes,
    syncPeriodMs,
    storageVersion: settings.storageVersion,
    onCheckpoint: (position, sequences) => events.onCheckpoint(position, sequences),
    onFlushed: (segment) => events.onFlushed(segment),
    onReleased: () => events.onReleased(),
    onFailure: (error) => events.onFailure(error),
    logger,
    meter,
  })
  return { metaCache, metaWriter, syncManager, buffer }
}

/**
 * What a worker has to know of earlier segments: those that are not whole yet with what their
 * files say of their keys, and whole ones that have rows of messages which are replayed.
 */
async function cacheOf(
  { signal }: WorkerSettings,
  { channel, segments, schema, chunkManager }: WorkerStores,
): Promise<MetaCache> {
  const { collectionId, channelName, checkpoint } = channel
  const open = segments.filter(({ state }) => state !== 'Flushed' && state !== 'Dropped')
  const replayed = segments.filter(
    (segment) =>
      segment.state === 'Flushed' &&
      segment.level === 'L1' &&
      (segment.checkpoint?.messageId ?? 0n) > (checkpoint?.messageId ?? 0n),
  )
  const known = [...open, ...replayed]
  const metaCache = new MetaCache({ collectionId, channelName, schema, segments: known })
  for (const segment of open) {
    const { pkStats, bm25 } = await loadStatistics(segment, chunkManager, { signal })
    const actions = [rollStats(...pkStats), mergeBm25Stats(bm25)]
    metaCache.updateSegments(actions, withIds(segment.segmentId))
  }
  return metaCache
}

/**
 * True where every field has a place in the segment's column groups, or they are still open. All
 * files of a group that a manifest lists have the same columns: there no place may be left, either.
 */
export function takesRowsOf(
  { currentSplit, storageVersion }: CachedSegment,
  schema: CollectionSchema,
): boolean {
  if (currentSplit === undefined) return true
  const placed = new Set(currentSplit.flatMap(({ fieldIds }) => fieldIds))
  const fields = [...schema.fields, ...schema.structArrayFields.flatMap(({ fields }) => fields)]
  const users = [...placed].filter((fieldId) => fieldId >= FIRST_USER_FIELD_ID)
  if (storageVersion === 3 && users.length !== fields.length) return false
  return fields.every(({ fieldId }) => placed.has(fieldId))
}
