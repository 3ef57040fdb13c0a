import type { Allocator } from './allocator.js'

/** The numbers of the logs of one pack: reserved ones first, then as many as are asked for. */
export class PackIds {
  readonly #allocator: Allocator
  readonly #signal: AbortSignal | undefined
  #next = 0n
  #end = 0n

  constructor(allocator: Allocator, signal: AbortSignal | undefined) {
    this.#allocator = allocator
    this.#signal = signal
  }

  /** Allocate so many at once; nothing is asked for none. */
  async reserve(count: number): Promise<void> {
    if (count === 0) return
    const { begin, end } = await this.#allocator.allocate(count, { signal: this.#signal })
    this.#next = begin
    this.#end = end
  }

  /** Numbers that no log had before. Retries come here again, and get others. */
  async take(count: number): Promise<bigint[]> {
    if (this.#end - this.#next < BigInt(count)) await this.reserve(count)
    const first = this.#next
    this.#next += BigInt(count)
    return Array.from({ length: count }, (_, index) => first + BigInt(index))
  }
}
