import type { Schema } from 'apache-arrow'
import { flattenBatch } from '../cdata/index.js'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
  resolveStorageConfig,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import type {
  NativePayload,
  NativePayloadColumn,
  NativePayloadEncoding,
  NativePayloadOptions,
  NativeVisibility,
  SchemaHandle,
} from '../native/index.js'
import { callAsync } from '../native/index.js'
import { type BatchInput, BatchIntake } from './batch-input.js'
import { BatchStream, openStream, type StreamPolicy } from './batch-stream.js'
import { type CodecName, type Compression, resolveCompression } from './compression.js'
import { expectSchema } from './expect-schema.js'
import { type Filter, filterTree, resolveFilter } from './filter/index.js'
import { withCredentials } from './native-storage.js'
import {
  importSchema,
  resolveDefaults,
  resolveLimits,
  resolvePolicy,
  STREAM_OPTIONS,
} from './stream-settings.js'

/** How a payload is encoded. */
export interface PayloadEncodeOptions {
  /** zstd at level 3 by default, as Milvus's writer has it. */
  compression?: CodecName | Compression
  /** Dictionary encoding of every column; true by default. */
  dictionary?: boolean
}

/**
 * Encode batches as one Parquet file in memory, as the payload of a StorageV1 event is: no packed
 * keys, one row group.
 *
 * @throws PackedError InvalidArgument, InvalidSchema, TypeMismatch, InvalidData,
 *   UnsupportedType, OutOfMemory.
 */
export async function encodePayload(
  schema: Schema,
  batches: Iterable<BatchInput>,
  options: PayloadEncodeOptions = {},
): Promise<Uint8Array> {
  const encoding = resolveEncoding(options)
  const handle = importSchema(expectSchema(schema, 'schema'))
  const intake = new BatchIntake(schema)
  const flat = [...batches].flatMap((input) => [...intake.batches(input)].map(flattenBatch))
  return callAsync((addon, done) => addon.payloadEncode(handle, flat, encoding, done))
}

function resolveEncoding(value: unknown): NativePayloadEncoding {
  const options = expectObject(value, 'the options of encodePayload')
  expectKnownKeys(options, ['compression', 'dictionary'], 'encodePayload')
  const { compression = { codec: 'zstd', level: 3 } } = options
  return {
    compression: resolveCompression(compression, 'compression'),
    dictionary: expectBoolean(options.dictionary, 'dictionary', true),
  }
}

/** One whole Parquet file: a window of another file, or of memory. */
export interface PayloadSource {
  /** The file around it; with `bytes`, only what errors name. */
  path?: string
  /** The file around it in memory, copied when the reader is opened. */
  bytes?: Uint8Array
  /** Where it starts, in bytes; 0 by default, and it goes to the end of `bytes`. */
  offset?: number
  length?: number
}

/** Where the values of one field are. */
export interface PayloadColumnSource {
  /** One after the other; none: the field's default, or null, on every row. */
  payloads: readonly PayloadSource[]
  /** Position of the column in every payload; 0 by default. Its name there does not matter. */
  column?: number
}

/** Options of `PayloadReader.open`. A name that is not listed here is InvalidArgument. */
export interface PayloadReaderOptions {
  /** The fields to read; types as `PackedReader` restores them. */
  schema: Schema
  /** One per field. Payloads of different fields may end at different rows, the totals not. */
  columns: readonly PayloadColumnSource[]
  /** Rows where no column has payloads; 0 by default. */
  rows?: number
  /** Values of fields without payloads, by name. */
  defaults?: Readonly<Record<string, unknown>>
  /** Positions in the schema of the columns that come out, in this order; all by default. */
  output?: readonly number[]
  /** Leave out rows that are not visible (see VisibilityFilter); fields by `PARQUET:field_id`. */
  visibility?: NativeVisibility
  /** The rows that come out, by columns of `schema`; all if absent or empty. */
  filter?: Filter
  /** Where paths are; the local disk by default. */
  storage?: StorageConfig
  /** Most rows in one batch; 8,192 by default. */
  batchRows?: number
  /** Most decoded bytes in one batch, but at least one row; 0 (default) = no bound. */
  batchBytes?: number
  /** Decoded bytes held ahead of the caller; 64 MiB by default. */
  bufferBytes?: number
  /** Release a batch when the next one is asked for: nothing of it may be kept. */
  releasePrevious?: boolean
  /** Copy every batch into JavaScript's own memory instead of lending native memory. */
  copy?: boolean
  /** Lent bytes above which batches are copied; by default as in `PackedReaderOptions`. */
  maxOutstandingBytes?: number
  /** Aborting rejects what is in flight with the signal's reason and ends the reader. */
  signal?: AbortSignal
}

const WHERE = 'PayloadReader.open'
const KNOWN = [
  'schema',
  'columns',
  'rows',
  'defaults',
  'output',
  'visibility',
  'filter',
  'storage',
  ...STREAM_OPTIONS,
]

/**
 * Joins columns that live in payloads of their own (StorageV1) into Arrow record batches.
 *
 * @example
 * const columns = [{ payloads: [{ path: 'insert_log/1/2/3/100/7', offset: 157, length: 912 }] }]
 * for await (const batch of await PayloadReader.open({ schema, columns })) use(batch)
 */
export class PayloadReader extends BatchStream {
  /**
   * Read the footer of every payload. Files are open only while their rows are read.
   *
   * @throws PackedError InvalidArgument, NotFound, PermissionDenied, StorageIO, FileCorrupted
   *   (damaged or cut short, unequal row totals: both fields are named), TypeMismatch. The
   *   signal's reason when aborted.
   */
  static async open(options: PayloadReaderOptions): Promise<PayloadReader> {
    const { schema, native, policy, signal } = resolvePayloadSettings(options)
    return openStream(
      signal,
      (flag) =>
        withCredentials(options.storage, native.storage, (storage) =>
          callAsync((addon, done) => addon.payloadOpen(schema, { ...native, storage }, flag, done)),
        ),
      (opened, link) => new PayloadReader(opened, policy, link),
    )
  }
}

interface PayloadSettings {
  schema: SchemaHandle
  native: NativePayloadOptions
  policy: StreamPolicy
  signal: AbortSignal | undefined
}

function resolvePayloadSettings(value: unknown): PayloadSettings {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, KNOWN, WHERE)
  const schema = expectSchema(options.schema, 'schema')
  const native: NativePayloadOptions = {
    columns: expectColumns(options.columns, schema),
    rows: expectInteger(options.rows, 'rows', { fallback: 0 }),
    ...resolveLimits(options),
    storage: resolveStorageConfig(options.storage),
  }
  if (options.defaults !== undefined) native.defaults = resolveDefaults(schema, options.defaults)
  if (options.output !== undefined) native.output = expectOutput(options.output, schema)
  const filter = options.filter === undefined ? undefined : filterTree(options.filter)
  if (filter !== undefined) native.filter = resolveFilter(filter, schema)
  if (options.visibility !== undefined) {
    native.visibility = expectObject(
      options.visibility,
      'visibility',
    ) as unknown as NativeVisibility
  }
  return {
    schema: importSchema(schema),
    native,
    policy: resolvePolicy(options),
    signal: expectSignal(options.signal, 'signal'),
  }
}

function expectColumns(value: unknown, schema: Schema): NativePayloadColumn[] {
  const count = schema.fields.length
  if (!Array.isArray(value) || value.length !== count) {
    throw unexpected(`an array with a source for each of ${count} fields`, 'columns', value)
  }
  return value.map((source, index) => {
    const name = `columns[${index}]`
    const column = expectObject(source, name)
    expectKnownKeys(column, ['payloads', 'column'], name)
    if (!Array.isArray(column.payloads)) {
      throw unexpected('an array of payloads', `${name}.payloads`, column.payloads)
    }
    return {
      payloads: column.payloads.map((item, i) => expectPayload(item, `${name}.payloads[${i}]`)),
      column: expectInteger(column.column, `${name}.column`, { fallback: 0 }),
    }
  })
}

function expectPayload(value: unknown, name: string): NativePayload {
  const source = expectObject(value, name)
  expectKnownKeys(source, ['path', 'bytes', 'offset', 'length'], name)
  const { bytes, path } = source
  const offset = expectInteger(source.offset, `${name}.offset`, { fallback: 0 })
  const length = `${name}.length`
  if (bytes === undefined) {
    return {
      path: expectText(path, `${name}.path`),
      offset,
      length: expectInteger(source.length, length),
    }
  }
  if (!ArrayBuffer.isView(bytes)) throw unexpected('a Uint8Array', `${name}.bytes`, bytes)
  const rest = Math.max(0, bytes.byteLength - offset)
  return {
    ...(path !== undefined && { path: expectText(path, `${name}.path`) }),
    bytes: bytes as Uint8Array,
    offset,
    length: expectInteger(source.length, length, { fallback: rest }),
  }
}

function expectOutput(value: unknown, schema: Schema): number[] {
  if (!Array.isArray(value)) throw unexpected('an array of positions', 'output', value)
  const max = schema.fields.length - 1
  return value.map((position, index) => expectInteger(position, `output[${index}]`, { max }))
}
