import type { Schema } from 'apache-arrow'
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
import { RecordSink } from './record-sink.js'
import { TimestampRange } from './timestamp-range.js'
import { PackedWriter } from './writer.js'
import type { PackedWriteResult } from './writer-options.js'

/**
 * Writes records into one packed file per column group, as Milvus's packed record writer does:
 * columns are found by field id, `close` publishes, and the sizes that go into a Binlog are kept
 * per group.
 *
 * @example
 * await using writer = await PackedRecordWriter.open({ schema, paths, columnGroups })
 * await writer.write(record)
 * await writer.close()
 * writer.writtenCompressed.get(0n)
 */
export class PackedRecordWriter extends RecordSink {
  readonly #plan: RecordWriterPlan
  readonly #writer: PackedWriter
  readonly #timestamps = new TimestampRange()
  /** Decoded bytes by group id. */
  readonly #uncompressed: Map<bigint, number>
  #rowCount = 0
  #result: PackedWriteResult | undefined

  private constructor(plan: RecordWriterPlan, writer: PackedWriter) {
    super()
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

  /** The column groups, in the order of the paths. */
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

  /** Bytes of the footer of every group's file (`footerBytes`), by group id; empty until `close`. */
  get writtenFooters(): ReadonlyMap<bigint, number> {
    return new Map(this.#result?.groups.map(({ id, footerBytes }) => [id, footerBytes]))
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

  /** Decoded Arrow bytes written so far, by Milvus's formula. */
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
  override write(record: ArrowRecord): Promise<void> {
    return super.write(record)
  }

  protected override async accept(record: ArrowRecord): Promise<void> {
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

  protected override async publish(): Promise<void> {
    this.#result = await this.#writer.finish()
  }

  /** Removes the files of a writer that has not finished. */
  protected override release(): Promise<void> {
    return this.#writer.close()
  }
}
