import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type RecordBatch, type Schema, Table } from 'apache-arrow'
import { rememberExport, unflattenBatch, unflattenSchema } from '../cdata/index.js'
import { captureCallSite, PackedError } from '../errors/index.js'
import type {
  BatchHandle,
  CancelHandle,
  NativeBatch,
  NativeOpenedReader,
  ReadPolicy,
} from '../native/index.js'
import { AbortLink, callAsync, callSync } from '../native/index.js'
import { publishEvent, sinceMs, startOf } from '../telemetry/index.js'
import {
  type BatchProducer,
  ipcReadableOf,
  readableOf,
  readableStreamOf,
} from './readable-streams.js'
import { tellReading } from './reader-events.js'
import { SerialQueue } from './serial-queue.js'

/** What a stream does with its batches. */
export interface StreamPolicy {
  policy: ReadPolicy
  /** Release a batch when the next one is asked for. */
  releasePrevious: boolean
}

/** What a reader has read, and what a filter has spared and left out. */
export interface FilterStats {
  /** Parquet row groups of all files that were begun, those read ahead among them. */
  rowGroupsRead: number
  /** Those that are never read: statistics prove that the filter wants none of their rows. */
  rowGroupsSkipped: number
  /** In batches, those prepared for the next calls among them. */
  rowsRead: number
  /** Rows of `numRows` that are never read, as statistics say. */
  rowsSkipped: number
  /** Rows that were read and that the filter left out. */
  rowsFiltered: number
}

/** Streams hold no files to remove; only the signal must let go of a forgotten one. */
const forgotten = new FinalizationRegistry<AbortLink>((link) => link.unlink())

/**
 * Open a native reader and make a stream of it.
 *
 * @throws the signal's reason when it is aborted, what `start` and `make` throw otherwise.
 */
export async function openStream<Stream extends BatchStream>(
  signal: AbortSignal | undefined,
  start: (flag: CancelHandle) => Promise<NativeOpenedReader>,
  make: (opened: NativeOpenedReader, link: AbortLink) => Stream,
): Promise<Stream> {
  const link = new AbortLink(signal)
  const begun = startOf('reader.open')
  try {
    const stream = make(await start(link.flag), link)
    stream.tellOpened(begun)
    if (link.aborted) await stream.close()
    link.throwIfAborted()
    return stream
  } catch (error) {
    link.unlink()
    throw link.translate(error)
  }
}

/**
 * Record batches out of the core: what every reader has, whatever it reads.
 *
 * Batches view native memory where they are large; it is given back when JavaScript drops the
 * batch, or at once by `release`. Batches outlive their reader.
 *
 * Calls may overlap: they run one after the other in call order.
 */
export abstract class BatchStream implements AsyncIterable<RecordBatch> {
  readonly #opened: NativeOpenedReader
  readonly #settings: StreamPolicy
  readonly #link: AbortLink
  readonly #queue = new SerialQueue()
  readonly #owners = new WeakMap<RecordBatch, BatchHandle>()
  /** Schema of every batch: projected, fields that are not stored nullable. */
  readonly schema: Schema
  /** With `releasePrevious`: the batch to release at the next call. */
  #previous: RecordBatch | undefined
  #state: 'open' | 'ended' | 'closed' = 'open'
  #closing: Promise<void> | undefined

  protected constructor(opened: NativeOpenedReader, settings: StreamPolicy, link: AbortLink) {
    this.#opened = opened
    this.#settings = settings
    this.#link = link
    this.schema = unflattenSchema(opened.schema)
    forgotten.register(this, link, this)
    rememberExport(this, () => {
      this.#expectOpen('exportStream')
      return callSync((addon) => addon.readerExportStream(opened.reader))
    })
  }

  /** Rows that are stored, visible or not, whatever the filter. */
  get numRows(): number {
    return this.#opened.rows
  }

  /** What was read, skipped and left out so far; the last of it when the reader is closed. */
  get filterStats(): FilterStats {
    return callSync((addon) => addon.readerFilterStats(this.#opened.reader))
  }

  /**
   * The next batch, or null at the end, again and again.
   *
   * @throws PackedError FileCorrupted, FileChanged, InvalidData (nulls where the schema has
   *   none), StorageIO, OutOfMemory, Closed. The signal's reason when it is aborted.
   */
  readNext(): Promise<RecordBatch | null> {
    return this.inTurn('readNext', this.readNext, async () => {
      if (this.#previous !== undefined) this.release(this.#previous)
      this.#previous = undefined
      return this.#state === 'ended' ? null : await this.#next()
    })
  }

  /**
   * Batches until the end. Leaving the loop early closes the reader; several iterators of one
   * reader share its position.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    let ended = false
    try {
      for (let batch = await this.readNext(); batch !== null; batch = await this.readNext()) {
        yield batch
      }
      ended = true
    } finally {
      if (!ended) await this.close()
    }
  }

  /**
   * Everything that is left, as one Table. Its batches stay apart: no column is copied to be
   * joined. `releasePrevious` does not apply.
   */
  async toTable(): Promise<Table> {
    const batches: RecordBatch[] = []
    for (let batch = await this.#keepNext(); batch !== null; batch = await this.#keepNext()) {
      batches.push(batch)
    }
    return new Table(this.schema, batches)
  }

  /**
   * An object-mode Node stream of the batches, one read ahead; destroying it closes the reader.
   * `releasePrevious` does not apply: a stream cannot know when its consumer is done.
   */
  toReadable(): Readable {
    return readableOf(this.#producer())
  }

  /** As `toReadable`, as a WHATWG stream that reads nothing ahead; cancelling it closes the reader. */
  toReadableStream(): ReadableStream<RecordBatch> {
    return readableStreamOf(this.#producer())
  }

  /**
   * The rows as bytes of an Arrow IPC stream, uncompressed (media type
   * `application/vnd.apache.arrow.stream`); destroying it closes the reader. `releasePrevious` does
   * not apply.
   */
  toIpcReadable(): Readable {
    return ipcReadableOf(this.#producer())
  }

  /**
   * Give the memory of a batch back at once: its typed arrays become empty. A batch of another
   * reader is InvalidArgument; releasing twice is harmless.
   */
  release(batch: RecordBatch): void {
    const owner = this.#owners.get(batch)
    if (owner === undefined) {
      throw new PackedError(
        'InvalidArgument',
        'Expected a batch of this reader for release but received another object',
      )
    }
    callSync((addon) => addon.batchRelease(owner))
  }

  /**
   * Wait for the calls before it, then stop read-ahead and close the files. Idempotent: every
   * call gives the same promise. Later reads are `Closed`; batches handed out stay valid.
   */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      const ended = this.#state === 'ended'
      this.#state = 'closed'
      if (!ended) await this.#closeNative()
      await this.closeMore()
    })
    return this.#closing
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Publish that it was opened; `begun` by the clock of `startOf`. @internal */
  tellOpened(begun: number): void {
    publishEvent('reader.open', () => ({
      paths: this.paths,
      rows: this.numRows,
      durationMs: sinceMs(begun),
    }))
  }

  /** Paths of the files that are read; none of what is in memory. */
  protected get paths(): readonly string[] {
    return this.#opened.files.map(({ path }) => path)
  }

  /**
   * Run `work` after the calls before it, unless the stream is closed by then.
   *
   * @throws what `work` throws, with the caller's stack; the signal's reason when it is aborted.
   */
  protected inTurn<T>(
    name: string,
    method: (...args: never[]) => unknown,
    work: () => Promise<T>,
  ): Promise<T> {
    const site = captureCallSite(method)
    return this.#queue.run(async () => {
      try {
        this.#expectOpen(name)
        return await work()
      } catch (error) {
        const failure = this.#link.translate(error)
        publishEvent('reader.fail', () => ({ paths: this.paths, error: failure }))
        throw failure instanceof PackedError ? failure.at(site) : failure
      }
    })
  }

  /** A batch of this stream, which `release` takes. */
  protected adopt(schema: Schema, native: NativeBatch): RecordBatch {
    const batch = unflattenBatch(schema, native)
    this.#owners.set(batch, native.owner)
    return batch
  }

  /** What else there is to close, when everything before has ended. */
  protected async closeMore(): Promise<void> {}

  async #keepNext(): Promise<RecordBatch | null> {
    const batch = await this.readNext()
    this.#previous = undefined
    return batch
  }

  #producer(): BatchProducer {
    return {
      schema: this.schema,
      next: () => this.#keepNext(),
      close: () => this.close(),
    }
  }

  async #next(): Promise<RecordBatch | null> {
    this.#link.throwIfAborted()
    const told = tellReading('readNext', () => this.paths)
    const native = (await this.#takePrepared()) ?? (await this.#awaitNext())
    if (native === null) {
      this.#state = 'ended'
      await this.#closeNative()
      return null
    }
    const batch = this.adopt(this.schema, native)
    told(batch)
    if (this.#settings.releasePrevious) this.#previous = batch
    return batch
  }

  /** Null where the rows are still to be decoded, or all were read. */
  async #takePrepared(): Promise<NativeBatch | null> {
    const { reader } = this.#opened
    const native = callSync((addon) => addon.readerTakePrepared(reader, this.#settings.policy))
    if (native === null) return null
    // A consumer that awaits nothing else would keep the event loop for as long as there is more.
    await nextTurn()
    this.#link.throwIfAborted()
    return native
  }

  #awaitNext(): Promise<NativeBatch | null> {
    const { reader } = this.#opened
    return callAsync((addon, done) => addon.readerNext(reader, this.#settings.policy, done))
  }

  #closeNative(): Promise<void> {
    this.#link.unlink()
    forgotten.unregister(this)
    return callAsync<void>((addon, done) => addon.readerClose(this.#opened.reader, done)).finally(
      () => publishEvent('reader.close', () => ({ paths: this.paths })),
    )
  }

  #expectOpen(method: string): void {
    if (this.#state !== 'closed') return
    throw new PackedError(
      'Closed',
      `Expected an open ${this.constructor.name} for ${method}() but received one that is closed`,
    )
  }
}
