import { SerialQueue } from '../packed/index.js'
import type { SyncEntry, SyncFailure } from './sync-queue-entry.js'

/**
 * The works of one key: prepared whenever there is room, committed and reported in the order in
 * which they came.
 *
 * When one fails, all that wait behind it fail with its error, in their order, and so does, at
 * once, whatever is added before the last of them is reported. After that the queue works again.
 */
export class SyncQueue {
  readonly #turns = new SerialQueue()
  readonly #entries: SyncEntry[] = []
  #failure: SyncFailure | undefined

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Resolves when the last callback was called, with what the callbacks made of the outcome. */
  add(entry: SyncEntry): Promise<SyncFailure | undefined> {
    if (this.#failure !== undefined) return refuse(entry, this.#failure.error)
    this.#entries.push(entry)
    return this.#turns.run(() => this.#complete(entry))
  }

  async #complete(entry: SyncEntry): Promise<SyncFailure | undefined> {
    const failure = await entry.commit()
    if (failure !== undefined) this.#abortSuffix(failure)
    const told = await entry.tell(failure)
    this.#entries.shift()
    if (this.isEmpty) this.#failure = undefined
    return told
  }

  #abortSuffix(failure: SyncFailure): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    for (const later of this.#entries.slice(1)) later.cancel(failure.error)
  }
}

async function refuse(entry: SyncEntry, error: unknown): Promise<SyncFailure | undefined> {
  entry.cancel(error)
  return entry.tell(await entry.commit())
}
