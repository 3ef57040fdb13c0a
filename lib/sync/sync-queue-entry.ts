import type { SyncCallback, SyncWork } from './sync-work.js'

/** Why a work did not come to its end; wrapped, as anything can be thrown. */
export interface SyncFailure {
  readonly error: unknown
}

/** Where a submitted work is. */
export type SyncPhase = 'waiting' | 'preparing' | 'prepared' | 'committing' | 'saved' | 'failed'

/** One submission of a work, from the wait for its turn to its last callback. */
export class SyncEntry {
  readonly work: SyncWork
  /** As it was at submission: a work has none any more when it is prepared. */
  readonly payloadBytes: number
  readonly #callbacks: readonly SyncCallback[]
  readonly #onLost: (error: unknown) => void
  readonly #controller = new AbortController()
  readonly #prepared: Promise<void>
  #endPrepare: () => void = () => {}
  #phase: SyncPhase = 'waiting'
  #failure: SyncFailure | undefined
  #canceled = false

  /** @param onLost told of an error that is no longer anybody's: a callback's after a failure. */
  constructor(
    work: SyncWork,
    callbacks: readonly SyncCallback[],
    onLost: (error: unknown) => void,
  ) {
    this.work = work
    this.payloadBytes = work.payloadBytes
    this.#callbacks = callbacks
    this.#onLost = onLost
    this.#prepared = new Promise((resolve) => {
      this.#endPrepare = resolve
    })
  }

  get phase(): SyncPhase {
    return this.#phase
  }

  /** Once, when there is room; nothing happens when it was canceled meanwhile. Never rejects. */
  async prepare(): Promise<void> {
    if (this.#canceled) return
    this.#phase = 'preparing'
    try {
      await this.work.prepare(this.#controller.signal)
      this.#phase = 'prepared'
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#endPrepare()
  }

  /**
   * Have it fail with `error`: at once where `prepare` has not begun, else when that has ended. A
   * commit that has begun is told to stop, and decides for itself.
   */
  cancel(error: unknown): void {
    if (this.#phase === 'waiting') this.#endPrepare()
    if (this.#phase !== 'committing') {
      this.#canceled = true
      this.#failure = { error }
    }
    this.#controller.abort(error)
  }

  /** When `prepare` has ended: save it, or give it up. Never rejects. */
  async commit(): Promise<SyncFailure | undefined> {
    await this.#prepared
    if (this.#canceled) this.work.abandon()
    else if (this.#failure === undefined) await this.#save()
    this.#phase = this.#failure === undefined ? 'saved' : 'failed'
    return this.#failure
  }

  /**
   * Tell the work and every callback how it ended, one after the other.
   *
   * @returns what the callbacks made of it. One that throws does not keep the others from being
   *   called, and does not hide an earlier failure.
   */
  async tell(failure: SyncFailure | undefined): Promise<SyncFailure | undefined> {
    let told = failure
    if (failure !== undefined)
      told = await this.#hear(() => void this.work.fail(failure.error), told)
    for (const callback of this.#callbacks) {
      const current = told
      told = await this.#hear(() => callback(current?.error), current)
    }
    return told
  }

  /** What an outcome is after somebody heard of it. */
  async #hear(
    call: () => unknown,
    outcome: SyncFailure | undefined,
  ): Promise<SyncFailure | undefined> {
    try {
      const answer = await call()
      if (answer === undefined) return outcome
      return answer === null ? undefined : { error: answer }
    } catch (error) {
      if (outcome !== undefined) this.#onLost(error)
      return outcome ?? { error }
    }
  }

  async #save(): Promise<void> {
    this.#phase = 'committing'
    try {
      await this.work.commit(this.#controller.signal)
    } catch (error) {
      this.#failure = { error }
    }
  }
}
