import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { RecordBatch, Schema, Table } from 'apache-arrow'
import { exportReader, rememberExport } from '../cdata/index.js'
import { expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { FilterStats, PackedReader } from '../packed/index.js'
import { chunkManagerAt } from '../storage/index.js'
import { ManifestChunkReader } from './chunk-reader.js'
import {
  expectColumns,
  type ManifestReaderOptions,
  type ManifestReaderPlan,
  planManifestReader,
} from './manifest-reader-options.js'
import { ManifestSource } from './manifest-source.js'
import type { Manifest } from './model.js'
import { ManifestStore } from './store.js'

/** A choice of columns for one call, in the place of that of the reader. */
export interface ManifestColumns {
  /** In this order; that of the reader if absent or empty. */
  columns?: readonly string[]
}

/**
 * Reads the rows of one version of a segment's manifest as Arrow record batches: column groups
 * joined row by row, each the windows of its files one after the other.
 *
 * Columns are matched by name. Deletes are not looked at: a `SegmentReader` does. Every version
 * stays readable as long as its files are there.
 *
 * Calls may overlap: they run one after the other in call order. Batches outlive their reader.
 *
 * @example
 * await using reader = await ManifestReader.open({ storage, basePath: 'seg', columns: ['id'] })
 * for await (const batch of reader) console.log(batch.numRows)
 */
export class ManifestReader implements AsyncIterable<RecordBatch> {
  /** The version that is read; -1 where a manifest was given without one. */
  readonly version: number
  readonly #source: ManifestSource
  readonly #reader: PackedReader
  #isClosed = false

  private constructor(version: number, source: ManifestSource, reader: PackedReader) {
    this.version = version
    this.#source = source
    this.#reader = reader
    rememberExport(this, () => exportReader(reader)!)
  }

  /**
   * Read the manifest, and the footers of the column groups that have one of the columns.
   *
   * @throws PackedError InvalidArgument (a column that is not there or is there twice, no column
   *   group and no schema, a window without rows), NotFound (the version, a file), NotSupported
   *   (another format than Parquet, a chunk manager that the addon cannot read from), and as
   *   `PackedReader.open`, naming the file. The signal's reason when it is aborted.
   */
  static async open(options: ManifestReaderOptions): Promise<ManifestReader> {
    const plan = planManifestReader(options)
    plan.signal?.throwIfAborted()
    const chunkManager = await chunkManagerAt(plan.place)
    const storage = plan.place.storage ?? chunkManager.storage
    if (storage === undefined) {
      throw new PackedError(
        'NotSupported',
        'Expected a chunk manager with a storage for ManifestReader.open but received one without',
      )
    }
    const { version, manifest } = await manifestOf(plan, () => {
      return new ManifestStore(chunkManager, plan.basePath as string)
    })
    const source = new ManifestSource(manifest, plan, storage)
    const reader = await source.open(source.namesOf(undefined))
    return new ManifestReader(version, source, reader)
  }

  /** What was committed as this version. */
  get manifest(): Manifest {
    return this.#source.manifest
  }

  /** Schema of every batch; columns that are not stored are nullable. */
  get schema(): Schema {
    return this.#reader.schema
  }

  /** Rows of every column group, deleted ones included. */
  get numRows(): number {
    return this.#reader.numRows
  }

  /** What was read so far, and what the filter has spared and left out. */
  get filterStats(): FilterStats {
    return this.#reader.filterStats
  }

  /**
   * The next batch, or null at the end, again and again.
   *
   * @throws PackedError as `PackedReader.readNext`.
   */
  readNext(): Promise<RecordBatch | null> {
    return this.#reader.readNext()
  }

  /** Batches until the end. Leaving the loop early closes the reader. */
  [Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    return this.#reader[Symbol.asyncIterator]()
  }

  /** Everything that is left, as one Table. */
  toTable(): Promise<Table> {
    return this.#reader.toTable()
  }

  /** An object-mode Node stream of the batches; destroying it closes the reader. */
  toReadable(): Readable {
    return this.#reader.toReadable()
  }

  /** A WHATWG stream of the batches; cancelling it closes the reader. */
  toReadableStream(): ReadableStream<RecordBatch> {
    return this.#reader.toReadableStream()
  }

  /** The rows as bytes of an Arrow IPC stream; destroying it closes the reader. */
  toIpcReadable(): Readable {
    return this.#reader.toIpcReadable()
  }

  /**
   * The rows at these positions, in this order and as often as they are named. Only files that
   * have one of them are read. Other columns than those of the reader cost an opening.
   *
   * @throws PackedError InvalidArgument (a position that no row has, a column that is not there or
   *   is there twice), and as `PackedReader.take`: NotSupported for a reader with a filter.
   */
  async take(rows: readonly (number | bigint)[], options: ManifestColumns = {}): Promise<Table> {
    const columns = this.#columnsOf(options, 'take')
    this.#source.expectNoFilter('take')
    if (columns === undefined) return this.#reader.take(rows)
    const reader = await this.#source.open(this.#source.namesOf(columns))
    try {
      return await reader.take(rows)
    } finally {
      await reader.close()
    }
  }

  /**
   * Open one column group, by its position, to be read in parts of any order; close what comes.
   *
   * @throws PackedError InvalidArgument (no such group, none of the columns in it, a column that is
   *   not there or is there twice), NotSupported (a reader with a filter), and as `open`.
   */
  async chunkReader(group: number, options: ManifestColumns = {}): Promise<ManifestChunkReader> {
    const columns = this.#columnsOf(options, 'chunkReader')
    this.#source.expectNoFilter('chunkReader')
    const { length } = this.manifest.columnGroups
    if (!Number.isInteger(group) || group < 0 || group >= length) {
      throw unexpected(`a column group from 0 to ${length - 1}`, 'group', group)
    }
    const reader = await this.#source.openGroup(group, this.#source.namesOf(columns))
    return new ManifestChunkReader(reader)
  }

  /** Give the memory of a batch back at once, as `PackedReader.release`. */
  release(batch: RecordBatch): void {
    this.#reader.release(batch)
  }

  /** Wait for the calls before it, then close the files. Idempotent; later reads are `Closed`. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.#reader.close()
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #columnsOf(value: unknown, method: string): readonly string[] | undefined {
    if (this.#isClosed) {
      throw new PackedError(
        'Closed',
        `Expected an open ManifestReader for ${method}() but received one that is closed`,
      )
    }
    const options = expectObject(value, `the options of ${method}`)
    expectKnownKeys(options, ['columns'], method)
    return expectColumns(options.columns)
  }
}

async function manifestOf(
  plan: ManifestReaderPlan,
  store: () => ManifestStore,
): Promise<{ version: number; manifest: Manifest }> {
  const { version, manifest, signal } = plan
  if (manifest !== undefined) return { version, manifest }
  return store().open(version, signal === undefined ? {} : { signal })
}
