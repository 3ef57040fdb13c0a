import { type Field, Schema } from 'apache-arrow'
import type { StorageConfig } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import {
  type FilterStats,
  FilterTotal,
  type OpenPart,
  PartSequence,
  type PayloadColumnSource,
  PayloadReader,
  type RecordReader,
} from '../../packed/index.js'
import { fieldIdOf, SimpleArrowRecord } from '../../schema/index.js'
import { isRemote } from '../../storage/index.js'
import type { V1Chunk } from './chunk-plan.js'
import { EventType } from './event-header.js'
import { eventsOfType, payloadSource } from './payload-sources.js'
import { readBinlog } from './read-binlog.js'
import {
  planV1Reader,
  type V1ReaderPlan,
  type V1RecordReaderOptions,
} from './record-reader-options.js'

/**
 * Reads the insert logs of a StorageV1 segment: one file per field and chunk, joined row by row
 * into the same records as StorageV2 gives. One chunk is open at a time, of an object store also
 * the next one.
 *
 * @example
 * const reader = await V1RecordReader.open({ fieldBinlogs, schema, chunkManager })
 * for (let record = await reader.next(); record; record = await reader.next()) use(record)
 */
export class V1RecordReader extends PartSequence<SimpleArrowRecord> implements RecordReader {
  readonly #plan: V1ReaderPlan
  readonly #counts = new FilterTotal()

  private constructor(plan: V1ReaderPlan) {
    super(plan.chunks.length, isRemote(plan.chunkManager.storage))
    this.#plan = plan
  }

  /**
   * Align the logs and open the first chunk. Without any log the reader is at its end.
   *
   * @throws PackedError InvalidArgument, MetadataCorrupted (logs that do not align), and what
   *   `readBinlog` and `PayloadReader.open` throw, naming the log.
   */
  static async open(options: V1RecordReaderOptions): Promise<V1RecordReader> {
    return new V1RecordReader(planV1Reader(options)).begin()
  }

  /** The columns asked for; in a record, those that its chunk does not have may be nullable. */
  get schema(): Schema {
    const { schema, columns } = this.#plan
    return schema.selectAt(Array.from({ length: columns }, (_, index) => index))
  }

  /** What was read of all chunks so far, and what the filter has left out. */
  get filterStats(): FilterStats {
    return this.#counts.counts
  }

  /**
   * The next record, or null at the end, again and again.
   *
   * @throws PackedError FileCorrupted, TypeMismatch, StorageIO and others, naming the log; after a
   *   failure the same one again, never an end. Closed. The signal's reason when it is aborted.
   */
  next(): Promise<SimpleArrowRecord | null> {
    return this.advance(this.next)
  }

  protected override async openPart(index: number): Promise<OpenPart<SimpleArrowRecord>> {
    const reader = await openChunk(this.#plan, this.#plan.chunks[index]!)
    this.#counts.add(reader)
    return {
      next: async () => {
        const batch = await reader.readNext()
        return batch === null ? null : new SimpleArrowRecord(batch)
      },
      close: async () => {
        await reader.close()
        this.#counts.end(reader)
      },
    }
  }
}

async function openChunk(plan: V1ReaderPlan, chunk: V1Chunk): Promise<PayloadReader> {
  const { schema, defaults, reader: options } = plan
  const columns = await columnSources(plan, chunk, schema.fields)
  const constant = schema.fields.filter((_, index) => columns[index]!.payloads.length === 0)
  const kept = Object.entries(defaults).filter(([name]) =>
    constant.some((field) => field.name === name),
  )
  const allConstant = constant.length === columns.length
  const reader = await PayloadReader.open({
    ...options,
    ...placeOf(plan),
    schema,
    columns,
    rows: allConstant ? await countRows(plan, chunk) : chunk.rows,
    output: Array.from({ length: plan.columns }, (_, index) => index),
    ...(kept.length === 0 ? {} : { defaults: Object.fromEntries(kept) }),
  })
  if (chunk.rows === 0 || reader.numRows === chunk.rows) return reader
  await reader.close()
  throw corrupted(chunk, `${chunk.rows} rows`, `${reader.numRows}`)
}

/**
 * Rows of a chunk that holds none of the columns asked for: as the metadata have them, or as
 * another field of it has.
 */
async function countRows(plan: V1ReaderPlan, chunk: V1Chunk): Promise<number> {
  if (chunk.rows > 0) return chunk.rows
  const witness = plan.whole.fields
    .filter((field) => chunk.paths.has(fieldIdOf(field)!))
    .slice(0, 1)
  if (witness.length === 0) {
    throw corrupted(chunk, 'a number of rows, or a log of a known field,', 'neither')
  }
  const columns = await columnSources(plan, chunk, witness)
  const schema = new Schema(witness)
  const reader = await PayloadReader.open({ ...placeOf(plan), schema, columns })
  await reader.close()
  return reader.numRows
}

function placeOf({ chunkManager: { storage } }: V1ReaderPlan): { storage?: StorageConfig } {
  return storage === undefined ? {} : { storage }
}

function corrupted(chunk: V1Chunk, expected: string, received: string): PackedError {
  const [path] = chunk.paths.values()
  const message = `Expected ${expected} for the chunk of "${path}" but received ${received}`
  return new PackedError('MetadataCorrupted', message, { path })
}

async function columnSources(
  plan: V1ReaderPlan,
  chunk: V1Chunk,
  fields: readonly Field[],
): Promise<PayloadColumnSource[]> {
  const sources = await Promise.allSettled(
    fields.map((field) => columnSource(plan, chunk, fieldIdOf(field)!)),
  )
  // Of several failures the one of the first field, in whatever order they came.
  return sources.map((source) => {
    if (source.status === 'rejected') throw source.reason
    return source.value
  })
}

/** Where the rows of one field of a chunk are; nowhere for a field that was added later. */
async function columnSource(
  { chunkManager, decryptor, signal }: V1ReaderPlan,
  chunk: V1Chunk,
  fieldId: bigint,
): Promise<PayloadColumnSource> {
  const path = chunk.paths.get(fieldId)
  if (path === undefined) return { payloads: [] }
  const file = await readBinlog(chunkManager, path, { decryptor, signal })
  if (file.descriptor.fieldId !== fieldId) {
    throw new PackedError(
      'MetadataCorrupted',
      `Expected a log of field ${fieldId} for "${path}" but received one of ${file.descriptor.fieldId}`,
      { path },
    )
  }
  const events = eventsOfType(file, EventType.Insert, path)
  const payloads = events.map(({ payload }) => payloadSource(chunkManager, path, payload, signal))
  return { payloads: await Promise.all(payloads) }
}
