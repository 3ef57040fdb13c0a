import { SyncPack, startSyncing, withIds } from '../../sync/index.js'
import type { Checkpoints } from './checkpoints.js'
import { PendingSync } from './pending-sync.js'
import type { SegmentBuffer } from './segment-buffer.js'
import { SegmentRegistry } from './segment-registry.js'
import type { WriteBufferSettings } from './write-buffer-options.js'

/** Makes syncs of what was buffered. */
export class TaskFactory {
  readonly #settings: WriteBufferSettings
  readonly #checkpoints: Checkpoints
  readonly #registry: SegmentRegistry
  readonly #signal: AbortSignal

  constructor(settings: WriteBufferSettings, checkpoints: Checkpoints, signal: AbortSignal) {
    this.#settings = settings
    this.#checkpoints = checkpoints
    this.#registry = new SegmentRegistry(settings.metaCache, settings.persistSegment)
    this.#signal = signal
  }

  /**
   * The sync of a segment that the MetaCache has. Its checkpoint is what is consumed by now: all
   * of the segment up to there is in this sync or an earlier one.
   *
   * @param buffer undefined for nothing: a flush or drop of a segment without data is a sync, too.
   */
  make(segmentId: bigint, buffer: SegmentBuffer | undefined): PendingSync {
    const { metaCache, newTask, onReleased } = this.#settings
    const { state, level } = metaCache.getSegment(segmentId)!
    const isDrop = state === 'Dropped'
    const isFlush = !isDrop && (state === 'Flushing' || level === 'L0')
    const pack = this.#pack(segmentId, buffer)
    if (isDrop) pack.withDrop()
    if (isFlush) pack.withFlush()
    metaCache.updateSegments(startSyncing(pack.batchRows), withIds(segmentId))
    const work = newTask({
      pack,
      schema: buffer?.schema ?? metaCache.schema,
      beforeCommit: () => this.#beforeCommit(pack),
      signal: this.#signal,
    })
    return new PendingSync(work, { holder: buffer ?? pack, isFlush, isDrop, onReleased })
  }

  /** The segment will not be synced again. */
  forget(segmentId: bigint): void {
    this.#registry.forget(segmentId)
  }

  #pack(segmentId: bigint, buffer: SegmentBuffer | undefined): SyncPack {
    const { metaCache } = this.#settings
    const { collectionId, partitionId, level, startPosition } = metaCache.getSegment(segmentId)!
    const pack = new SyncPack()
      .withCollectionId(collectionId)
      .withPartitionId(partitionId)
      .withSegmentId(segmentId)
      .withChannelName(metaCache.channelName)
      .withLevel(level)
      .withStartPosition(buffer?.startPosition ?? startPosition)
      .withCheckpoint(this.#checkpoints.consumed)
    if (buffer === undefined) return pack
    const { times, inserts, deletes } = buffer
    if (times !== undefined) pack.withTimeRange(times.from, times.to)
    return pack
      .withInsertData(inserts.chunks)
      .withDeleteData(deletes.data)
      .withBm25Stats(inserts.bm25)
  }

  /** A power loss must not leave rows in segments that the log does not know: they would come again. */
  async #beforeCommit({ segmentId, checkpoint }: SyncPack): Promise<void> {
    await this.#registry.ensure(segmentId, this.#signal)
    if (checkpoint !== undefined) await this.#settings.durable(checkpoint)
  }
}
