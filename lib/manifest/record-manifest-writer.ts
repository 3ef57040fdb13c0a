import { type Data, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow'
import type { StorageConfig } from '../config/index.js'
import { type CallSite, captureCallSite, isPackedError, PackedError } from '../errors/index.js'
import { type BatchInput, BatchIntake, RecordSink, TimestampRange } from '../packed/index.js'
import { type ArrowRecord, arrowDataBytes, fieldIdOf, projectRecord } from '../schema/index.js'
import { type ChunkManager, chunkManagerAt, follow } from '../storage/index.js'
import {
  type ManifestWriterOptions,
  type ManifestWriterPlan,
  planManifestWriter,
} from './manifest-writer-options.js'
import type { Manifest } from './model.js'
import { RollingFiles } from './rolling-files.js'
import { groupsBySize, isSampled } from './writer-policy.js'

/** What a {@link PackedRecordManifestWriter} has for a transaction. */
export type WrittenManifest = Pick<Manifest, 'columnGroups'>

const TIMESTAMP_FIELD = 1n

/**
 * Writes the data files of a segment that is described by a manifest, as Milvus's packed record
 * manifest writer does: column groups by a policy, files that roll, and at the end what a manifest
 * says of them. It commits nothing: give the groups to a transaction.
 *
 * A file appears when it rolls or at `close`, and is nobody's until a manifest names it. A failure,
 * an abort and `abort()` remove every file of this writer, those that have rolled too; what cannot
 * be removed is listed in `orphans`. A killed process leaves files that no manifest names.
 *
 * Calls may overlap: they run one after the other in call order. What is written is lent until its
 * `write` settles.
 *
 * @example
 * await using writer = await PackedRecordManifestWriter.open({ schema, chunkManager, basePath })
 * await writer.write(batch)
 * await writer.close()
 * const { columnGroups } = writer.getWrittenManifest()
 */
export class PackedRecordManifestWriter extends RecordSink {
  readonly #plan: ManifestWriterPlan
  readonly #chunkManager: ChunkManager
  readonly #storage: StorageConfig
  readonly #intake: BatchIntake
  readonly #timestamps = new TimestampRange()
  readonly #unfollow: () => void
  /** From the first row on. */
  #files: RollingFiles | undefined
  #rowCount = 0
  #uncompressed = 0
  #written: WrittenManifest | undefined
  /** The signal ended the writer while no call was there to be told. */
  #isAbandoned = false
  #closed: Promise<void> | undefined

  private constructor(
    plan: ManifestWriterPlan,
    chunkManager: ChunkManager,
    storage: StorageConfig,
  ) {
    super()
    this.#plan = plan
    this.#chunkManager = chunkManager
    this.#storage = storage
    this.#intake = new BatchIntake(plan.schema)
    const weak = new WeakRef(this)
    this.#unfollow = follow(plan.signal, () => {
      const writer = weak.deref()
      if (writer !== undefined) writer.#abandon()
    })
  }

  /**
   * Check everything that can be checked without rows. No file is made before there are rows.
   *
   * @throws PackedError InvalidArgument, InvalidSchema, NotSupported (another format than Parquet,
   *   a chunk manager that the addon cannot write to), and what opening the storage throws.
   *   The signal's reason when it is aborted.
   */
  static async open(options: ManifestWriterOptions): Promise<PackedRecordManifestWriter> {
    const plan = planManifestWriter(options)
    plan.signal?.throwIfAborted()
    const chunkManager = await chunkManagerAt(plan.place)
    const storage = plan.place.storage ?? chunkManager.storage
    if (storage === undefined) {
      const message = 'Expected a chunk manager with a storage for PackedRecordManifestWriter.open'
      throw new PackedError('NotSupported', `${message} but received one without`)
    }
    return new PackedRecordManifestWriter(plan, chunkManager, storage)
  }

  /** The columns as they are stored: with their ids, under the names of `columnNames`. */
  get schema(): Schema {
    return this.#plan.stored
  }

  /** Rows written so far. */
  get rowCount(): number {
    return this.#rowCount
  }

  /** Least and greatest value of the Timestamp column (field 1); undefined without any. */
  get timestampRange(): { from: bigint; to: bigint } | undefined {
    return this.#timestamps.range
  }

  /** Keys of files that a failure or an abort was to remove and could not. */
  get orphans(): readonly string[] {
    return this.#files?.orphans ?? []
  }

  /** Decoded Arrow bytes written so far, by Milvus's formula. */
  getWrittenUncompressed(): number {
    return this.#uncompressed
  }

  /**
   * The column groups with their files, for `addColumnGroup` or `appendFiles` of a transaction. No
   * group of a writer that got no row, failed or was aborted.
   *
   * @throws PackedError InvalidArgument before `close`.
   */
  getWrittenManifest(): WrittenManifest {
    if (this.#written !== undefined) return this.#written
    throw new PackedError(
      'InvalidArgument',
      'Expected a closed PackedRecordManifestWriter for getWrittenManifest() but received an open one',
    )
  }

  /**
   * Add rows: a record (columns by field id, in any order), a RecordBatch, every batch of a Table,
   * or exported C Data (columns by the names of the schema). A file that is full is published before
   * the promise resolves.
   *
   * @throws PackedError InvalidArgument, InvalidSchema (a column is missing), TypeMismatch,
   *   InvalidData, Detached, NoSpace, StorageIO and what a store throws. Then every file is removed
   *   and later calls are `Closed`. The signal's reason when it is aborted.
   */
  override write(input: ArrowRecord | BatchInput): Promise<void> {
    return this.inTurn('write', () => this.accept(input), captureCallSite(this.write))
  }

  /**
   * Wait for the writes before it; with `rollingBytes: 0`, end the files that are open. Without rows
   * since the last time there is nothing to end. Throws as `write`.
   */
  flush(): Promise<void> {
    const flush = async (): Promise<void> => {
      this.#plan.signal?.throwIfAborted()
      if (this.#plan.rollingBytes === 0) await this.#files?.endFiles()
    }
    return this.inTurn('flush', flush, captureCallSite(this.flush))
  }

  /**
   * Publish the files that are open. Idempotent: every call gives the same promise. After a failed
   * call there is nothing to publish: it resolves, and no group was written.
   *
   * @throws what `write` throws; then every file is removed.
   */
  override close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Remove every file, unless `close` was called before. Idempotent. */
  abort(): Promise<void> {
    return this.discard()
  }

  protected override async inTurn(
    method: string,
    call: () => Promise<void>,
    site: CallSite,
  ): Promise<void> {
    try {
      await super.inTurn(method, call, site)
    } catch (error) {
      const { signal } = this.#plan
      const isClosed = isPackedError(error) && error.code === 'Closed'
      if (isClosed && signal?.aborted && error.cause === signal.reason) throw signal.reason
      throw error
    }
  }

  protected override async accept(input: ArrowRecord | BatchInput): Promise<void> {
    this.#plan.signal?.throwIfAborted()
    for (const batch of this.#batches(input)) {
      if (batch.numRows === 0) continue
      const { children } = batch.data
      const bytes = children.map(columnBytes)
      this.#files ??= this.#newFiles(bytes.map((size) => size / batch.numRows))
      await this.#files.write(batch, bytes)
      this.#rowCount += batch.numRows
      this.#uncompressed += bytes.reduce((sum, size) => sum + size, 0)
      const timestamps = batch.schema.fields.findIndex((one) => fieldIdOf(one) === TIMESTAMP_FIELD)
      this.#timestamps.add(children[timestamps])
    }
  }

  protected override async publish(): Promise<void> {
    this.#plan.signal?.throwIfAborted()
    await this.#files?.endFiles()
    this.#written = { columnGroups: this.#files?.columnGroups ?? [] }
  }

  protected override async release(): Promise<void> {
    this.#unfollow()
    if (this.#written !== undefined) return
    this.#written = { columnGroups: [] }
    await this.#files?.discard()
  }

  async #close(): Promise<void> {
    await super.close()
    if (this.#isAbandoned) this.#plan.signal?.throwIfAborted()
  }

  /** After an abort between two calls the files go at once, not at the next call. */
  #abandon(): void {
    const end = async (): Promise<void> => {
      this.#isAbandoned = true
      this.#plan.signal?.throwIfAborted()
    }
    super.inTurn('abort', end, {}).catch(() => {})
  }

  /** What was given, with exactly the stored columns. */
  *#batches(input: ArrowRecord | BatchInput): Generator<RecordBatch> {
    const { schema, stored } = this.#plan
    if (isRecord(input)) {
      yield projectRecord(input, stored).toBatch()
      return
    }
    for (const batch of this.#intake.batches(input)) {
      if (schema === stored) {
        yield batch
      } else {
        const { length, children } = batch.data
        const type = new Struct(stored.fields)
        yield new RecordBatch(stored, makeData({ type, length, nullCount: 0, children }))
      }
    }
  }

  #newFiles(averageBytes: readonly number[]): RollingFiles {
    const { stored, folder, grouping, writer, rollingBytes, isEncrypted, onProgress } = this.#plan
    const names = stored.fields.map(({ name }) => name)
    const groups = isSampled(grouping) ? groupsBySize(grouping, names, averageBytes) : grouping
    return new RollingFiles({
      folder,
      chunkManager: this.#chunkManager,
      writer: { ...writer, storage: this.#storage },
      groups,
      positions: groups.map((columns) => columns.map((column) => names.indexOf(column))),
      rollingBytes,
      isEncrypted,
      onProgress,
    })
  }
}

function isRecord(input: unknown): input is ArrowRecord {
  return typeof input === 'object' && input !== null && 'fieldIdToColumn' in input
}

/** Decoded bytes of a column; of types that Milvus does not have, those of its buffers. */
function columnBytes(data: Data): number {
  try {
    return arrowDataBytes(data)
  } catch (error) {
    if (isPackedError(error) && error.code === 'UnsupportedType') return data.byteLength
    throw error
  }
}
