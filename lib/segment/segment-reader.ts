import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { makeData, RecordBatch, type Schema, Struct, Table } from 'apache-arrow'
import type { FieldBinlog } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import {
  type BatchProducer,
  ipcReadableOf,
  type OpenPart,
  PartSequence,
  readableOf,
  readableStreamOf,
  VisibilityFilter,
} from '../packed/index.js'
import { type ArrowRecord, primaryKeyField, withSystemFields } from '../schema/index.js'
import { addDeletes } from './delete-lists.js'
import { type SegmentOutput, segmentOutput } from './output-schema.js'
import {
  resolveSegmentReader,
  type SegmentReaderOptions,
  type SegmentReaderSettings,
} from './segment-reader-options.js'
import { openPartRows, openSource, type SegmentSource } from './segment-source.js'

/** Every row and every delete is older. */
const NO_BOUND = 2n ** 63n - 1n

/** A segment that is being read: its parts, what comes out of them, and what hides rows. */
interface OpenSegment {
  settings: SegmentReaderSettings
  source: SegmentSource
  output: SegmentOutput
  /** Undefined where every row is visible. */
  filter: VisibilityFilter | undefined
}

/**
 * Reads the rows of a segment that are there at a read timestamp, as Arrow record batches in the
 * order of its chunks.
 *
 * A row is visible when row.ts <= read ts and it is not deleted; it is deleted when row.ts is
 * strictly below the greatest delete.ts <= read ts of its key. That is decided natively, before
 * a batch reaches JavaScript. All storage versions read as the same batches. Fields that were added
 * later come out as their default or null, dropped ones do not come out.
 * Batches outlive their reader.
 *
 * @example
 * await using reader = await SegmentReader.open({ schema, binlogs, deltalogs, readTimestamp })
 * for await (const batch of reader) console.log(batch.numRows)
 */
export class SegmentReader extends PartSequence<RecordBatch> {
  readonly #segment: OpenSegment

  private constructor(segment: OpenSegment) {
    super(segment.source.parts.length)
    this.#segment = segment
  }

  /**
   * Read the manifest, where there is one, and the delete logs, and open the first chunk. Without
   * any insert log the reader is at its end.
   *
   * @throws PackedError InvalidArgument (unknown option or column), InvalidSchema (deletes and no
   *   primary key), MetadataCorrupted (unequal numbers of logs or rows between groups, a damaged
   *   manifest), NotSupported (deletes of a manifest that are not by primary key), Encryption, NotFound, FileCorrupted, TypeMismatch, StorageIO, naming the file. The signal's
   *   reason when it is aborted.
   */
  static async open(options: SegmentReaderOptions): Promise<SegmentReader> {
    const resolved = await resolveSegmentReader(options)
    resolved.signal?.throwIfAborted()
    const settings = { ...resolved, schema: withSystemFields(resolved.schema) }
    const source = await openSource(settings)
    const output = segmentOutput(settings.schema, settings, source.stored)
    const filter = await filterOf(settings, source)
    return new SegmentReader({ settings, source, output, filter }).begin()
  }

  /** Schema of every batch, field ids in the metadata of its fields. */
  get schema(): Schema {
    return this.#segment.output.schema
  }

  /** Rows of the segment, hidden ones included, as the metadata of its logs has them. */
  get numRows(): number {
    return this.#segment.source.numRows
  }

  /** Rows that were read and left out so far: deleted, or written after the read timestamp. */
  get hiddenRows(): number {
    return this.#segment.filter?.stats.hiddenRows ?? 0
  }

  /** Keys that have a delete at or before the read timestamp. */
  get deletedKeys(): number {
    return this.#segment.filter?.stats.deletedKeys ?? 0
  }

  /**
   * The next batch with at least one row, or null at the end, again and again.
   *
   * @throws PackedError as `open`; after a failure the same one again, never an end. Closed.
   */
  readNext(): Promise<RecordBatch | null> {
    return this.advance(this.readNext)
  }

  /** Everything that is left, as one Table; not with `releasePrevious`. */
  async toTable(): Promise<Table> {
    this.#expectKeeping('toTable')
    const batches: RecordBatch[] = []
    for (let batch = await this.readNext(); batch !== null; batch = await this.readNext()) {
      batches.push(batch)
    }
    return new Table(this.schema, batches)
  }

  /**
   * An object-mode Node stream of the batches, one read ahead; destroying it closes the reader. Not
   * with `releasePrevious`: a stream cannot know when its consumer is done.
   */
  toReadable(): Readable {
    return readableOf(this.#producer('toReadable'))
  }

  /** As `toReadable`, as a WHATWG stream that reads nothing ahead; cancelling it closes the reader. */
  toReadableStream(): ReadableStream<RecordBatch> {
    return readableStreamOf(this.#producer('toReadableStream'))
  }

  /**
   * The rows as bytes of an Arrow IPC stream, uncompressed; destroying it closes the reader. Not
   * with `releasePrevious`.
   */
  toIpcReadable(): Readable {
    return ipcReadableOf(this.#producer('toIpcReadable'))
  }

  #producer(method: string): BatchProducer {
    this.#expectKeeping(method)
    return { schema: this.schema, next: () => this.readNext(), close: () => this.close() }
  }

  #expectKeeping(method: string): void {
    if (this.#segment.settings.passedOn.releasePrevious !== true) return
    const message = `Expected a reader that keeps batches for ${method}() but releasePrevious is set`
    throw new PackedError('InvalidArgument', message)
  }

  /** The record under the one schema of all batches, over the same memory. */
  #toBatch(record: ArrowRecord): RecordBatch {
    const { schema, fieldIds } = this.#segment.output
    const children = fieldIds.map((id) => record.column(id)!)
    const type = new Struct(schema.fields)
    const length = record.numRows
    return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
  }

  protected override async openPart(index: number): Promise<OpenPart<RecordBatch>> {
    const { settings, source, output, filter } = this.#segment
    const reader = await openPartRows(source.parts[index]!, settings, output.fieldIds, filter)
    const next = async () => {
      let record = await reader.next()
      while (record?.numRows === 0) record = await reader.next()
      return record === null ? null : this.#toBatch(record)
    }
    return { next, close: () => reader.close() }
  }
}

/** What hides rows; undefined where nothing can. */
async function filterOf(
  settings: SegmentReaderSettings,
  { deltalogs }: { deltalogs: readonly FieldBinlog[] },
): Promise<VisibilityFilter | undefined> {
  const { readTimestamp, schema } = settings
  const hasDeletes = deltalogs.some(({ binlogs }) => binlogs.length > 0)
  if (!hasDeletes && readTimestamp === undefined) return undefined
  const filter = new VisibilityFilter(readTimestamp ?? NO_BOUND)
  if (hasDeletes) await addDeletes(filter, deltalogs, primaryKeyField(schema), settings)
  return filter
}
