import type { PendingSync } from './pending-sync.js'
import { type UntilDone, untilDone } from './until-done.js'

/** What a lane needs of its write buffer. */
export interface SyncLaneOwner extends UntilDone {
  /** Make one attempt. */
  submit(sync: PendingSync): Promise<void>
  /** It is saved; called in the order of the pushes. */
  onSaved(sync: PendingSync): void
  /** No attempt is made any more; also when the signal is aborted. */
  onGivenUp(error: unknown): void
}

/**
 * The syncs of one order key, until they are saved.
 *
 * While all goes well each is submitted at once, so that files are written side by side. A failed
 * one takes all later ones with it (the SyncManager's rule); then all are submitted again from the
 * oldest, after pauses that grow, and new ones join them.
 */
export class SyncLane {
  readonly #owner: SyncLaneOwner
  /** Not saved yet, oldest first. */
  readonly #queue: PendingSync[] = []
  readonly #submits = new Set<Promise<void>>()
  /** First attempts under way. */
  #running = 0
  #failure: { readonly error: unknown } | undefined

  constructor(owner: SyncLaneOwner) {
    this.#owner = owner
  }

  get syncs(): readonly PendingSync[] {
    return this.#queue
  }

  push(sync: PendingSync): void {
    this.#queue.push(sync)
    if (this.#failure !== undefined) return
    const submit = this.#submit(sync).finally(() => this.#submits.delete(submit))
    this.#submits.add(submit)
  }

  /** Resolves when no attempt is under way, nor will be. Never fails. */
  async idle(): Promise<void> {
    while (this.#submits.size > 0) await Promise.all(this.#submits)
  }

  /** Never fails. */
  async #submit(sync: PendingSync): Promise<void> {
    this.#running++
    try {
      await this.#attempt(sync)
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#running--
    // The last to end repeats them all: none must be under way twice.
    if (this.#running === 0 && this.#failure !== undefined) await this.#recover(this.#failure.error)
  }

  async #attempt(sync: PendingSync): Promise<void> {
    await this.#owner.submit(sync)
    this.#queue.splice(this.#queue.indexOf(sync), 1)
    this.#owner.onSaved(sync)
    sync.succeeded()
  }

  async #recover(failure: unknown): Promise<void> {
    let isFirst = true
    try {
      await untilDone(this.#owner, async () => {
        // The attempt that has failed counts as the first: a pause comes after it.
        if (!isFirst) return this.#repeat()
        isFirst = false
        throw failure
      })
      this.#failure = undefined
    } catch (error) {
      for (const sync of this.#queue.splice(0)) sync.giveUp(error)
      this.#owner.onGivenUp(error)
    }
  }

  /** Submit everything, also what comes meanwhile. */
  async #repeat(): Promise<void> {
    while (this.#queue.length > 0) {
      const attempts = this.#queue.map((sync) => this.#attempt(sync))
      const failed = (await Promise.allSettled(attempts)).find(isRejected)
      if (failed !== undefined) throw failed.reason
    }
  }
}

function isRejected(result: PromiseSettledResult<void>): result is PromiseRejectedResult {
  return result.status === 'rejected'
}
