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
  /** Of messages that were let in and are not in the write buffer yet. */
  #admittedBytes = 0
  #ended: Error | undefined

  constructor(options: MemoryBudgetOptions) {
    this.#options = options
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#waiters.length
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
      this.#admittedBytes += bytes
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
    this.#admittedBytes -= bytes
    this.check()
  }

  /** Memory may have become free. */
  check(): void {
    let next = this.#waiters[0]
    while (next !== undefined && this.#fits(next.bytes)) {
      this.#waiters.shift()
      this.#admittedBytes += next.bytes
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
