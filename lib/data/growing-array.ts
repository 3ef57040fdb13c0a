/** What a typed array must have to grow; every typed array does. */
export interface Growable<Self> {
  readonly length: number
  readonly byteLength: number
  subarray(begin: number, end: number): Self
  set(source: Self, offset: number): void
}

/** Where a column takes the memory for its bytes from. What is in it does not matter. */
export type AllocateBytes = (length: number) => Uint8Array

/** Memory that is the garbage collector's when nobody has it any more. */
export const allocateBytes: AllocateBytes = (length) => new Uint8Array(length)

const FIRST_CAPACITY = 64

/**
 * A typed array that grows at its end.
 *
 * The first array it is given is taken over as it is, without a copy; growing on from there copies
 * it once. Memory that was handed out by {@link view} is never written again below its end.
 */
export class GrowingArray<T extends Growable<T>> {
  readonly #allocate: (length: number) => T
  #values: T
  #length = 0
  /** False while the values are the caller's: nothing may be written to them. */
  #own = true

  constructor(allocate: (length: number) => T) {
    this.#allocate = allocate
    this.#values = allocate(0)
  }

  get length(): number {
    return this.#length
  }

  /** Everything, with its capacity; only the first `length` elements mean something. */
  get values(): T {
    return this.#values
  }

  /** The elements so far, over the same memory. */
  view(): T {
    return this.#values.subarray(0, this.#length)
  }

  /** The values with room for `extra` elements from `length` on; `advance` makes them count. */
  reserve(extra: number): T {
    const needed = this.#length + extra
    if (this.#own && needed <= this.#values.length) return this.#values
    const doubled = Math.max(needed, this.#values.length * 2, FIRST_CAPACITY)
    return this.#move(this.#length === 0 ? needed : doubled)
  }

  /** Room for exactly `capacity` elements in all, for those who know what comes. */
  reserveExactly(capacity: number): void {
    if (!this.#own || capacity > this.#values.length) this.#move(capacity)
  }

  advance(count: number): void {
    this.#length += count
  }

  append(values: T): void {
    if (this.#length === 0 && this.#values.length === 0) {
      this.#values = values
      this.#own = false
    } else {
      this.reserve(values.length).set(values, this.#length)
    }
    this.#length += values.length
  }

  truncate(length: number): void {
    if (length >= this.#length) return
    this.#length = length
    if (length > 0) return
    this.#values = this.#allocate(0)
    this.#own = true
  }

  #move(capacity: number): T {
    const before = this.view()
    this.#values = this.#allocate(Math.max(capacity, this.#length))
    this.#values.set(before, 0)
    this.#own = true
    return this.#values
  }
}
