import { follow } from '../../storage/index.js'

interface Waiter {
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Options of {@link MemoryBudget}. */
export interface MemoryBudgetOptions {
  readonly limitBytes: number
  /** What is buffered and being written. */
  heldBytes(): number
  /** Somebody waits: see to it that memory becomes free. */
  relieve(): void
}

/**
 * Lets messages in, in the order in which they came, while there is memory for them.
 *
 * A message that is larger than the whole budget is let in when nothing else is there.
 */
export class MemoryBudget {
  readonly #options: MemoryBudgetOptions
  readonly #waiters: Waiter[] = []
  /** Messages that were let in and are not in the write buffer yet. */
  #admitted = 0
  #admittedBytes = 0
  readonly #whenIdle: (() => void)[] = []
  #ended: Error | undefined

  constructor(options: MemoryBudgetOptions) {
    this.#options = options
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#waiters.length
  }

  get limitBytes(): number {
    return this.#options.limitBytes
  }

  /** In the write buffer, being written, and being accepted. */
  get usedBytes(): number {
    return this.#options.heldBytes() + this.#admittedBytes
  }

  /** Wait for so much memory. @throws the signal's reason; what `end` was called with. */
  async acquire(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended
    signal?.throwIfAborted()
    if (this.#waiters.length === 0 && this.#fits(bytes)) {
      this.#admit(bytes)
      return
    }
    let unfollow = (): void => {}
    const waiting = new Promise<void>((resolve, reject) => {
      const waiter = { bytes, resolve, reject }
      this.#waiters.push(waiter)
      unfollow = follow(signal, (reason) => this.#giveUp(waiter, reason))
    })
    this.#options.relieve()
    await waiting.finally(unfollow)
  }

  /** A message is in the write buffer now, which counts it, or has come to nothing. */
  release(bytes: number): void {
    this.#admitted -= 1
    this.#admittedBytes -= bytes
    if (this.#admitted === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
    this.check()
  }

  /** Resolves when no message is between `acquire` and `release`. */
  idle(): Promise<void> {
    if (this.#admitted === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  /** Memory may have become free. */
  check(): void {
    let next = this.#waiters[0]
    while (next !== undefined && this.#fits(next.bytes)) {
      this.#waiters.shift()
      this.#admit(next.bytes)
      next.resolve()
      next = this.#waiters[0]
    }
    if (next !== undefined) this.#options.relieve()
  }

  /** Nobody is let in any more, and nobody waits. */
  end(error: Error): void {
    this.#ended = error
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  #admit(bytes: number): void {
    this.#admitted += 1
    this.#admittedBytes += bytes
  }

  #fits(bytes: number): boolean {
    const used = this.usedBytes
    return used === 0 || used + bytes <= this.#options.limitBytes
  }

  #giveUp(waiter: Waiter, reason: Error): void {
    const index = this.#waiters.indexOf(waiter)
    if (index < 0) return
    this.#waiters.splice(index, 1)
    waiter.reject(reason)
    this.check()
  }
}
