import type { Schema } from 'apache-arrow'
import { captureCallSite, isPackedError, PackedError } from '../errors/index.js'
import { SimpleArrowRecord } from '../schema/index.js'
import {
  type PackedRecordReaderOptions,
  planRecordReader,
  type RecordReaderPlan,
} from './packed-record-reader-options.js'
import { PackedReader } from './reader.js'
import type { RecordReader } from './record-io.js'
import { SerialQueue } from './serial-queue.js'

/**
 * Reads the chunks of a segment one after the other, joining the files of each chunk's column
 * groups row by row. One chunk is open at a time.
 *
 * Columns that a chunk does not have come out as their default, or as nulls in a field that is
 * then nullable; columns that the schema does not have are left out.
 *
 * Calls may overlap: they run one after the other in call order.
 *
 * @example
 * const reader = await PackedRecordReader.open({ schema, paths: [['0/1', '101/2'], ['0/3', '101/4']] })
 * for (let record = await reader.next(); record; record = await reader.next()) use(record)
 */
export class PackedRecordReader implements RecordReader {
  readonly #plan: RecordReaderPlan
  readonly #queue = new SerialQueue()
  /** The chunk that is being read, or is to be opened next. */
  #chunk = 0
  #reader: PackedReader | undefined
  #failure: { error: unknown } | undefined
  #closed = false
  #closing: Promise<void> | undefined

  private constructor(plan: RecordReaderPlan) {
    this.#plan = plan
  }

  /**
   * Check the options and open the first chunk. Without any chunk the reader is at its end.
   *
   * @throws PackedError InvalidArgument (unknown option or column, chunks of unequal width), and
   *   what `PackedReader.open` throws, naming a path of the chunk.
   */
  static async open(options: PackedRecordReaderOptions): Promise<PackedRecordReader> {
    const reader = new PackedRecordReader(planRecordReader(options))
    if (reader.#plan.chunks.length > 0) await reader.#openChunk()
    return reader
  }

  /** The columns asked for; in a record, those that its chunk does not have may be nullable. */
  get schema(): Schema {
    return this.#plan.schema
  }

  /**
   * The next record, or null at the end, again and again.
   *
   * @throws PackedError what `PackedReader.open` and `readNext` throw, naming a path of the chunk;
   *   after a failure the same one again, never an end. Closed.
   */
  next(): Promise<SimpleArrowRecord | null> {
    const site = captureCallSite(this.next)
    return this.#queue.run(async () => {
      try {
        this.#expectUsable()
        return await this.#next()
      } catch (error) {
        if (!this.#closed) this.#failure ??= { error }
        throw isPackedError(error) ? error.at(site) : error
      }
    })
  }

  /** Records until the end. Leaving the loop early closes the reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SimpleArrowRecord, void, undefined> {
    let ended = false
    try {
      for (let record = await this.next(); record !== null; record = await this.next()) yield record
      ended = true
    } finally {
      if (!ended) await this.close()
    }
  }

  /** Close the chunk that is open. Idempotent; later calls of `next` are `Closed`. */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(() => {
      this.#closed = true
      return this.#closeChunk()
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #next(): Promise<SimpleArrowRecord | null> {
    const { chunks } = this.#plan
    while (this.#chunk < chunks.length) {
      const reader = this.#reader ?? (await this.#openChunk())
      const batch = await reader.readNext().catch((error) => this.#failChunk(error))
      if (batch !== null) return new SimpleArrowRecord(batch)
      await this.#closeChunk()
      this.#chunk++
    }
    return null
  }

  async #openChunk(): Promise<PackedReader> {
    const { chunks, reader: options } = this.#plan
    const paths = chunks[this.#chunk]!
    this.#reader = await PackedReader.open({ ...options, paths }).catch((error) =>
      this.#failChunk(error),
    )
    return this.#reader
  }

  async #closeChunk(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    await reader?.close()
  }

  /** Close the files, and say which they are where the failure does not. */
  async #failChunk(error: unknown): Promise<never> {
    await this.#closeChunk()
    if (!isPackedError(error) || error.path !== undefined) throw error
    const paths = this.#plan.chunks[this.#chunk]!
    throw new PackedError(error.code, `${error.message} (chunk of "${paths.join('", "')}")`, {
      path: paths[0],
      field: error.field,
      cause: error,
    })
  }

  #expectUsable(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (!this.#closed) return
    throw new PackedError(
      'Closed',
      'Expected an open PackedRecordReader for next() but received one that is closed',
    )
  }
}
