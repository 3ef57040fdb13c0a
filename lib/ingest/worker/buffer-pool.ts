/** Less is left to the garbage collector, which frees it with everything else. */
const SMALLEST_BYTES = 2 ** 16
/** Steps of a size to the next power of two: at most a fourth of a buffer is not used. */
const STEPS = 4

/**
 * Memory that is used again for rows of later messages.
 *
 * Large ArrayBuffers outlive the collections of young objects while they wait for their sync, and
 * then nothing hurries V8 to free them: a worker under load would hold several times its budget,
 * touch fresh pages for every message, and stop for collections.
 */
export class BufferPool {
  readonly #roomBytes: () => number
  readonly #idle = new Map<number, ArrayBuffer[]>()
  /** Made here: no other buffer is taken back. */
  readonly #made = new WeakSet<ArrayBuffer>()
  #idleBytes = 0

  /** @param roomBytes what may be kept for later now; more is left to the garbage collector. */
  constructor(roomBytes: () => number) {
    this.#roomBytes = roomBytes
  }

  get idleBytes(): number {
    return this.#idleBytes
  }

  /** Memory with anything in it. */
  readonly take = (bytes: number): Uint8Array => {
    if (bytes < SMALLEST_BYTES) return new Uint8Array(bytes)
    const size = sizeFor(bytes)
    const kept = this.#idle.get(size)?.pop()
    if (kept !== undefined) this.#idleBytes -= size
    // Of its own, not of Node's pool, and not cleared: rows are written over it.
    const buffer = kept ?? (Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer)
    this.#made.add(buffer)
    return new Uint8Array(buffer, 0, bytes)
  }

  /** Take a buffer back that nobody reads or writes any more; others than its own are left alone. */
  give(buffer: ArrayBuffer): void {
    if (!this.#made.delete(buffer)) return
    const size = buffer.byteLength
    if (this.#idleBytes + size > this.#roomBytes()) return
    this.#idleBytes += size
    const idle = this.#idle.get(size)
    if (idle === undefined) this.#idle.set(size, [buffer])
    else idle.push(buffer)
  }
}

function sizeFor(bytes: number): number {
  const step = 2 ** Math.ceil(Math.log2(bytes)) / 2 / STEPS
  return Math.ceil(bytes / step) * step
}
