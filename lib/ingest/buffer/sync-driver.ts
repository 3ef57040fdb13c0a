import { PackedError } from '../../errors/index.js'
import { type ChannelPosition, notSyncing, updateState, withIds } from '../../sync/index.js'
import type { Checkpoints } from './checkpoints.js'
import type { PendingSync } from './pending-sync.js'
import type { SegmentBuffer } from './segment-buffer.js'
import type { SourceSequences } from './source-sequences.js'
import { SyncDispatch } from './sync-dispatch.js'
import { TaskFactory } from './task-factory.js'
import type { WriteBufferSettings } from './write-buffer-options.js'

/** What a {@link SyncDriver} works on. */
export interface SyncDriverOptions {
  readonly settings: WriteBufferSettings
  readonly checkpoints: Checkpoints
  readonly sequences: SourceSequences
  /** A segment may be due now that was not before. */
  readonly onChange: () => void
}

/** Makes syncs, brings them to their end, and tells how far everything is saved. */
export class SyncDriver {
  readonly #settings: WriteBufferSettings
  readonly #checkpoints: Checkpoints
  readonly #sequences: SourceSequences
  readonly #onChange: () => void
  readonly #tasks: TaskFactory
  readonly #dispatch: SyncDispatch
  /** Aborted when nothing more is to be saved. */
  readonly #end = new AbortController()
  /** Segments that are to be dropped, and are not yet. */
  readonly #dropped = new Set<bigint>()
  #reported: ChannelPosition | undefined
  #failure: { readonly error: unknown } | undefined

  constructor({ settings, checkpoints, sequences, onChange }: SyncDriverOptions) {
    this.#settings = settings
    this.#checkpoints = checkpoints
    this.#sequences = sequences
    this.#onChange = onChange
    this.#reported = settings.checkpoint
    this.#tasks = new TaskFactory(settings, checkpoints, this.signal)
    this.#dispatch = new SyncDispatch({
      signal: this.signal,
      submit: async (sync) => void (await settings.syncManager.syncData(sync)),
      onSaved: (sync) => this.#saved(sync),
      onGivenUp: (error) => this.fail(error),
      onRetry: (error, attempt) => this.report(error, attempt),
    })
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Why there will be no more syncs; wrapped, as anything can be thrown. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** What syncs hold in memory until their files are written. */
  get payloadBytes(): number {
    return this.#dispatch.payloadBytes
  }

  /** Not saved yet. */
  syncs(): PendingSync[] {
    return this.#dispatch.syncs()
  }

  /** The sync of a segment that the MetaCache has. */
  make(segmentId: bigint, buffer: SegmentBuffer | undefined): PendingSync {
    return this.#tasks.make(segmentId, buffer)
  }

  /** Begin a sync; it is repeated until it succeeds. @returns when it is saved. */
  submit(sync: PendingSync): Promise<void> {
    this.#dispatch.push(sync)
    return sync.saved
  }

  /** Have segments dropped, those also that are being synced. */
  drop(segmentIds: readonly bigint[]): void {
    for (const id of segmentIds) this.#dropped.add(id)
    this.#settings.metaCache.updateSegments(updateState('Dropped'), withIds(...segmentIds))
  }

  /** Tell the checkpoint if it has come on. */
  advance(): void {
    const position = this.#checkpoints.saved
    if (position === undefined || position.messageId === this.#reported?.messageId) return
    this.#reported = position
    const sequences = this.#sequences.upTo(position.messageId)
    this.#tell(() => this.#settings.onCheckpoint(position, sequences))
  }

  /** A failure that is not the last attempt. */
  report(error: unknown, attempt: number): void {
    const { logger, metaCache } = this.#settings
    const fields = { err: error, attempt, channel: metaCache.channelName }
    logger.warn(fields, 'a sync failed and is repeated')
  }

  /** There will be no more syncs. */
  fail(error: unknown): void {
    if (this.signal.aborted) return
    const { logger, metaCache, onFailure } = this.#settings
    this.#failure = { error }
    this.#end.abort(error)
    logger.error({ err: error, channel: metaCache.channelName }, 'a sync failed for good')
    this.#tell(() => onFailure(error))
  }

  /** Begin no more attempts, and wait for those under way. Never fails. */
  async close(): Promise<void> {
    const message = 'Expected an open write buffer for a sync but it is closed'
    this.#end.abort(new PackedError('Closed', message))
    await this.#dispatch.idle()
  }

  #saved({ segmentId, facts }: PendingSync): void {
    const { metaCache, onFlushed } = this.#settings
    this.#checkpoints.release(facts.holder)
    if (facts.isDrop) {
      this.#dropped.delete(segmentId)
      metaCache.removeSegments(withIds(segmentId))
    } else if (this.#dropped.has(segmentId)) {
      // A flush that was under way has set a state of its own.
      metaCache.updateSegments(updateState('Dropped'), withIds(segmentId))
      this.#onChange()
    } else if (facts.isFlush) {
      const segment = metaCache.getSegment(segmentId)
      if (segment?.level === 'L1') this.#tell(() => onFlushed(segment))
      metaCache.removeSegments(withIds(segmentId), notSyncing())
    }
    if (metaCache.getSegment(segmentId) === undefined) this.#tasks.forget(segmentId)
    this.advance()
  }

  /** What a listener throws is its own affair: the sync is saved. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#settings.logger.error({ err: error }, 'a listener of the write buffer failed')
    }
  }
}
