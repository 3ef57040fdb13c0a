import {
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { SerialQueue } from '../packed/index.js'
import type { ChunkOptions } from '../storage/index.js'
import type { Allocator, IdRange } from './allocator.js'
import { COUNTER_BITS, changeCounter, reserveIds } from './meta-counter.js'
import type { MetaStore } from './meta-store.js'

/** Ids taken from the store at a time. */
const BATCH = 1000
/** How far ahead of the clock the store knows timestamps to be taken. */
const WINDOW = 3000n << COUNTER_BITS

/** Options of {@link LocalAllocator.open}. */
export interface LocalAllocatorOptions {
  /** Ids taken from the store at a time; those left when the process ends are lost. 1000. */
  batch?: number
  /** Milliseconds since 1970; `Date.now`. */
  clock?: () => number
}

/**
 * Ids and timestamps out of a metadata store, in batches: most calls do not touch the disk.
 *
 * Ids are unique over all allocators of the store. Timestamps of one allocator ascend, and are
 * above those of every allocator that was closed, or whose process ended, before it was opened;
 * two that are open at once may give the same ones. After a restart they may run 3 s ahead of the
 * clock.
 */
export class LocalAllocator implements Allocator {
  readonly #store: MetaStore
  readonly #batch: number
  readonly #clock: () => number
  readonly #queue = new SerialQueue()
  #ids: IdRange = { begin: 0n, end: 0n }
  /** The next timestamp is this one or a later one. */
  #nextTimestamp: bigint
  /** Timestamps below are this allocator's to give. */
  #timestampLimit: bigint
  #closed: Promise<void> | undefined

  private constructor(store: MetaStore, settings: Settings, window: IdRange) {
    this.#store = store
    this.#batch = settings.batch
    this.#clock = settings.clock
    this.#nextTimestamp = window.begin
    this.#timestampLimit = window.end
  }

  /** @throws PackedError InvalidArgument, and what the store throws. */
  static async open(
    store: MetaStore,
    options: LocalAllocatorOptions = {},
  ): Promise<LocalAllocator> {
    expectObject(store, 'store')
    const settings = resolve(options)
    return new LocalAllocator(store, settings, await firstWindow(store, settings.clock))
  }

  async allocate(count: number, options: ChunkOptions = {}): Promise<IdRange> {
    const ids = BigInt(expectInteger(count, 'count', { min: 1 }))
    return this.#inTurn(options, async () => {
      if (this.#ids.end - this.#ids.begin < ids) await this.#takeIds(count, options)
      const { begin, end } = this.#ids
      this.#ids = { begin: begin + ids, end }
      return { begin, end: begin + ids }
    })
  }

  allocateTimestamp(options: ChunkOptions = {}): Promise<bigint> {
    return this.#inTurn(options, async () => {
      const next = later(timestampOf(this.#clock()), this.#nextTimestamp)
      if (next >= this.#timestampLimit) await this.#takeTimestamps(next, options)
      this.#nextTimestamp = next + 1n
      return next
    })
  }

  /** Waits for calls under way. Idempotent; the store stays open. */
  close(): Promise<void> {
    this.#closed ??= this.#queue.run(async () => {})
    return this.#closed
  }

  /** Where the new batch follows the old one, the rest of that is not lost. */
  async #takeIds(count: number, options: ChunkOptions): Promise<void> {
    const taken = await reserveIds(this.#store, Math.max(count, this.#batch), {
      signal: options.signal,
      clock: this.#clock,
    })
    const begin = taken.begin === this.#ids.end ? this.#ids.begin : taken.begin
    this.#ids = { begin, end: taken.end }
  }

  /** The limit is shared, and only rises: another allocator may have raised it far enough. */
  async #takeTimestamps(next: bigint, options: ChunkOptions): Promise<void> {
    const raise = (taken: bigint | undefined): bigint => later(taken ?? 0n, next + WINDOW)
    const { after } = await changeCounter(this.#store, 'timestamp', raise, options)
    this.#timestampLimit = after
  }

  async #inTurn<T>(options: ChunkOptions, run: () => Promise<T>): Promise<T> {
    this.#expectOpen()
    const signal = expectOnlySignal(options, 'LocalAllocator')
    signal?.throwIfAborted()
    return this.#queue.run(() => {
      signal?.throwIfAborted()
      return run()
    })
  }

  #expectOpen(): void {
    if (this.#closed === undefined) return
    throw new PackedError('Closed', 'Expected an open allocator for ids but received a closed one')
  }
}

type Settings = Required<LocalAllocatorOptions>

function resolve(options: LocalAllocatorOptions): Settings {
  const given = expectObject(options, 'LocalAllocator.open')
  expectKnownKeys(given, ['batch', 'clock'], 'LocalAllocator.open')
  return {
    batch: expectInteger(given.batch, 'batch', { min: 1, fallback: BATCH }),
    clock: expectFunction<() => number>(given.clock, 'clock') ?? Date.now,
  }
}

/** The first timestamp of a moment. */
function timestampOf(milliseconds: number): bigint {
  return BigInt(Math.floor(milliseconds)) << COUNTER_BITS
}

/** Neither bound is a number: Math.max does not take bigints. */
function later(left: bigint, right: bigint): bigint {
  if (left < right) return right
  return left
}

/** From what the store knows to be taken, or from now: the limit is on disk before any is given. */
async function firstWindow(store: MetaStore, clock: () => number): Promise<IdRange> {
  const now = timestampOf(clock())
  const beginAfter = (taken: bigint | undefined): bigint => later(taken ?? 0n, now)
  const raise = (taken: bigint | undefined): bigint => beginAfter(taken) + WINDOW
  const { before, after } = await changeCounter(store, 'timestamp', raise)
  return { begin: beginAfter(before), end: after }
}
