import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { encodePayload, RecordSink, TimestampRange } from '../../packed/index.js'
import {
  type ArrowRecord,
  arrowDataBytes,
  FIELD_ID_KEY,
  projectRecord,
  TIMESTAMP_FIELD,
} from '../../schema/index.js'
import type { FieldBinlog } from '../field-binlog.js'
import { type BinlogEventInit, buildBinlog } from './build-binlog.js'
import { EventType } from './event-header.js'
import {
  planV1Writer,
  type V1ColumnPlan,
  type V1RecordWriterOptions,
  type V1WriterPlan,
} from './record-writer-options.js'

/** What one field has gathered so far. */
interface PendingColumn {
  events: BinlogEventInit[]
  /** Decoded Arrow bytes. */
  memoryBytes: number
  nulls: number
}

/**
 * Writes records as the insert logs of a StorageV1 segment: one file per field, one event per
 * record. Payloads are encoded by `write` and held, compressed, until `close` publishes.
 *
 * @example
 * await using writer = await V1RecordWriter.open({ schema, chunkManager, location, logIds })
 * await writer.write(record)
 * await writer.close()
 * writer.fieldBinlogs
 */
export class V1RecordWriter extends RecordSink {
  readonly #plan: V1WriterPlan
  readonly #pending: readonly PendingColumn[]
  readonly #times = new TimestampRange()
  #rows = 0
  #written: FieldBinlog[] = []

  private constructor(plan: V1WriterPlan) {
    super()
    this.#plan = plan
    this.#pending = plan.columns.map(() => ({ events: [], memoryBytes: 0, nulls: 0 }))
  }

  /**
   * Check the options, and that no file is there yet. Nothing is written before `close`.
   *
   * @throws PackedError InvalidArgument, AlreadyExists, and what the chunk manager throws.
   */
  static async open(options: V1RecordWriterOptions): Promise<V1RecordWriter> {
    const plan = planV1Writer(options)
    const { chunkManager, columns, signal } = plan
    const there = await Promise.all(columns.map(({ path }) => chunkManager.exist(path, { signal })))
    const path = columns[there.indexOf(true)]?.path
    if (path !== undefined) {
      const message = `Expected no object at "${path}" but received one that exists`
      throw new PackedError('AlreadyExists', message, { path })
    }
    return new V1RecordWriter(plan)
  }

  /** The columns of a record, as Arrow fields with ids. */
  get schema(): Schema {
    return this.#plan.schema
  }

  /** Rows written so far. */
  get rowCount(): number {
    return this.#rows
  }

  /** The logs by field; empty until `close`, and where there were no rows. */
  get fieldBinlogs(): readonly FieldBinlog[] {
    return this.#written
  }

  /** Decoded Arrow bytes written so far, by Milvus's formula. */
  getWrittenUncompressed(): number {
    return this.#pending.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  }

  /**
   * Add the rows of a record as one event per field; columns are taken by field id. A record
   * without rows adds nothing.
   *
   * @throws PackedError InvalidSchema (a column is missing), TypeMismatch, InvalidData; then
   *   nothing will be published and later calls are `Closed`.
   */
  override write(record: ArrowRecord): Promise<void> {
    return super.write(record)
  }

  protected override async accept(record: ArrowRecord): Promise<void> {
    this.#plan.signal?.throwIfAborted()
    const projected = projectRecord(record, this.#plan.schema)
    if (projected.numRows === 0) return
    const { children } = projected.toBatch().data
    const payloads = await Promise.all(
      this.#plan.columns.map((column, index) => this.#encode(column, children[index]!)),
    )
    const times = new TimestampRange()
    for (const range of [times, this.#times]) range.add(projected.column(TIMESTAMP_FIELD))
    const { from, to } = this.#plan.times ?? times.range ?? { from: 0n, to: 0n }
    for (const [index, pending] of this.#pending.entries()) {
      pending.events.push({
        type: EventType.Insert,
        payload: payloads[index]!,
        startTimestamp: from,
        endTimestamp: to,
      })
      pending.memoryBytes += arrowDataBytes(children[index]!)
      pending.nulls += children[index]!.nullCount
    }
    this.#rows += projected.numRows
  }

  /** A Parquet file of one column, named as its form demands. */
  #encode(
    column: V1ColumnPlan,
    data: RecordBatch['data']['children'][number],
  ): Promise<Uint8Array> {
    const { streamed, compression } = this.#plan
    const { field, fieldId, isPrimaryKey } = column
    const metadata = new Map([...field.metadata].filter(([key]) => key !== FIELD_ID_KEY))
    const name = streamed ? String(fieldId) : 'val'
    const fields = [new Field(name, field.type, field.nullable, metadata)]
    const schema = new Schema(fields)
    const type = new Struct(fields)
    const struct = makeData({ type, length: data.length, nullCount: 0, children: [data] })
    return encodePayload(schema, [new RecordBatch(schema, struct)], {
      dictionary: !(streamed && isPrimaryKey),
      ...(compression === undefined ? {} : { compression }),
    })
  }

  protected override async publish(): Promise<void> {
    if (this.#rows > 0) this.#written = await this.#publishRows()
  }

  async #publishRows(): Promise<FieldBinlog[]> {
    const { columns, chunkManager, signal } = this.#plan
    const { from, to } = this.#expectTimes()
    const files = columns.map((column, index) =>
      this.#fileOf(column, this.#pending[index]!, from, to),
    )
    const writes = columns.map(({ path }, index) =>
      chunkManager.write(path, files[index]!, { signal }),
    )
    const outcomes = await Promise.allSettled(writes)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) {
      await Promise.allSettled(columns.map(({ path }) => chunkManager.remove(path)))
      throw failed.reason
    }
    return columns.map(({ fieldId, path, logId }, index) => {
      const { memoryBytes, nulls } = this.#pending[index]!
      const log = {
        entriesNum: this.#rows,
        timestampFrom: from,
        timestampTo: to,
        logPath: path,
        logSize: files[index]!.length,
        logId,
        memorySize: memoryBytes,
        fieldNullCounts: new Map([[fieldId, nulls]]),
      }
      return { fieldId, binlogs: [log], childFields: [], format: '' }
    })
  }

  #fileOf(column: V1ColumnPlan, pending: PendingColumn, from: bigint, to: bigint): Uint8Array {
    const { location, streamed } = this.#plan
    const { collectionId, partitionId, segmentId } = location
    return buildBinlog(
      {
        collectionId,
        partitionId,
        segmentId,
        fieldId: column.fieldId,
        payloadType: column.dataType,
        startTimestamp: from,
        endTimestamp: to,
        extras: { originalSize: pending.memoryBytes, nullable: column.nullable },
      },
      pending.events,
      { streamed },
    )
  }

  #expectTimes(): { from: bigint; to: bigint } {
    const range = this.#plan.times ?? this.#times.range
    if (range !== undefined) return range
    throw new PackedError(
      'InvalidArgument',
      'Expected timestampFrom and timestampTo, or a Timestamp column (field 1), for V1RecordWriter but received neither',
    )
  }

  /** Payloads are the bulk of a writer; the counts stay. */
  protected override async release(): Promise<void> {
    for (const pending of this.#pending) pending.events = []
  }
}
