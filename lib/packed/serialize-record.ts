import type { RecordBatch, Schema } from 'apache-arrow'
import { flattenBatch } from '../cdata/index.js'
import {
  DEFAULT_COMPRESSION_LEVEL,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeRecordEncoding } from '../native/index.js'
import { callAsync, withAbort } from '../native/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  fieldIdOf,
  projectRecord,
} from '../schema/index.js'
import { type BatchInput, BatchIntake } from './batch-input.js'
import { resolveCodec } from './compression.js'
import { arrowSchemaOf } from './packed-record-writer-options.js'
import { importSchema } from './stream-settings.js'

/** Options of `serializeRecord`. A name that is not listed here is InvalidArgument. */
export interface SerializeRecordOptions {
  /** Of ZSTD 1–22, DEFAULT_COMPRESSION_LEVEL by default; of lz4 1–12, its own by default. */
  level?: number
  /**
   * Compress every buffer by itself, as Arrow IPC has it, with no frame around: any reader of
   * Arrow IPC takes the bytes as they are. By default the stream is one ZSTD frame.
   */
  buffers?: 'zstd' | 'lz4'
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

const WHERE = 'serializeRecord'

/**
 * One record as bytes: an Arrow IPC stream of the schema and one record batch, in one ZSTD frame
 * that says how large its content is and has a checksum.
 *
 * The fields are those of the schema, in its order, with their ids as `PARQUET:field_id`. Columns of
 * a batch are found by name, those of an ArrowRecord by field id. The memory of the record is lent
 * until the promise settles and must be left alone for so long. Encoding is not on the JavaScript
 * thread.
 *
 * @param record one RecordBatch, a Table of one batch, the addresses of an exported C Data pair
 *   (which are consumed), or an ArrowRecord; also of no rows.
 * @param schema a collection, or an Arrow schema.
 * @returns bytes that nothing else refers to.
 * @throws PackedError InvalidArgument (missing or unknown columns, a Table of no batch or of
 *   several, a level out of range), InvalidSchema (another field id, no fields), TypeMismatch,
 *   InvalidData (nulls in a required field, columns of unequal length, invalid UTF-8),
 *   UnsupportedType, Detached, OutOfMemory. The signal's reason when it is aborted.
 */
export async function serializeRecord(
  record: BatchInput | ArrowRecord,
  schema: CollectionSchema | Schema,
  options: SerializeRecordOptions = {},
): Promise<Uint8Array> {
  const encoding = resolveEncoding(options)
  const signal = expectSignal(options.signal, 'signal')
  const arrow = arrowSchemaOf(schema)
  const flat = flattenBatch(oneBatch(record, arrow))
  const handle = importSchema(arrow)
  return withAbort(signal, (flag) =>
    callAsync<Uint8Array>((addon, done) =>
      addon.recordSerialize(handle, flat, encoding, flag, done),
    ),
  )
}

function resolveEncoding(value: unknown): NativeRecordEncoding {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, ['level', 'buffers', 'signal'], WHERE)
  const codec = expectOneOf(options.buffers, 'buffers', ['zstd', 'lz4'], 'zstd')
  const { level = codec === 'zstd' ? DEFAULT_COMPRESSION_LEVEL : undefined } = options
  const compression = resolveCodec({ codec, level }, codec)
  return { buffers: options.buffers !== undefined, compression }
}

function oneBatch(record: unknown, schema: Schema): RecordBatch {
  if (isArrowRecord(record)) return projectRecord(record, schema).toBatch()
  const batches = [...new BatchIntake(schema, WHERE).batches(record)]
  const [batch] = batches
  if (batches.length !== 1 || batch === undefined) {
    throw unexpected('one record batch', WHERE, `a Table of ${batches.length} batches`)
  }
  expectSameIds((record as { schema?: unknown }).schema, schema)
  return batch
}

function isArrowRecord(value: unknown): value is ArrowRecord {
  const record = value as Partial<ArrowRecord> | null
  return typeof record === 'object' && record?.fieldIdToColumn !== undefined
}

/** Fields without an id take that of the schema; another one is a mistake. */
function expectSameIds(given: unknown, { fields }: Schema): void {
  for (const own of (given as Schema | undefined)?.fields ?? []) {
    const id = fieldIdOf(own)
    const wanted = fields.find(({ name }) => name === own.name)
    const expected = wanted && fieldIdOf(wanted)
    if (id === undefined || expected === undefined || id === expected) continue
    const message = `Expected field id ${expected} for field "${own.name}" but received ${id}`
    throw new PackedError('InvalidSchema', message, { field: own.name })
  }
}
