import { expectOnlySignal } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import type { ChunkOptions } from '../../storage/index.js'
import {
  type ChannelPosition,
  updateBufferedRows,
  updateState,
  withIds,
  withLevel,
  withState,
} from '../../sync/index.js'
import type { BufferedMessage } from './buffered-message.js'
import { Checkpoints } from './checkpoints.js'
import { MessageIntake } from './message-intake.js'
import type { PendingSync } from './pending-sync.js'
import type { SegmentBuffer } from './segment-buffer.js'
import { SegmentBuffers } from './segment-buffers.js'
import { SourceSequences } from './source-sequences.js'
import { SyncDriver } from './sync-driver.js'
import { oldestBuffers, type SyncPolicy, type SyncSituation } from './sync-policies.js'
import { whenDone } from './when-done.js'
import {
  resolveWriteBuffer,
  type WriteBufferOptions,
  type WriteBufferSettings,
} from './write-buffer-options.js'

/** How often policies are asked when nothing comes: a tenth of the period, within these. */
const CHECK_MS = { least: 20, most: 10_000 }

/**
 * Rows and deletes of one channel on their way from the message log to segments.
 *
 * Messages come in the order of their positions; policies decide when a segment is synced; a sync
 * that fails is repeated until it succeeds, or fails for good. All methods run on the thread of
 * JavaScript, and what they do with rows is done when they return: rows are kept, not copied.
 *
 * After a crash a new one is made from the saved checkpoint, sequences and delete positions, with
 * a MetaCache of what is saved, and gets the messages after the checkpoint again: what of them is
 * in segments is recognised by the segments' own checkpoints, and left out.
 */
export class WriteBuffer {
  readonly #settings: WriteBufferSettings
  readonly #checkpoints: Checkpoints
  readonly #sequences: SourceSequences
  readonly #buffers: SegmentBuffers
  readonly #intake: MessageIntake
  readonly #driver: SyncDriver
  readonly #timer: NodeJS.Timeout
  readonly #unobserve: readonly (() => void)[]
  #flushTimestamp: bigint | undefined
  #closing: Promise<void> | undefined

  /** @throws PackedError InvalidArgument. */
  constructor(options: WriteBufferOptions) {
    const settings = resolveWriteBuffer(options)
    const checkpoints = new Checkpoints(settings.checkpoint)
    const sequences = new SourceSequences(settings.sequences)
    const onChange = () => this.#trigger()
    const driver = new SyncDriver({ settings, checkpoints, sequences, onChange })
    const buffers = new SegmentBuffers({
      ...settings,
      checkpoints,
      signal: driver.signal,
      onNamed: onChange,
      onFailure: (error) => driver.fail(error),
      onRetry: (error, attempt) => driver.report(error, attempt),
    })
    const sync = (segmentId: bigint) => this.#begin(segmentId)
    this.#intake = new MessageIntake({ ...settings, buffers, checkpoints, sync })
    this.#settings = settings
    this.#checkpoints = checkpoints
    this.#sequences = sequences
    this.#driver = driver
    this.#buffers = buffers
    const { least, most } = CHECK_MS
    const periodMs = Math.min(Math.max(settings.syncPeriodMs / 10, least), most)
    this.#timer = setInterval(onChange, periodMs).unref()
    this.#unobserve = [
      settings.meter.observe('buffer.bytes', () => this.bufferedBytes),
      settings.meter.observe('buffer.backlog', () => this.backlogMessages),
    ]
  }

  /** The virtual channel whose messages it buffers. */
  get channelName(): string {
    return this.#settings.metaCache.channelName
  }

  /** Rows (Arrow bytes) and deletes that no sync has taken. */
  get bufferedBytes(): number {
    return this.#buffers.bytes
  }

  /** What is buffered, and what syncs hold of it until their files are written. */
  get memoryBytes(): number {
    return this.#buffers.bytes + this.#driver.payloadBytes
  }

  /** Messages after the checkpoint. */
  get backlogMessages(): number {
    return this.#sequences.backlog
  }

  /** Everything up to here is in segments; undefined: nothing is. */
  getCheckpoint(): ChannelPosition | undefined {
    return this.#checkpoints.saved
  }

  /** Of the last message of a source that was buffered. */
  lastSequence(source: string): bigint | undefined {
    return this.#sequences.last(source)
  }

  /**
   * Take a message, whole or not at all, and sync what the policies choose.
   *
   * @returns 'repeated' for a message at or below the last sequence of its source: it is consumed,
   *   and nothing of it is buffered.
   * @throws PackedError InvalidData, TypeMismatch (data that cannot be written), InvalidArgument
   *   (a position that is not after the last, a segment that is not growing), Closed; the failure
   *   that `onFailure` was told.
   */
  bufferData(message: BufferedMessage): 'buffered' | 'repeated' {
    this.#expectUsable('bufferData')
    const { source, sequence, endPosition } = message
    if (this.#sequences.isRepeated(source, sequence)) {
      this.#checkpoints.consume(endPosition)
      return 'repeated'
    }
    this.#checkpoints.check(endPosition)
    this.#intake.take(message)
    this.#checkpoints.consume(endPosition)
    this.#sequences.add(source, sequence, endPosition.messageId)
    this.triggerSync()
    return 'buffered'
  }

  /** Ask the policies, and sync the segments they choose. @returns their ids. */
  triggerSync(): bigint[] {
    this.#expectUsable('triggerSync')
    const saved = this.#checkpoints.saved
    if (this.#flushTimestamp !== undefined && saved && saved.timestamp > this.#flushTimestamp) {
      this.#flushTimestamp = undefined
    }
    return this.#sync(this.#settings.policies)
  }

  /**
   * The sync of what is buffered of a segment; it is begun by `submit`. The checkpoint waits for
   * it from now on.
   *
   * @throws PackedError NotFound (unknown segment), Closed.
   */
  getSyncTask(segmentId: bigint): PendingSync {
    this.#expectUsable('getSyncTask')
    this.#expectKnown(segmentId)
    return this.#driver.make(segmentId, this.yieldBuffer(segmentId))
  }

  /** Take what is buffered of a segment; its next data opens a new buffer. */
  yieldBuffer(segmentId: bigint): SegmentBuffer | undefined {
    return this.#buffers.take(segmentId)
  }

  /** Begin a sync; it is repeated until it succeeds. @returns when it is saved. */
  submit(sync: PendingSync): Promise<void> {
    return this.#driver.submit(sync)
  }

  /**
   * No more rows for these segments: they are synced to their end.
   *
   * @throws PackedError NotFound (an unknown segment; then none is sealed), Closed.
   */
  sealSegments(segmentIds: readonly bigint[]): void {
    this.#expectUsable('sealSegments')
    for (const id of segmentIds) this.#expectKnown(id)
    const { metaCache } = this.#settings
    metaCache.updateSegments(updateState('Sealed'), withIds(...segmentIds), withState('Growing'))
    this.triggerSync()
  }

  /**
   * Seal all segments and save everything, deletes, too. Messages that come meanwhile need not be
   * part of it.
   *
   * @throws PackedError Closed; the failure of a sync that is given up; the signal's reason: then
   *   the syncs go on.
   */
  async flush(options: ChunkOptions = {}): Promise<void> {
    const signal = expectOnlySignal(options, 'flush')
    this.#expectUsable('flush')
    const { metaCache } = this.#settings
    metaCache.updateSegments(updateState('Sealed'), withState('Growing'), withLevel('L1'))
    this.triggerSync()
    await whenDone(this.#buffers.named(), signal)
    this.#expectUsable('flush')
    for (const id of this.#buffers.deleteSegments()) this.#begin(id)
    const saved = this.#driver.syncs().map((sync) => sync.saved)
    await whenDone(Promise.all(saved), signal)
    this.#driver.advance()
  }

  /** Sync what is older than this hybrid timestamp, once messages have come up to it. */
  setFlushTimestamp(timestamp: bigint): void {
    this.#expectUsable('setFlushTimestamp')
    this.#flushTimestamp = timestamp
    this.triggerSync()
  }

  /**
   * Sync the `count` buffers with the oldest messages, whatever the policies say.
   *
   * @returns their segments, when they are saved. Throws as `flush`.
   */
  async evictBuffer(count: number, options: ChunkOptions = {}): Promise<bigint[]> {
    const signal = expectOnlySignal(options, 'evictBuffer')
    this.#expectUsable('evictBuffer')
    const tasks = oldestBuffers(count)
      .select(this.#situation())
      .map((id) => this.getSyncTask(id))
    await whenDone(Promise.all(tasks.map((task) => this.submit(task))), signal)
    return tasks.map(({ segmentId }) => segmentId)
  }

  /** Throw away what is buffered of partitions, and drop their segments. */
  dropPartitions(partitionIds: readonly bigint[]): void {
    this.#expectUsable('dropPartitions')
    this.#drop(new Set(partitionIds))
  }

  /**
   * Take no more messages. What is buffered is thrown away: the log has it, a restart replays it.
   * With `drop` the segments and the channel are dropped as well. Idempotent.
   *
   * @throws PackedError what dropping throws.
   */
  close({ drop = false }: { drop?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(drop)
    return this.#closing
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drop: boolean): Promise<void> {
    clearInterval(this.#timer)
    for (const unobserve of this.#unobserve) unobserve()
    try {
      if (drop && this.#driver.failure === undefined) await this.#dropChannel()
    } finally {
      await Promise.all([this.#driver.close(), this.#buffers.named()])
      this.#buffers.discard()
    }
  }

  async #dropChannel(): Promise<void> {
    const { metaCache, metaWriter } = this.#settings
    this.#drop(undefined)
    for (let syncs = this.#driver.syncs(); syncs.length > 0; syncs = this.#driver.syncs()) {
      await Promise.all(syncs.map((sync) => sync.saved))
    }
    await metaWriter.dropChannel(metaCache.channelName)
  }

  #drop(partitionIds: ReadonlySet<bigint> | undefined): void {
    const { metaCache, onReleased } = this.#settings
    this.#buffers.discard(partitionIds)
    const concerned = metaCache
      .getSegments()
      .filter(({ partitionId }) => partitionIds?.has(partitionId) !== false)
      .map(({ segmentId }) => segmentId)
    metaCache.updateSegments(updateBufferedRows(0), withIds(...concerned))
    this.#driver.drop(concerned)
    onReleased()
    this.#sync(this.#settings.policies)
  }

  #situation(): SyncSituation {
    return {
      buffers: this.#buffers.states(),
      metaCache: this.#settings.metaCache,
      checkpoint: this.#checkpoints.consumed,
      nowMs: Date.now(),
      flushTimestamp: this.#flushTimestamp,
    }
  }

  #sync(policies: readonly SyncPolicy[]): bigint[] {
    const { metaCache, logger } = this.#settings
    const reasons = new Map<bigint, string>()
    for (const policy of policies) {
      for (const id of policy.select(this.#situation())) {
        if (metaCache.getSegment(id) !== undefined && !reasons.has(id))
          reasons.set(id, policy.reason)
      }
    }
    for (const [segmentId, reason] of reasons) {
      logger.debug({ segmentId: String(segmentId), reason }, 'sync of a segment')
      this.#begin(segmentId)
    }
    return [...reasons.keys()]
  }

  /** `triggerSync` where nobody could take its failure. */
  #trigger(): void {
    if (!this.#driver.signal.aborted) this.#sync(this.#settings.policies)
  }

  #begin(segmentId: bigint): void {
    void this.#driver.submit(this.#driver.make(segmentId, this.#buffers.take(segmentId)))
  }

  #expectUsable(method: string): void {
    if (this.#closing !== undefined) {
      const message = `Expected an open write buffer for ${method}() but it is closed`
      throw new PackedError('Closed', message)
    }
    const { failure } = this.#driver
    if (failure !== undefined) throw failure.error
  }

  #expectKnown(segmentId: bigint): void {
    if (this.#settings.metaCache.getSegment(segmentId) !== undefined) return
    const message = `Expected a segment of channel "${this.channelName}" but received id ${segmentId}`
    throw new PackedError('NotFound', message)
  }
}
