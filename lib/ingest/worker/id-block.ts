import type { Allocator } from '../../sync/index.js'

/** Asked for at once, as a message of one row would cost as much as one of thousands. */
const BLOCK = 65_536

/** Gives consecutive ids out of blocks. Calls come one after the other. */
export class IdBlock {
  readonly #allocator: Allocator
  #next = 0n
  #end = 0n

  constructor(allocator: Allocator) {
    this.#allocator = allocator
  }

  /** The first of `count` consecutive ids. What is left of a block that is too small is lost. */
  async take(count: number): Promise<bigint> {
    if (this.#end - this.#next < BigInt(count)) {
      const { begin, end } = await this.#allocator.allocate(Math.max(BLOCK, count))
      this.#next = begin
      this.#end = end
    }
    const first = this.#next
    this.#next += BigInt(count)
    return first
  }
}
