import { Readable } from 'node:stream'
import { type RecordBatch, type Schema, Table } from 'apache-arrow'
import { unflattenBatch, unflattenSchema } from '../cdata/index.js'
import { captureCallSite, PackedError } from '../errors/index.js'
import type { BatchHandle, NativeBatch, NativeOpenedReader } from '../native/index.js'
import { callAsync, callSync } from '../native/index.js'
import { AbortLink } from './abort-link.js'
import { describeFile, type PackedFileInfo } from './file-info.js'
import { withKeys } from './key-retriever.js'
import type { PackedReaderOptions, PackedRowGroup } from './reader-options.js'
import { type ReaderSettings, resolveReaderSettings } from './reader-settings.js'
import { SerialQueue } from './serial-queue.js'

/** Readers hold no files to remove; only the signal must let go of a forgotten one. */
const forgotten = new FinalizationRegistry<AbortLink>((link) => link.unlink())

/**
 * Joins the files of column groups row by row into Arrow record batches.
 *
 * Batches view native memory where they are large; it is given back when JavaScript drops the
 * batch, or at once by `release`. Batches outlive their reader.
 *
 * Calls may overlap: they run one after the other in call order.
 *
 * @example
 * const reader = await PackedReader.open({ paths: ['seg/0', 'seg/101'] })
 * for await (const batch of reader) console.log(batch.numRows)
 */
export class PackedReader implements AsyncIterable<RecordBatch> {
  readonly #opened: NativeOpenedReader
  readonly #settings: ReaderSettings
  readonly #link: AbortLink
  readonly #queue = new SerialQueue()
  readonly #owners = new WeakMap<RecordBatch, BatchHandle>()
  /** Schema of every batch: projected, fields that the files do not have nullable. */
  readonly schema: Schema
  /** Facts of every file, in the order of `paths`. */
  readonly files: readonly PackedFileInfo[]
  /** With `releasePrevious`: the batch to release at the next call. */
  #previous: RecordBatch | undefined
  #state: 'open' | 'ended' | 'closed' = 'open'
  #closing: Promise<void> | undefined

  private constructor(opened: NativeOpenedReader, settings: ReaderSettings, link: AbortLink) {
    this.#opened = opened
    this.#settings = settings
    this.#link = link
    this.schema = unflattenSchema(opened.schema)
    this.files = opened.files.map(describeFile)
    forgotten.register(this, link, this)
  }

  /**
   * Read and cross-check the footers of all files.
   *
   * @throws PackedError InvalidArgument (unknown option or column), NotSupported (options that
   *   are not built yet), NotFound, PermissionDenied, StorageIO, MetadataCorrupted (missing or
   *   wrong packed keys), FileCorrupted (damaged Parquet, unequal row counts), InvalidSchema,
   *   TypeMismatch (naming field, stored and requested type), Encryption (no key, another key,
   *   a damaged encrypted footer, a retriever that failed). The signal's reason when aborted.
   */
  static async open(options: PackedReaderOptions): Promise<PackedReader> {
    const settings = resolveReaderSettings(options)
    const link = new AbortLink(settings.signal)
    try {
      const { native, keyRetriever, signal } = settings
      const files = { storage: native.storage, paths: native.paths, keyRetriever, signal }
      const opened = await withKeys(files, (keys) =>
        callAsync<NativeOpenedReader>((addon, done) =>
          addon.readerOpen({ ...native, keys }, link.flag, done),
        ),
      )
      const reader = new PackedReader(opened, settings, link)
      if (link.aborted) await reader.close()
      link.throwIfAborted()
      return reader
    } catch (error) {
      link.unlink()
      throw link.translate(error)
    }
  }

  /** Rows of every file. */
  get numRows(): number {
    return this.#opened.rows
  }

  /** Parquet row groups of every file, files in the order of `paths`. */
  get rowGroups(): readonly PackedRowGroup[] {
    return this.files.flatMap((file) => file.rowGroups)
  }

  /**
   * Footer keys of the first file, in file order. Files of one segment differ only in
   * `row_group_metadata`; `files[i].metadata` has each one's own.
   */
  get metadata(): ReadonlyMap<string, string> {
    return this.files[0]?.metadata ?? new Map()
  }

  /**
   * The next batch, or null at the end, again and again.
   *
   * @throws PackedError FileCorrupted, FileChanged, InvalidData (nulls where the schema has
   *   none), StorageIO, OutOfMemory, Closed. The signal's reason when it is aborted.
   */
  readNext(): Promise<RecordBatch | null> {
    const site = captureCallSite(this.readNext)
    return this.#queue.run(async () => {
      try {
        this.#expectOpen('readNext')
        if (this.#previous !== undefined) this.release(this.#previous)
        this.#previous = undefined
        return this.#state === 'ended' ? null : await this.#next()
      } catch (error) {
        const failure = this.#link.translate(error)
        throw failure instanceof PackedError ? failure.at(site) : failure
      }
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

  /** An object-mode Node stream of the batches; destroying it closes the reader. */
  toReadable(): Readable {
    const stream = Readable.from(this, { objectMode: true, highWaterMark: 1 })
    // A generator that never ran has no `finally` to run when it is destroyed.
    return stream.once('close', () => {
      if (!stream.readableEnded) void this.close()
    })
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

  /** Not built yet: rejects with NotSupported. */
  take(_rows: readonly (number | bigint)[]): Promise<Table> {
    return Promise.reject(unbuilt('take'))
  }

  /** Not built yet: rejects with NotSupported. */
  readRowGroup(_where: { group: number; index: number }): Promise<RecordBatch> {
    return Promise.reject(unbuilt('readRowGroup'))
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
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #keepNext(): Promise<RecordBatch | null> {
    const batch = await this.readNext()
    this.#previous = undefined
    return batch
  }

  async #next(): Promise<RecordBatch | null> {
    this.#link.throwIfAborted()
    const { reader } = this.#opened
    const native = await callAsync<NativeBatch | null>((addon, done) =>
      addon.readerNext(reader, this.#settings.policy, done),
    )
    if (native === null) {
      this.#state = 'ended'
      await this.#closeNative()
      return null
    }
    const batch = unflattenBatch(this.schema, native)
    this.#owners.set(batch, native.owner)
    if (this.#settings.releasePrevious) this.#previous = batch
    return batch
  }

  #closeNative(): Promise<void> {
    this.#link.unlink()
    forgotten.unregister(this)
    return callAsync<void>((addon, done) => addon.readerClose(this.#opened.reader, done))
  }

  #expectOpen(method: string): void {
    if (this.#state !== 'closed') return
    throw new PackedError(
      'Closed',
      `Expected an open PackedReader for ${method}() but received one that is closed`,
    )
  }
}

function unbuilt(method: string): PackedError {
  return new PackedError('NotSupported', `PackedReader.${method}() is not built yet`)
}
