import type { FieldBinlog } from '../binlog/index.js'
import { expectObject } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type FieldGroup, splitByDefaultPolicies } from '../schema/index.js'
import { averageBytes } from '../segment/index.js'
import type { ChunkManager } from '../storage/index.js'
import { publishStage } from '../telemetry/index.js'
import { BulkPackWriterV3 } from './bulk-pack-writer-v3.js'
import type { CachedSegment } from './cached-segment.js'
import { type FinishedPack, finishPack } from './finish-pack.js'
import { groupsOver } from './pack-groups.js'
import { NO_LOGS, pathsOf, withMerged } from './pack-logs.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs } from './pack-writer.js'
import { packWriterFor } from './pack-writer-for.js'
import type { ChannelPosition } from './position.js'
import { useManifest } from './segment-actions.js'
import { withIds } from './segment-filters.js'
import { segmentNotFound } from './sync-error.js'
import type { SyncPack } from './sync-pack.js'
import {
  resolveSyncTask,
  type SyncTaskOptions,
  type SyncTaskSettings,
} from './sync-task-options.js'
import { cacheUpdateOf, syncFactsOf } from './sync-task-outcome.js'
import type { SyncWork } from './sync-work.js'
import { updateSync } from './update-sync.js'

/**
 * Makes a pack durable: its files (`prepare`), then the metadata of its segment (`commit`), then
 * what the cache knows.
 *
 * A task may be driven again after a failure: files that are written are not written again. Only
 * `abandon` ends it.
 *
 * @example
 * const task = new SyncTask({ pack, schema, metaCache, metaWriter, allocator, chunkManager })
 * await task.run()
 */
export class SyncTask implements SyncWork {
  readonly segmentId: bigint
  readonly orderKey: string
  readonly #settings: SyncTaskSettings
  readonly #pack: SyncPack
  readonly #orphans: string[] = []
  #chunkManager: ChunkManager | undefined
  #preparing: Promise<void> | undefined
  #logs: PackLogs | undefined
  #finished: FinishedPack | undefined
  #state: 'open' | 'committing' | 'committed' | 'abandoned' = 'open'
  #execTimeMs = 0

  /** @throws PackedError InvalidArgument, InvalidSchema (no primary key). */
  constructor(options: SyncTaskOptions) {
    this.#settings = resolveSyncTask(options)
    const { pack, chunkManager } = this.#settings
    this.#pack = pack
    this.#chunkManager = chunkManager
    this.segmentId = pack.segmentId
    this.orderKey =
      pack.level === 'L0'
        ? `L0/${pack.channelName}/${pack.partitionId}`
        : `segment/${pack.segmentId}`
  }

  /** Bytes of rows and deletes in memory; 0 when they are written. */
  get payloadBytes(): number {
    return this.#pack.payloadBytes
  }

  get checkpoint(): ChannelPosition | undefined {
    return this.#pack.checkpoint
  }

  /** By field (StorageV1) or column group (StorageV2); empty before `prepare`, and without rows. */
  get insertBinlogs(): ReadonlyMap<bigint, FieldBinlog> {
    return this.#written.inserts
  }

  /** By primary key; of a flush with the merged log at the end, once it is committed. */
  get statsBinlogs(): ReadonlyMap<bigint, FieldBinlog> {
    return withMerged(this.#written.stats, this.#finished?.stats)
  }

  /** By sparse field; of a flush with the merged log at the end, once it is committed. */
  get bm25Binlogs(): ReadonlyMap<bigint, FieldBinlog> {
    return withMerged(this.#written.bm25, this.#finished?.bm25)
  }

  /** The delete log that was written; undefined without deletes, and before it is written. */
  get deltaBinlog(): FieldBinlog | undefined {
    return this.#written.delta
  }

  /** StorageV3: the manifest that has the sync, once it is committed; empty before. */
  get manifestPath(): string {
    return this.#finished?.manifestPath ?? ''
  }

  /** Bytes of all files, column groups included. */
  get flushedSize(): number {
    return this.#written.sizeBytes + (this.#finished?.sizeBytes ?? 0)
  }

  /** Time that preparing and committing took, all attempts. */
  get execTimeMs(): number {
    return this.#execTimeMs
  }

  /** Keys that failed attempts may have left in the storage. */
  get orphans(): readonly string[] {
    return this.#orphans
  }

  /** Where to write, until something is written. */
  useChunkManager(chunkManager: ChunkManager): void {
    expectObject(chunkManager, 'chunkManager')
    if (this.#logs === undefined) this.#chunkManager = chunkManager
  }

  /**
   * Write the files and release the payload. Nothing happens where they are written; a call while
   * another is busy waits for that one.
   *
   * @throws PackedError NotFound (the segment is gone), Closed (abandoned), and what the writer
   *   throws; then nothing is written, and the payload is kept.
   */
  prepare(signal?: AbortSignal): Promise<void> {
    this.#preparing ??= this.#timed('sync.prepare', () =>
      this.#prepare(this.#either(signal)),
    ).finally(() => {
      this.#preparing = undefined
    })
    return this.#preparing
  }

  /**
   * Merge the statistics of a flush, commit the manifest (StorageV3), save the metadata, then
   * change the cache. Called in the order of the segment's syncs. What is done is not done again.
   *
   * @throws PackedError Internal (not prepared), NotFound (the segment is gone), Closed
   *   (abandoned), and what `beforeCommit` and the metadata throw; then the cache is as before.
   */
  async commit(signal?: AbortSignal): Promise<void> {
    if (this.#state === 'committed') return
    await this.#timed('sync.commit', () => this.#commit(this.#either(signal)))
  }

  /**
   * End the task for good: what it has written, and nobody knows of, is left as orphans. The
   * payload stays its owner's. Idempotent.
   */
  abandon(): void {
    const isUnknown = this.#state === 'open'
    if (this.#state === 'committed' || this.#state === 'abandoned') return
    this.#state = 'abandoned'
    // Metadata that failed to be saved may be saved all the same.
    if (isUnknown && this.#logs !== undefined) this.#orphans.push(...pathsOf(this.#logs))
  }

  /** Tell the owner of a failed attempt. */
  fail(error: unknown): void {
    const { meter, logger, failureCallback } = this.#settings
    meter.add('sync.failures', 1)
    logger.warn({ segmentId: this.segmentId, err: error }, 'A sync failed')
    failureCallback?.(error)
  }

  /** `prepare` and `commit`, without a SyncManager; a failure goes to the callback, too. */
  async run(): Promise<void> {
    try {
      await this.prepare()
      await this.commit()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  get #written(): PackLogs {
    return this.#logs ?? NO_LOGS
  }

  async #prepare(signal: AbortSignal | undefined): Promise<void> {
    if (this.#logs !== undefined && this.#state !== 'abandoned') return
    this.#expectDrivable()
    signal?.throwIfAborted()
    const { metaCache } = this.#settings
    if (this.#settings.useManifest) metaCache.updateSegments(useManifest(), withIds(this.segmentId))
    const segment = this.#expectSegment()
    const writer = packWriterFor(segment.storageVersion, this.#target(segment))
    const groups = this.#agreeGroups(segment)
    try {
      this.#logs = await (writer instanceof BulkPackWriterV3
        ? writer.stage(this.#pack, groups, signal)
        : writer.write(this.#pack, groups, signal))
    } finally {
      this.#orphans.push(...writer.orphans)
    }
    this.#pack.release()
    this.#settings.meter.add('sync.bytes', this.#logs.sizeBytes)
    publishStage('sync.prepare.after', () => ({ segmentId: this.segmentId }))
  }

  async #commit(signal: AbortSignal | undefined): Promise<void> {
    this.#expectDrivable()
    if (this.#logs === undefined) {
      const message = `Expected a prepared sync of segment ${this.segmentId} for commit() but received one that is not`
      throw new PackedError('Internal', message)
    }
    signal?.throwIfAborted()
    const { metaCache, metaWriter, metaRetry, beforeCommit, meter } = this.#settings
    const segment = this.#expectSegment()
    await beforeCommit?.(this.#pack.checkpoint)
    const target = this.#target(segment)
    this.#finished ??= await finishPack(target, segment, this.#pack, this.#logs, signal)
    this.#state = 'committing'
    if (metaWriter !== undefined) {
      await updateSync({
        facts: syncFactsOf(this.#pack, segment, this),
        metaCache,
        metaWriter,
        retry: metaRetry,
        signal,
      })
    }
    metaCache.updateSegments(
      cacheUpdateOf(this.#pack, this.#logs, this.manifestPath),
      withIds(this.segmentId),
    )
    if (this.#pack.isDrop) metaCache.removeSegments(withIds(this.segmentId))
    this.#state = 'committed'
    if (this.#pack.isFlush) meter.add('segments.flushed', 1)
    publishStage('sync.commit.after', () => ({ segmentId: this.segmentId }))
  }

  /** The groups of the segment over the fields of the pack; the first task settles them. */
  #agreeGroups({ storageVersion, currentSplit }: CachedSegment): readonly FieldGroup[] {
    const { schema, metaCache } = this.#settings
    const { insertData } = this.#pack
    if (storageVersion === 0 || insertData.length === 0) return []
    const split =
      currentSplit ??
      metaCache.setCurrentSplitIfNil(
        this.segmentId,
        splitByDefaultPolicies(schema, { averageBytes: averageBytes(insertData) }),
      )
    return groupsOver(split, schema)
  }

  #expectSegment(): CachedSegment {
    const segment = this.#settings.metaCache.getSegment(this.segmentId)
    if (segment === undefined) throw segmentNotFound(this.segmentId, this.#pack.channelName)
    return segment
  }

  #expectDrivable(): void {
    if (this.#state !== 'abandoned') return
    const message = `Expected a sync of segment ${this.segmentId} that goes on but received one that is abandoned`
    throw new PackedError('Closed', message)
  }

  #target({ manifestPath }: CachedSegment): PackTarget {
    const { collectionId, partitionId } = this.#pack
    const chunkManager = expectObject(this.#chunkManager, 'chunkManager') as unknown as ChunkManager
    const ids = { collectionId, partitionId, segmentId: this.segmentId }
    return { ...this.#settings, ...ids, chunkManager, manifestPath }
  }

  #either(signal: AbortSignal | undefined): AbortSignal | undefined {
    const own = this.#settings.signal
    if (own === undefined || signal === undefined) return own ?? signal
    return AbortSignal.any([own, signal])
  }

  async #timed(metric: 'sync.prepare' | 'sync.commit', work: () => Promise<void>): Promise<void> {
    const startMs = performance.now()
    try {
      await work()
      this.#settings.meter.record(metric, (performance.now() - startMs) / 1000)
    } finally {
      this.#execTimeMs += performance.now() - startMs
    }
  }
}
