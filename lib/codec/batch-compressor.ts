import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type BytesCodec, type CodecOrName, resolveBytesCodec, withSignal } from './bytes-codec.js'
import { expectBytes } from './codec-bytes.js'
import { batchBytes, CompressedBatch } from './compressed-batch.js'

/** Options of {@link BatchCompressor}. */
export interface BatchCompressorOptions {
  /** `'zstd'` by default; a Codec with a trained dictionary is what small items want. */
  codec?: CodecOrName
  /** Most items of a batch: 1,024 by default. */
  maxItems?: number
  /** Most bytes of a batch before compression, which is what is held: 4 MiB by default. */
  maxBytes?: number
}

interface AbortOptions {
  signal?: AbortSignal
}

const KNOWN = ['codec', 'maxItems', 'maxBytes'] as const
const MAX_ITEMS = 1024
const MOST_ITEMS = 2 ** 20
const MAX_BYTES = 4 * 2 ** 20
const MOST_BYTES = 2 ** 30

/**
 * Collects items, each compressed for itself, into batches with an index, so that any item can be
 * decoded alone. Calls are done in their order; what is held stays within both bounds.
 *
 * @example
 * await using compressor = new BatchCompressor({ maxItems: 100 })
 * for (const item of items) {
 *   const batch = await compressor.add(item)
 *   if (batch !== null) await save(batch.bytes)
 * }
 * const last = await compressor.flush()
 */
export class BatchCompressor {
  readonly #codec: BytesCodec
  readonly #maxItems: number
  readonly #maxBytes: number
  #items: Uint8Array[] = []
  #bytes = 0
  #tail: Promise<unknown> = Promise.resolve()
  #closed = false

  /** @throws PackedError InvalidArgument. */
  constructor(options: BatchCompressorOptions = {}) {
    const given = expectObject(options, 'BatchCompressor')
    expectKnownKeys(given, KNOWN, 'BatchCompressor')
    this.#codec = resolveBytesCodec(given.codec ?? 'zstd', 'codec')
    const items = { min: 1, max: MOST_ITEMS, fallback: MAX_ITEMS }
    this.#maxItems = expectInteger(given.maxItems, 'maxItems', items)
    const bytes = { min: 1, max: MOST_BYTES, fallback: MAX_BYTES }
    this.#maxBytes = expectInteger(given.maxBytes, 'maxBytes', bytes)
  }

  /** Items that wait for a batch. */
  get pendingItems(): number {
    return this.#items.length
  }

  /** Their bytes. */
  get pendingBytes(): number {
    return this.#bytes
  }

  /**
   * Take an item, copied when its turn comes: it is lent until the promise settles.
   *
   * @returns a batch where one is full: the items before this one where it does not fit in any
   *   more, or all of them with the last one that it may have; else null.
   * @throws PackedError InvalidArgument (larger than `maxBytes`, too), Detached, Closed; what the
   *   codec throws. The item is then not taken, and those before it wait as they did.
   */
  add(item: Uint8Array, options: AbortOptions = {}): Promise<CompressedBatch | null> {
    return this.#inTurn(async () => {
      const signal = expectOnlySignal(options, 'add')
      signal?.throwIfAborted()
      const bytes = expectBytes(item, 'item').byteLength
      if (bytes > this.#maxBytes) {
        throw unexpected(`at most ${this.#maxBytes} bytes (maxBytes)`, 'item', bytes)
      }
      const copy = Uint8Array.from(item)
      if (this.#bytes + bytes > this.#maxBytes) {
        const batch = await this.#compress(this.#items, signal)
        this.#hold([copy])
        return batch
      }
      const items = [...this.#items, copy]
      if (items.length < this.#maxItems) {
        this.#items.push(copy)
        this.#bytes += bytes
        return null
      }
      const batch = await this.#compress(items, signal)
      this.#hold([])
      return batch
    })
  }

  /**
   * The items that wait, as a batch; null where none does.
   *
   * @throws PackedError Closed; what the codec throws, and the items wait on.
   */
  flush(options: AbortOptions = {}): Promise<CompressedBatch | null> {
    return this.#inTurn(async () => {
      const signal = expectOnlySignal(options, 'flush')
      signal?.throwIfAborted()
      if (this.#items.length === 0) return null
      const batch = await this.#compress(this.#items, signal)
      this.#hold([])
      return batch
    })
  }

  /** Wait for the calls before it and drop what was not flushed. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#tail
    this.#hold([])
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #hold(items: Uint8Array[]): void {
    this.#items = items
    this.#bytes = items.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      const message = 'Expected an open compressor but received a closed one'
      return Promise.reject(new PackedError('Closed', message))
    }
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => {})
    return result
  }

  async #compress(
    items: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<CompressedBatch> {
    const encode = async (item: Uint8Array) => ({
      original: item.byteLength,
      encoded: await this.#codec.encode(item, withSignal(signal)),
    })
    // To the end of all of them: behind a failure nothing goes on unseen.
    const outcomes = await Promise.allSettled(items.map(encode))
    const encoded = outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
    return CompressedBatch.open(batchBytes(this.#codec.name, encoded), { codec: this.#codec })
  }
}
