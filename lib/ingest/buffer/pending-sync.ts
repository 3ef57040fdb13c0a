import type { ChunkManager } from '../../storage/index.js'
import type { ChannelPosition, SyncWork } from '../../sync/index.js'

/** What belongs to a sync besides its work. */
export interface PendingSyncFacts {
  /** Who holds the checkpoint back until the sync is saved, see `Checkpoints`. */
  readonly holder: object
  readonly isFlush: boolean
  readonly isDrop: boolean
  /** Its files are written: the rows in memory are given back. */
  readonly onReleased: () => void
}

/**
 * A sync from its first attempt to the one that succeeds.
 *
 * It goes through the SyncManager as often as needed: what was prepared stays so when it is
 * abandoned because an earlier sync of the segment failed, as the rows are gone by then.
 */
export class PendingSync implements SyncWork {
  readonly segmentId: bigint
  readonly orderKey: string
  readonly checkpoint: ChannelPosition | undefined
  /** Settles when the metadata is saved, or the sync is given up. */
  readonly saved: Promise<void>
  readonly facts: PendingSyncFacts
  readonly #work: SyncWork
  #isPrepared = false
  #settle: { resolve(): void; reject(error: unknown): void } | undefined

  constructor(work: SyncWork, facts: PendingSyncFacts) {
    this.segmentId = work.segmentId
    this.orderKey = work.orderKey
    this.checkpoint = work.checkpoint
    this.#work = work
    this.facts = facts
    this.saved = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Who waits sees the failure; nobody has to wait.
    this.saved.catch(() => {})
  }

  get payloadBytes(): number {
    return this.#isPrepared ? 0 : this.#work.payloadBytes
  }

  get flushedSize(): number {
    return this.#work.flushedSize ?? 0
  }

  useChunkManager(chunkManager: ChunkManager): void {
    if (!this.#isPrepared) this.#work.useChunkManager(chunkManager)
  }

  async prepare(signal?: AbortSignal): Promise<void> {
    if (this.#isPrepared) return
    await this.#work.prepare(signal)
    this.#isPrepared = true
    this.facts.onReleased()
  }

  commit(signal?: AbortSignal): Promise<void> {
    return this.#work.commit(signal)
  }

  abandon(): void {}

  fail(error: unknown): void {
    this.#work.fail(error)
  }

  succeeded(): void {
    this.#settle?.resolve()
  }

  /** There will be no further attempt. */
  giveUp(error: unknown): void {
    this.#work.abandon()
    this.#settle?.reject(error)
  }
}
