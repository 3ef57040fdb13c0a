import { isPackedError } from '../../errors/index.js'
import { type CachedSegment, type ChannelPosition, withLevel, withState } from '../../sync/index.js'
import type { Message } from '../message.js'
import { AcceptLane } from './accept-lane.js'
import { BufferPool } from './buffer-pool.js'
import { CheckpointSaver } from './checkpoint-saver.js'
import { MemoryBudget } from './memory-budget.js'
import { MessageBuilder } from './message-builder.js'
import type { WorkerStores } from './open-stores.js'
import { bufferMessage, type Replayed, replay } from './replay.js'
import { SegmentAssigner } from './segment-assigner.js'
import { Sidecars } from './sidecars.js'
import { WorkerHealth } from './worker-health.js'
import type { WorkerSettings } from './worker-options.js'
import { makeParts, takesRowsOf, type WorkerParts } from './worker-parts.js'
import type { SegmentCounts } from './worker-status.js'

/** After which time an eviction that found nothing to take is tried again. */
const EVICT_AGAIN_MS = 10

/** Of the memory of a worker: the rest is for encoders, messages that become records, garbage. */
const ROWS_SHARE = 0.6
/** Buffers are larger than the rows in them. */
const WITH_ROUNDING = 1.25

/** The parts of a worker, wired: the way of a message from the caller to its segment. */
export class WorkerCore {
  readonly settings: WorkerSettings
  readonly stores: WorkerStores
  readonly health = new WorkerHealth()
  readonly budget: MemoryBudget
  readonly assigner: SegmentAssigner
  readonly lane: AcceptLane
  /** What rows are copied into. */
  readonly pool: BufferPool
  /** Of the newest schema. */
  builder: MessageBuilder
  readonly #sidecars: Sidecars
  #made: { readonly parts: WorkerParts; readonly saver: CheckpointSaver } | undefined
  #flushedSegments: number

  private constructor(settings: WorkerSettings, stores: WorkerStores) {
    this.settings = settings
    this.stores = stores
    this.pool = new BufferPool(() => this.budget.limitBytes * WITH_ROUNDING - this.budget.usedBytes)
    this.builder = new MessageBuilder(stores.schema, this.pool)
    this.#sidecars = new Sidecars({ ...stores, logger: settings.logger })
    const whole = stores.segments.filter((segment) => segment.state === 'Flushed')
    this.#flushedSegments = whole.filter(({ level }) => level === 'L1').length
    this.budget = new MemoryBudget({
      limitBytes: Math.floor(settings.memoryBytes * ROWS_SHARE),
      heldBytes: () => this.parts.buffer.memoryBytes,
      relieve: () => this.#relieve(),
    })
    this.assigner = new SegmentAssigner({
      segmentRows: settings.segmentRows,
      segmentBytes: settings.segmentBytes,
      allocateId: async () => (await stores.allocator.allocate(1)).begin,
      seal: (segmentId) => this.#seal(segmentId),
    })
    this.lane = new AcceptLane({
      log: stores.log,
      allocator: stores.allocator,
      assigner: this.assigner,
      partitionId: stores.partitionId,
      builder: () => this.builder,
      lastSequence: (source) => this.parts.buffer.lastSequence(source),
      buffer: (message, position) => this.#buffer(message, position),
      onLogged: (error) => this.#logged(error),
      meter: settings.meter,
    })
  }

  /** Make the parts, and bring back what the log has. Throws what that throws. */
  static async make(settings: WorkerSettings, stores: WorkerStores): Promise<WorkerCore> {
    const core = new WorkerCore(settings, stores)
    const { health } = core
    const parts = await makeParts(settings, stores, {
      onCheckpoint: (position, sequences) => {
        health.synced()
        core.saver.offer(position, sequences)
      },
      onFlushed: (segment) => core.#flushed(segment),
      onReleased: () => core.budget.check(),
      onSyncError: (error) => health.synced(error),
      onFailure: (error) => core.fail(error),
    })
    const saver = new CheckpointSaver({
      metaWriter: parts.metaWriter,
      log: stores.log,
      logger: settings.logger,
      saved: stores.channel.checkpoint,
    })
    core.#made = { parts, saver }
    return core
  }

  get parts(): WorkerParts {
    return this.#made!.parts
  }

  get saver(): CheckpointSaver {
    return this.#made!.saver
  }

  /**
   * Bring back what the log has and no segment: then go on with the segments that were growing.
   *
   * @returns the number of messages. Throws as {@link replay}.
   */
  async recover(): Promise<number> {
    const { log, channel, schema, segments } = this.stores
    const { signal } = this.settings
    const { buffer } = this.parts
    const after = channel.checkpoint
    const { budget } = this
    const options = { log, after, buffer, budget, schema, segments, signal }
    const replayed = await replay(options)
    this.#continueSegments(replayed)
    return replayed.messages
  }

  /** It never accepts again: everything accepted is in the log. */
  fail(error: unknown): void {
    if (!this.health.fail(error)) return
    this.settings.logger.error({ err: error }, 'the worker failed')
    this.budget.end(this.health.failure!)
  }

  /** Save all that is accepted, as whole segments. Throws what syncs and the store throw. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    // In an object: messages that come later need not wait for the syncs.
    const { saved } = await this.lane.exclusive(() => {
      this.assigner.closeAll()
      return { saved: this.parts.buffer.flush({ signal }) }
    })
    await saved
    await this.saver.flush()
    await this.#sidecars.idle()
  }

  /** Stop, after what was let in and `last`; whatever fails, everything is given back. The first failure is thrown. */
  async end(last: (() => Promise<void>) | undefined): Promise<void> {
    const { buffer, syncManager } = this.parts
    const failures: unknown[] = []
    const steps = [
      () => this.budget.idle(),
      last,
      () => buffer.close(),
      () => this.saver.stop(),
      () => syncManager.close(),
      () => this.#sidecars.idle(),
      () => this.stores.releases.run(),
    ]
    for (const step of steps) await step?.().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }

  segmentCounts(): SegmentCounts {
    const count = (state: 'Growing' | 'Sealed' | 'Flushing'): number =>
      this.parts.metaCache.getSegments(withState(state), withLevel('L1')).length
    return {
      growing: count('Growing'),
      sealed: count('Sealed'),
      flushing: count('Flushing'),
      flushed: this.#flushedSegments,
    }
  }

  #buffer(message: Message, position: ChannelPosition): void {
    try {
      bufferMessage(this.parts.buffer, message, position, this.builder.schema)
    } catch (error) {
      // It is in the log and nowhere else: only a restart can bring both together again.
      this.fail(error)
      throw error
    }
  }

  /** A log that has closed itself cannot say any more what is on the disk. */
  #logged(error: unknown): void {
    this.health.logged(error)
    if (isPackedError(error) && error.code === 'Closed' && !this.health.isClosing) this.fail(error)
  }

  #seal(segmentId: bigint): void {
    if (this.health.failure === undefined) this.parts.buffer.sealSegments([segmentId])
  }

  #flushed({ segmentId }: CachedSegment): void {
    this.#flushedSegments += 1
    if (this.settings.sidecar) this.#sidecars.begin(segmentId, this.parts.metaCache.schema)
  }

  /** What is being written will be free soon; if nothing is, the oldest rows are. */
  #relieve(): void {
    const { buffer } = this.parts
    const isBusy = buffer.memoryBytes > buffer.bufferedBytes
    if (isBusy || buffer.bufferedBytes === 0 || this.health.failure !== undefined) return
    void buffer.evictBuffer(1).then(
      ([evicted]) => {
        if (evicted === undefined) setTimeout(() => this.budget.check(), EVICT_AGAIN_MS)
      },
      () => {}, // reported by the sync itself
    )
  }

  /** The youngest growing segment of every partition takes more rows, the others are whole. */
  #continueSegments({ bytes, olderSchema }: Replayed): void {
    const { metaCache, buffer } = this.parts
    const growing = metaCache.getSegments(withState('Growing'), withLevel('L1'))
    const youngest = new Map<bigint, CachedSegment>()
    for (const segment of growing) {
      const { partitionId, segmentId } = segment
      if (olderSchema.has(segmentId) || !takesRowsOf(segment, this.builder.schema)) continue
      const before = youngest.get(partitionId)
      if (before === undefined || before.segmentId < segmentId) youngest.set(partitionId, segment)
    }
    for (const { segmentId, partitionId, numOfRows, binlogs } of youngest.values()) {
      const logs = binlogs.flatMap((list) => list.binlogs)
      const written = logs.reduce((sum, { memorySize }) => sum + memorySize, 0)
      const size = written + (bytes.get(segmentId) ?? 0)
      this.assigner.restore({ segmentId, partitionId }, numOfRows, size)
    }
    const rest = growing.filter((segment) => youngest.get(segment.partitionId) !== segment)
    if (rest.length > 0) buffer.sealSegments(rest.map(({ segmentId }) => segmentId))
  }
}
