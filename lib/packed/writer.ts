import type { Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import type { Schema } from 'apache-arrow'
import {
  type ForeignStream,
  flattenSchema,
  foreignStreamOf,
  type ImportedStream,
} from '../cdata/index.js'
import { captureCallSite, isPackedError } from '../errors/index.js'
import type { NativeGroupResult, WriterHandle } from '../native/index.js'
import { AbortLink, callAsync, callSync } from '../native/index.js'
import type { ColumnGroup } from '../schema/index.js'
import { publishStage } from '../telemetry/index.js'
import { type BatchInput, BatchIntake, isBatchInput } from './batch-input.js'
import { itemSourceOf, type WriteSource } from './item-source.js'
import { type BatchConsumer, writableOf, writableStreamOf } from './writable-streams.js'
import { takeInput } from './write-input.js'
import { writeItems } from './write-items.js'
import { tellFinishing, tellOpening, tellWriting } from './writer-events.js'
import { WriterLife } from './writer-life.js'
import type {
  PackedWriteResult,
  PackedWriterOptions,
  WriteOptions,
  WriterProgress,
} from './writer-options.js'
import { openWriterOutput, type WriterOutput } from './writer-output.js'
import { resultOf } from './writer-result.js'
import { resolveWrite, resolveWriterSettings, type WriterSettings } from './writer-settings.js'

/** What outlives the open: not the keys of encryption and storage. */
type Settings = Omit<WriterSettings, 'native' | 'storage' | 'spool'> & { bufferBytes: number }

/**
 * Writes Arrow record batches into one Parquet file per column group (Milvus StorageV2).
 *
 * Files appear at their paths when `finish` resolves, all of them or none; until then, and
 * after a failure, an abort or a `close` without `finish`, there is nothing at a path.
 *
 * Calls may overlap: they run one after the other in call order. A `write` that fails ends the
 * writer: what it made is removed and every later call is `Closed`, with the failure as `cause`.
 *
 * @example
 * await using writer = await PackedWriter.open({ schema, directory: 'seg', fieldIds: 'auto' })
 * await writer.write(batch)
 * const { groups } = await writer.finish()
 */
export class PackedWriter {
  readonly #native: WriterHandle
  readonly #settings: Settings
  readonly #link: AbortLink
  readonly #output: WriterOutput
  readonly #intake: BatchIntake
  readonly #paths: readonly string[]
  readonly #life: WriterLife
  readonly #detail = (): object => ({ paths: this.#paths })
  #result: PackedWriteResult | undefined

  private constructor(
    native: WriterHandle,
    settings: Settings,
    { link, output }: { link: AbortLink; output: WriterOutput },
  ) {
    this.#native = native
    this.#settings = settings
    this.#link = link
    this.#output = output
    this.#intake = new BatchIntake(settings.input)
    this.#paths = settings.groups.map(({ path }) => path)
    this.#life = new WriterLife({ native, link, output, paths: this.#paths })
  }

  /**
   * Check schema, groups and options, and start every file.
   *
   * @throws PackedError InvalidArgument (unknown option, bad value, a field in two groups or in
   *   none), InvalidSchema (missing or repeated field ids), UnsupportedType (naming the field),
   *   NotSupported (options that are not built yet), AlreadyExists, PermissionDenied, NotFound,
   *   NoSpace, StorageIO. The signal's reason when it is aborted.
   */
  static async open(options: PackedWriterOptions): Promise<PackedWriter> {
    const site = captureCallSite(PackedWriter.open)
    const { native: nativeOptions, storage, spool, ...others } = resolveWriterSettings(options)
    const settings = { ...others, bufferBytes: nativeOptions.bufferBytes }
    const link = new AbortLink(settings.signal)
    const tellOpened = tellOpening()
    let output: WriterOutput | undefined
    try {
      const schema = flattenSchema(settings.input)
      const handle = callSync((addon) => addon.importSchema(schema))
      const { signal } = settings
      const opened = await openWriterOutput({ native: nativeOptions, storage, spool, signal })
      output = opened
      const native = await callAsync<WriterHandle>((addon, done) =>
        addon.writerOpen(handle, opened.native, link.flag, done),
      )
      const writer = new PackedWriter(native, settings, { link, output })
      if (link.aborted) await writer.close()
      link.throwIfAborted()
      tellOpened(writer.#paths)
      return writer
    } catch (error) {
      link.unlink()
      await output?.discard()
      const failure = link.translate(error)
      throw isPackedError(failure) ? failure.at(site) : failure
    }
  }

  /**
   * The schema as stored: the caller's, with the field ids that `fieldIds: 'auto'` gave, and with
   * codes and scales of vectors that are quantized.
   */
  get schema(): Schema {
    return this.#settings.identified.schema
  }

  /** Field ids by name of the top-level field, in field order. */
  get fieldIds(): ReadonlyMap<string, bigint> {
    const { schema, ids } = this.#settings.identified
    return new Map(schema.fields.map(({ name }, index) => [name, ids[index]!]))
  }

  /** The column groups, with the paths that a policy derived. */
  get groups(): readonly Readonly<Omit<ColumnGroup, 'columns'>>[] {
    return this.#settings.groups.map(({ id, path, fields, fieldIds }) => ({
      id,
      path,
      fields,
      fieldIds,
    }))
  }

  /** What `finish` has published; undefined until then. */
  get result(): PackedWriteResult | undefined {
    return this.#result
  }

  /** What was written so far. Callable at any time. */
  get progress(): WriterProgress {
    return callSync((addon) => addon.writerProgress(this.#native))
  }

  /**
   * Add rows: a RecordBatch, every batch of a Table, or the addresses of an exported C Data
   * pair (which are consumed).
   *
   * Columns are matched to the schema by name. The memory of the batch is lent until the promise
   * settles and must be left alone for so long; then nothing of it is referenced any more. Rows
   * that do not fill a Parquet row group are copied into native memory, within `bufferBytes`.
   *
   * @throws PackedError InvalidArgument (missing or unknown columns; of options, which leaves the
   *   writer open), TypeMismatch, InvalidData
   *   (nulls in a required field, columns of unequal length, invalid UTF-8), Detached, NoSpace,
   *   StorageIO, Closed. The signal's reason when it is aborted.
   */
  async write(input: BatchInput, options: WriteOptions = {}): Promise<void> {
    const { copy = this.#settings.copy } = resolveWrite(options, 'write')
    const take = takeInput(input, { native: this.#native, intake: this.#intake, copy })
    return this.#enqueue('write', async () => {
      const told = tellWriting(this.#paths, () => this.progress)
      for (const batch of take()) {
        this.#link.throwIfAborted()
        await callAsync<void>((addon, done) => addon.writerWrite(this.#native, batch, done))
      }
      told()
      this.#report()
    })
  }

  /**
   * Write a batch or a table, or everything that an iterable, an async iterable (readers, Node
   * streams and RecordBatchReaders are such) or a WHATWG stream yields, one item at a time: the
   * next one is asked for when the one before is written, so that nothing waits but what
   * `bufferBytes` bounds. Does not finish the writer.
   *
   * Of a stream of `importStream` the batches go from its native library into this one, and
   * JavaScript sees nothing of them; an abort waits for the call of the library that is on its way.
   *
   * A source that fails fails the writer. It is closed (`return`, `destroy` or `cancel`) when the
   * writer fails, is aborted or closed before the source has come to its end.
   *
   * @throws what `write` throws, and what the source throws. InvalidArgument for what is no source
   *   and for options, which leaves the writer open.
   */
  async writeAll(source: BatchInput | WriteSource, options: WriteOptions = {}): Promise<void> {
    resolveWrite(options, 'writeAll')
    if (isBatchInput(source)) return this.write(source, options)
    const foreign = foreignStreamOf(source)
    if (foreign !== undefined) return this.#writeForeign(foreign, source as ImportedStream)
    const items = itemSourceOf(source, 'writeAll')
    await writeItems(items, this.#life, (item) => this.write(item as BatchInput, options))
  }

  /**
   * An object-mode Node stream into this writer. It is full when batches of `bufferBytes` wait;
   * 'finish' comes when the files are published, which `result` describes. Destroying it, by an
   * error or not, publishes nothing and is done ('close') when the files are gone.
   */
  toWritable(): Writable {
    return writableOf(this.#consumer(), this.#settings.bufferBytes)
  }

  /** The same as a WHATWG stream: closing it publishes, aborting it publishes nothing. */
  toWritableStream(): WritableStream<BatchInput> {
    return writableStreamOf(this.#consumer(), this.#settings.bufferBytes)
  }

  /**
   * Write the rest and the footers, then publish every file. Once only; also without any row.
   *
   * @returns what each group became: id, path, rows, exact byte counts, row groups, nulls.
   * @throws PackedError AlreadyExists, NoSpace, StorageIO, Closed. Then no file appears; those
   *   published before the failing one are taken back. The signal's reason when it is aborted.
   */
  finish(): Promise<PackedWriteResult> {
    return this.#enqueue('finish', async () => {
      const tellFinished = tellFinishing(this.#paths)
      publishStage('packed.publish.before', this.#detail)
      const results = await callAsync<NativeGroupResult[]>((addon, done) =>
        addon.writerFinish(this.#native, done),
      )
      const result = await resultOf(this.#native, this.#settings, results)
      await this.#output.publish()
      publishStage('packed.publish.after', this.#detail)
      this.#result = result
      this.#life.finish()
      tellFinished(result)
      this.#report()
      return result
    })
  }

  /**
   * Wait for the calls before it, then remove everything unless `finish` succeeded. Idempotent:
   * every call gives the same promise. Later calls of other methods are `Closed`.
   */
  close(): Promise<void> {
    return this.#life.close()
  }

  /** `close()`: a block left by an exception publishes nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #consumer(): BatchConsumer {
    return {
      write: (input) => this.write(input),
      finish: () => this.finish(),
      abandon: () => this.#life.abandon(),
    }
  }

  /** Everything that is left of a stream of another native library, in steps of some MiB. */
  async #writeForeign(foreign: ForeignStream, stream: ImportedStream): Promise<void> {
    try {
      await this.#enqueue('writeAll', async () => {
        const order = this.#intake.order(foreign.schema)
        while (!foreign.ended()) {
          this.#link.throwIfAborted()
          const told = tellWriting(this.#paths, () => this.progress)
          const { ended } = await callAsync<{ ended: boolean }>((addon, done) =>
            addon.writerWriteStream(this.#native, foreign.handle, order, done),
          )
          told()
          this.#report()
          if (ended) break
        }
      })
    } finally {
      stream.close()
    }
  }

  #enqueue<T>(method: string, operation: () => Promise<T>): Promise<T> {
    return this.#life.run(method, operation, captureCallSite(this.#enqueue))
  }

  #report(): void {
    this.#settings.onProgress?.(this.progress)
  }
}
