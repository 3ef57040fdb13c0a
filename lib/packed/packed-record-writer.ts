import type { Schema } from 'apache-arrow'
import { captureCallSite, PackedError } from '../errors/index.js'
import {
  type ArrowRecord,
  type FieldGroup,
  projectRecord,
  recordBytes,
  TIMESTAMP_FIELD,
} from '../schema/index.js'
import {
  type PackedRecordWriterOptions,
  planRecordWriter,
  type RecordWriterPlan,
} from './packed-record-writer-options.js'
import type { RecordWriter } from './record-io.js'
import { SerialQueue } from './serial-queue.js'
import { TimestampRange } from './timestamp-range.js'
import { PackedWriter } from './writer.js'
import type { PackedWriteResult } from './writer-options.js'

/**
 * Writes records into one packed file per column group, as Milvus's packed record writer does:
 * columns are found by field id, `close` publishes, and the sizes that go into a Binlog are kept
 * per group.
 *
 * Calls may overlap: they run one after the other in call order. A record's memory is lent until
 * its `write` settles.
 *
 * @example
 * await using writer = await PackedRecordWriter.open({ schema, paths, columnGroups })
 * await writer.write(record)
 * await writer.close()
 * writer.writtenCompressed.get(0n)
 */
export class PackedRecordWriter implements RecordWriter {
  readonly #plan: RecordWriterPlan
  readonly #writer: PackedWriter
  readonly #queue = new SerialQueue()
  readonly #timestamps = new TimestampRange()
  /** Decoded bytes by group id. */
  readonly #uncompressed: Map<bigint, number>
  #rowCount = 0
  #result: PackedWriteResult | undefined
  #failure: unknown
  #state: 'open' | 'failed' | 'closed' = 'open'
  #closing: Promise<void> | undefined

  private constructor(plan: RecordWriterPlan, writer: PackedWriter) {
    this.#plan = plan
    this.#writer = writer
    this.#uncompressed = new Map(plan.groups.map(({ id }) => [id, 0]))
  }

  /**
   * Check schema, groups and paths, and start every file.
   *
   * @throws PackedError InvalidArgument (also: as many paths as groups), InvalidSchema,
   *   NotSupported, and what `PackedWriter.open` throws. Then nothing was created.
   */
  static async open(options: PackedRecordWriterOptions): Promise<PackedRecordWriter> {
    const plan = planRecordWriter(options)
    return new PackedRecordWriter(plan, await PackedWriter.open(plan.writer))
  }

  /** The columns of the files, as Arrow fields with ids. */
  get schema(): Schema {
    return this.#plan.schema
  }

  get columnGroups(): readonly FieldGroup[] {
    return this.#plan.groups
  }

  /** Rows written so far. */
  get rowCount(): number {
    return this.#rowCount
  }

  /** Decoded Arrow bytes by group id, so far (`Binlog.memorySize`). */
  get writtenUncompressed(): ReadonlyMap<bigint, number> {
    return this.#uncompressed
  }

  /** Bytes of every group's file by group id (`Binlog.logSize`); empty until `close`. */
  get writtenCompressed(): ReadonlyMap<bigint, number> {
    return new Map(this.#result?.groups.map(({ id, fileBytes }) => [id, fileBytes]))
  }

  /** Where every group's file is, by group id; with the bucket on other than local storage. */
  get writtenPaths(): ReadonlyMap<bigint, string> {
    const { groups, truePaths } = this.#plan
    return new Map(groups.map(({ id }, index) => [id, truePaths[index]!]))
  }

  /** Nulls by field id, zeros included (`Binlog.fieldNullCounts`); empty until `close`. */
  get nullCounts(): ReadonlyMap<bigint, number> {
    const counts = this.#result?.groups.flatMap(({ fields, fieldIds, nullCounts }) =>
      fields.map((name, index): [bigint, number] => [fieldIds[index]!, nullCounts[name] ?? 0]),
    )
    return new Map(counts)
  }

  /** Least and greatest value of the Timestamp column (field 1); undefined without any. */
  get timestampRange(): { from: bigint; to: bigint } | undefined {
    return this.#timestamps.range
  }

  getWrittenUncompressed(): number {
    let bytes = 0
    for (const written of this.#uncompressed.values()) bytes += written
    return bytes
  }

  /**
   * Add the rows of a record; its columns are taken by field id and may stand in any order.
   *
   * @throws PackedError InvalidArgument (a column is missing), TypeMismatch, InvalidData (columns
   *   of unequal length) before anything of the record is written, and what `PackedWriter.write`
   *   throws. Then the files are removed and later calls are `Closed`.
   */
  write(record: ArrowRecord): Promise<void> {
    const site = captureCallSite(this.write)
    return this.#queue.run(async () => {
      try {
        this.#expectOpen()
        await this.#write(record)
      } catch (error) {
        if (this.#state === 'open') await this.#fail(error)
        throw error instanceof PackedError ? error.at(site) : error
      }
    })
  }

  /**
   * Publish every file, all of them or none. Idempotent: every call gives the same promise. After
   * a failed write there is nothing to publish: it resolves, the failure was reported already.
   *
   * @throws what `PackedWriter.finish` throws.
   */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      if (this.#state === 'failed') return
      this.#state = 'closed'
      try {
        this.#result = await this.#writer.finish()
      } finally {
        await this.#writer.close()
      }
    })
    return this.#closing
  }

  /** Remove what was made, unless `close` was called before. Idempotent. */
  discard(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      this.#state = 'closed'
      await this.#writer.close()
    })
    return this.#closing
  }

  /** `discard()`: a block left by an exception publishes nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.discard()
  }

  async #write(record: ArrowRecord): Promise<void> {
    const projected = projectRecord(record, this.#plan.schema)
    await this.#writer.write(projected.toBatch())
    const bytes = recordBytes(projected)
    for (const { id, fieldIds } of this.#plan.groups) {
      const added = fieldIds.reduce((sum, fieldId) => sum + (bytes.get(fieldId) ?? 0), 0)
      this.#uncompressed.set(id, this.#uncompressed.get(id)! + added)
    }
    this.#rowCount += projected.numRows
    this.#timestamps.add(projected.column(TIMESTAMP_FIELD))
  }

  async #fail(failure: unknown): Promise<void> {
    this.#state = 'failed'
    this.#failure = failure
    await this.#writer.close()
  }

  #expectOpen(): void {
    if (this.#state === 'open') return
    throw new PackedError(
      'Closed',
      `Expected an open PackedRecordWriter for write() but received one that is ${this.#state}`,
      { cause: this.#failure },
    )
  }
}
