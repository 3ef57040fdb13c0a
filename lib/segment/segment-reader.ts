import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type RecordBatch, type Schema, Table } from 'apache-arrow'
import type { FieldBinlog } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import {
  type BatchProducer,
  type FilterStats,
  FilterTotal,
  ipcReadableOf,
  type OpenPart,
  PartSequence,
  readableOf,
  readableStreamOf,
  VisibilityFilter,
} from '../packed/index.js'
import { primaryKeyField, withSystemFields } from '../schema/index.js'
import { addDeletes } from './delete-lists.js'
import { type SegmentOutput, segmentOutput } from './output-schema.js'
import type { SegmentGetOptions, SegmentRowsByKey } from './segment-get.js'
import { SegmentLookup } from './segment-lookup.js'
import {
  resolveSegmentReader,
  type SegmentReaderOptions,
  type SegmentReaderSettings,
} from './segment-reader-options.js'
import { batchOf, type SegmentTakeOptions } from './segment-rows.js'
import { openPartRows, openSource, type SegmentSource } from './segment-source.js'

/** Every row and every delete is older. */
const NO_BOUND = 2n ** 63n - 1n

/** A segment that is being read: its parts, what comes out of them, and what hides rows. */
interface OpenSegment {
  settings: SegmentReaderSettings
  source: SegmentSource
  output: SegmentOutput
  /** Undefined where every row is visible. */
  visibility: VisibilityFilter | undefined
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
  /** Made when rows are first asked for by position or key. */
  #lookup: SegmentLookup | undefined
  readonly #counts = new FilterTotal()

  private constructor(segment: OpenSegment) {
    super(segment.source.parts.length)
    this.#segment = segment
  }

  /**
   * Read the manifest, where there is one, and the delete logs, and open the first chunk. Without
   * any insert log the reader is at its end.
   *
   * @throws PackedError InvalidArgument (unknown option or column), UnsupportedType (a filter on
   *   vectors, arrays or the dynamic field), InvalidSchema (deletes and no
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
    const visibility = await visibilityOf(settings, source)
    return new SegmentReader({ settings, source, output, visibility }).begin()
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
    return this.#segment.visibility?.stats.hiddenRows ?? 0
  }

  /**
   * What was read so far, and what the filter has spared and left out. `rowsFiltered` are visible
   * rows, which `hiddenRows` are not.
   */
  get filterStats(): FilterStats {
    return this.#counts.counts
  }

  /** Keys that have a delete at or before the read timestamp. */
  get deletedKeys(): number {
    return this.#segment.visibility?.stats.deletedKeys ?? 0
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

  /**
   * The rows at these positions, in this order and as often as they are named. Positions count the
   * stored rows from 0 to `numRows` - 1, chunk after chunk, hidden ones included, as Milvus counts
   * them; only chunks, files and row groups that have one of the rows are read. Does not move the
   * stream of batches.
   *
   * @throws PackedError InvalidArgument (a position that no row has, a row that is not visible unless
   *   `hidden` says otherwise, an unknown column), MetadataCorrupted (a file with other rows than
   *   its metadata has), NotSupported (a reader with a filter), and as `open`. Closed.
   */
  take(rows: readonly (number | bigint)[], options: SegmentTakeOptions = {}): Promise<Table> {
    return this.inTurn(
      this.take,
      async () => new Table([await this.#lookUp('take').take(rows, options)]),
    )
  }

  /**
   * The rows of some primary keys, bigints (or safe integers) of an Int64 field, strings of a
   * VarChar: of each key the visible row with the greatest timestamp, as Milvus gives it, and of
   * several with that timestamp the one that is stored last.
   *
   * Statistics of the segment (`statslogs`, or those of the manifest), then statistics of the
   * Parquet row groups leave out what has none of the keys; of the rest the primary keys are read,
   * and then the rows. Statistics that cannot be read, or that nothing shows to tell of every row,
   * rule nothing out. Does not move the stream of batches.
   *
   * @throws PackedError InvalidArgument (keys that are null or of another type, an unknown column),
   *   InvalidSchema (no primary key), NotSupported (a reader with a filter, a primary key of
   *   another type), and as `take`. Closed.
   */
  get(
    keys: readonly (bigint | number | string)[] | BigInt64Array,
    options: SegmentGetOptions = {},
  ): Promise<SegmentRowsByKey> {
    return this.inTurn(this.get, async () => this.#lookUp('get').get(keys, options))
  }

  #lookUp(method: string): SegmentLookup {
    if (this.#segment.settings.filter !== undefined) {
      const message = `Expected a SegmentReader without a filter for ${method}() but received one with`
      throw new PackedError('NotSupported', message)
    }
    const { visibility: filter, ...segment } = this.#segment
    const { settings, source } = segment
    this.#lookup ??= new SegmentLookup({ ...segment, filter }, (readTimestamp) =>
      visibilityOf({ ...settings, readTimestamp }, source),
    )
    return this.#lookup
  }

  protected override async openPart(index: number): Promise<OpenPart<RecordBatch>> {
    const { settings, source, output, visibility } = this.#segment
    const reader = await openPartRows(source.parts[index]!, settings, output.fieldIds, visibility)
    this.#counts.add(reader)
    const next = async () => {
      let record = await reader.next()
      while (record?.numRows === 0) record = await reader.next()
      return record === null ? null : batchOf(output, record)
    }
    const close = async (): Promise<void> => {
      await reader.close()
      this.#counts.end(reader)
    }
    return { next, close }
  }
}

/** What hides rows; undefined where nothing can. */
async function visibilityOf(
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
