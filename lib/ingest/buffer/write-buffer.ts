import { PackedError } from '../../errors/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import type { ChunkOptions } from '../../storage/index.js'
import {
  type ChannelPosition,
  notSyncing,
  updateBufferedRows,
  updateState,
  withIds,
  withLevel,
  withState,
} from '../../sync/index.js'
import type { BufferedMessage } from './buffered-message.js'
import {
  type CheckedDelete,
  type CheckedInsert,
  checkDelete,
  checkInsert,
} from './check-message.js'
import { Checkpoints } from './checkpoints.js'
import type { PendingSync } from './pending-sync.js'
import type { SegmentBuffer } from './segment-buffer.js'
import { expectGrowing, SegmentBuffers } from './segment-buffers.js'
import { SourceSequences } from './source-sequences.js'
import { SyncDispatch } from './sync-dispatch.js'
import { oldestBuffers, type SyncPolicy, type SyncSituation } from './sync-policies.js'
import { TaskFactory } from './task-factory.js'
import { whenDone } from './when-done.js'
import {
  resolveWriteBuffer,
  type WriteBufferOptions,
  type WriteBufferSettings,
} from './write-buffer-options.js'

/** How often policies are asked when nothing comes: a tenth of the period, within these. */
const CHECK_MS = { least: 20, most: 10_000 }

/** A message whose parts can all be buffered. */
interface CheckedMessage {
  readonly inserts: readonly CheckedInsert[]
  readonly deletes: readonly CheckedDelete[]
  readonly schema: CollectionSchema
}

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
  readonly #dispatch: SyncDispatch
  readonly #tasks: TaskFactory
  /** Aborted when nothing more is to be saved. */
  readonly #end = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #unobserve: (() => void)[]
  readonly #dropped = new Set<bigint>()
  #reported: ChannelPosition | undefined
  #flushTimestamp: bigint | undefined
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<void> | undefined

  /** @throws PackedError InvalidArgument. */
  constructor(options: WriteBufferOptions) {
    const settings = resolveWriteBuffer(options)
    this.#settings = settings
    this.#reported = settings.checkpoint
    this.#checkpoints = new Checkpoints(settings.checkpoint)
    this.#sequences = new SourceSequences(settings.sequences)
    const { signal } = this.#end
    this.#tasks = new TaskFactory(settings, this.#checkpoints, signal)
    const onFailure = (error: unknown) => this.#fail(error)
    const onRetry = (error: unknown, attempt: number) => this.#report(error, attempt)
    this.#buffers = new SegmentBuffers({
      ...settings,
      checkpoints: this.#checkpoints,
      signal,
      onNamed: () => this.#trigger(),
      onFailure,
      onRetry,
    })
    this.#dispatch = new SyncDispatch({
      signal,
      submit: async (sync) => void (await settings.syncManager.syncData(sync)),
      onSaved: (sync) => this.#saved(sync),
      onGivenUp: onFailure,
      onRetry,
    })
    const { least, most } = CHECK_MS
    const periodMs = Math.min(Math.max(settings.syncPeriodMs / 10, least), most)
    this.#timer = setInterval(() => this.#trigger(), periodMs).unref()
    this.#unobserve = [
      settings.meter.observe('buffer.bytes', () => this.bufferedBytes),
      settings.meter.observe('buffer.backlog', () => this.#sequences.backlog),
    ]
  }

  get channelName(): string {
    return this.#settings.metaCache.channelName
  }

  /** Rows (Arrow bytes) and deletes that no sync has taken. */
  get bufferedBytes(): number {
    return this.#buffers.bytes
  }

  /** What is buffered, and what syncs hold of it until their files are written. */
  get memoryBytes(): number {
    return this.#buffers.bytes + this.#dispatch.payloadBytes
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
    const { inserts, deletes, schema } = this.#check(message)
    for (const insert of inserts) this.#bufferRows(insert, schema, message)
    for (const { group, times } of deletes) {
      const { startPosition, endPosition } = message
      const buffer = this.#buffers.forDeletes(group.partitionId, startPosition)
      this.#checkpoints.hold(buffer)
      buffer.deletes.append({ group, times }, startPosition, endPosition)
    }
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
    const buffer = this.yieldBuffer(segmentId)
    return this.#tasks.make(segmentId, buffer)
  }

  /** Take what is buffered of a segment; its next data opens a new buffer. */
  yieldBuffer(segmentId: bigint): SegmentBuffer | undefined {
    return this.#buffers.take(segmentId)
  }

  /** Begin a sync; it is repeated until it succeeds. @returns when it is saved. */
  submit(sync: PendingSync): Promise<void> {
    this.#dispatch.push(sync)
    return sync.saved
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
  async flush({ signal }: ChunkOptions = {}): Promise<void> {
    this.#expectUsable('flush')
    const { metaCache } = this.#settings
    metaCache.updateSegments(updateState('Sealed'), withState('Growing'), withLevel('L1'))
    this.triggerSync()
    await whenDone(this.#buffers.named(), signal)
    this.#expectUsable('flush')
    for (const id of this.#buffers.deleteSegments()) void this.submit(this.getSyncTask(id))
    const saved = this.#dispatch.syncs().map((sync) => sync.saved)
    await whenDone(Promise.all(saved), signal)
    this.#advance()
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
  async evictBuffer(count: number, { signal }: ChunkOptions = {}): Promise<bigint[]> {
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drop: boolean): Promise<void> {
    clearInterval(this.#timer)
    for (const unobserve of this.#unobserve) unobserve()
    try {
      if (drop && this.#failure === undefined) await this.#dropChannel()
    } finally {
      const message = 'Expected an open write buffer for a sync but it is closed'
      this.#end.abort(new PackedError('Closed', message))
      await Promise.all([this.#dispatch.idle(), this.#buffers.named()])
      this.#buffers.discard()
    }
  }

  async #dropChannel(): Promise<void> {
    const { metaCache, metaWriter } = this.#settings
    this.#drop(undefined)
    for (let syncs = this.#dispatch.syncs(); syncs.length > 0; syncs = this.#dispatch.syncs()) {
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
    for (const id of concerned) this.#dropped.add(id)
    const actions = [updateState('Dropped'), updateBufferedRows(0)]
    metaCache.updateSegments(actions, withIds(...concerned))
    onReleased()
    this.#sync(this.#settings.policies)
  }

  #check(message: BufferedMessage): CheckedMessage {
    const { metaCache, deletePositions } = this.#settings
    const { schema = metaCache.schema, endPosition } = message
    const isAfter = (saved: bigint | undefined): boolean =>
      saved === undefined || endPosition.messageId > saved
    const inserts = message.inserts
      .filter(({ segmentId }) => isAfter(metaCache.getSegment(segmentId)?.checkpoint?.messageId))
      .map((group) => checkInsert(group, schema))
      .filter((insert) => insert !== undefined)
    const deletes = message.deletes
      .filter(({ partitionId }) => isAfter(deletePositions.get(partitionId)))
      .map((group) => checkDelete(group, schema))
      .filter((remove) => remove !== undefined)
    for (const { group } of inserts) expectGrowing(metaCache, group.segmentId, endPosition)
    return { inserts, deletes, schema }
  }

  #bufferRows(insert: CheckedInsert, schema: CollectionSchema, message: BufferedMessage): void {
    const { metaCache } = this.#settings
    const { segmentId } = insert.group
    const before = this.#buffers.get(segmentId)
    // Files have one schema: rows of another one begin new files.
    if (before !== undefined && before.schema !== schema) {
      void this.submit(this.getSyncTask(segmentId))
    }
    const { startPosition, endPosition } = message
    const buffer = this.#buffers.forRows(insert.group, schema, startPosition)
    this.#checkpoints.hold(buffer)
    buffer.inserts.append(insert, startPosition, endPosition)
    metaCache.updateSegments(updateBufferedRows(buffer.inserts.rows), withIds(segmentId))
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
      void this.submit(this.#tasks.make(segmentId, this.#buffers.take(segmentId)))
    }
    return [...reasons.keys()]
  }

  /** `triggerSync` where nobody could take its failure. */
  #trigger(): void {
    if (this.#failure === undefined && !this.#end.signal.aborted)
      this.#sync(this.#settings.policies)
  }

  #saved(sync: PendingSync): void {
    const { metaCache, onFlushed } = this.#settings
    const { segmentId, facts } = sync
    this.#checkpoints.release(facts.holder)
    if (facts.isDrop) {
      this.#dropped.delete(segmentId)
      metaCache.removeSegments(withIds(segmentId))
    } else if (this.#dropped.has(segmentId)) {
      // It was dropped while this sync was under way, which has set a state of its own.
      metaCache.updateSegments(updateState('Dropped'), withIds(segmentId))
      this.#trigger()
    } else if (facts.isFlush) {
      const segment = metaCache.getSegment(segmentId)
      if (segment?.level === 'L1') this.#tell(() => onFlushed(segment))
      metaCache.removeSegments(withIds(segmentId), notSyncing())
    }
    if (facts.isFlush || facts.isDrop) this.#tasks.forget(segmentId)
    this.#advance()
  }

  #advance(): void {
    const position = this.#checkpoints.saved
    if (position === undefined || position.messageId === this.#reported?.messageId) return
    this.#reported = position
    const sequences = this.#sequences.upTo(position.messageId)
    this.#tell(() => this.#settings.onCheckpoint(position, sequences))
  }

  /** What a listener throws is its own affair: the sync is saved. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#settings.logger.error({ err: error }, 'a listener of the write buffer failed')
    }
  }

  #report(error: unknown, attempt: number): void {
    const fields = { err: error, attempt, channel: this.channelName }
    this.#settings.logger.warn(fields, 'a sync failed and is repeated')
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#end.signal.aborted) return
    this.#failure = { error }
    this.#settings.logger.error({ err: error, channel: this.channelName }, 'a sync failed for good')
    this.#end.abort(error)
    clearInterval(this.#timer)
    this.#tell(() => this.#settings.onFailure(error))
  }

  #expectUsable(method: string): void {
    if (this.#closing !== undefined) {
      const message = `Expected an open write buffer for ${method}() but it is closed`
      throw new PackedError('Closed', message)
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #expectKnown(segmentId: bigint): void {
    if (this.#settings.metaCache.getSegment(segmentId) !== undefined) return
    const message = `Expected a segment of channel "${this.channelName}" but received id ${segmentId}`
    throw new PackedError('NotFound', message)
  }
}
