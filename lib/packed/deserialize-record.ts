import type { RecordBatch, Schema } from 'apache-arrow'
import { unflattenBatch } from '../cdata/index.js'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  unexpected,
} from '../config/index.js'
import type { NativeBatch, NativeRecordDecoding } from '../native/index.js'
import { callAsync, withAbort } from '../native/index.js'
import type { CollectionSchema } from '../schema/index.js'
import { arrowSchemaOf } from './packed-record-writer-options.js'
import { importSchema, resolvePolicy } from './stream-settings.js'

/** Options of `deserializeRecord`. A name that is not listed here is InvalidArgument. */
export interface DeserializeRecordOptions {
  /**
   * Most bytes of the stream in its frame, and most that its buffers may decode to where they are
   * compressed by themselves; 1 GiB by default. What claims or has more is InvalidData.
   */
  maxBytes?: number
  /** Take a record whose fields have no field ids; false by default. */
  lenient?: boolean
  /** Copy the batch into JavaScript's own memory instead of lending native memory. */
  copy?: boolean
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

const WHERE = 'deserializeRecord'
const DEFAULT_MAX_BYTES = 2 ** 30

/**
 * The record of `serializeRecord`, or of any Arrow IPC stream with one record batch: plain, in one
 * ZSTD frame, or with buffers that are compressed; which of them, the bytes tell.
 *
 * The stream is checked against the schema: the same names in any order, the same types (names of
 * list items aside, extension types by their storage), the same field ids, nulls only in nullable
 * fields. The bytes are lent until the promise settles; nothing of them is kept. Decoding is not on
 * the JavaScript thread.
 *
 * @param schema the collection, or an Arrow schema; without ids in it, none are asked for.
 * @returns a batch of the schema, with its fields in its order; large buffers view native memory,
 *   which is given back when JavaScript drops the batch.
 * @throws PackedError InvalidSchema (missing, unknown or repeated fields, another field id or
 *   none), TypeMismatch, InvalidData (no record, more than one record, nulls in a required field,
 *   more than `maxBytes`), FileCorrupted (damaged, cut short, more bytes behind the end),
 *   InvalidArgument, Detached, OutOfMemory. The signal's reason when it is aborted.
 */
export async function deserializeRecord(
  bytes: Uint8Array,
  schema: CollectionSchema | Schema,
  options: DeserializeRecordOptions = {},
): Promise<RecordBatch> {
  const decoding = resolveDecoding(options)
  const { policy } = resolvePolicy({ copy: options.copy })
  const signal = expectSignal(options.signal, 'signal')
  const arrow = arrowSchemaOf(schema)
  if (!ArrayBuffer.isView(bytes)) throw unexpected('a Uint8Array', WHERE, bytes)
  const handle = importSchema(arrow)
  const native = await withAbort(signal, (flag) =>
    callAsync<NativeBatch>((addon, done) =>
      addon.recordDeserialize(handle, bytes, decoding, policy, flag, done),
    ),
  )
  return unflattenBatch(arrow, native)
}

function resolveDecoding(value: unknown): NativeRecordDecoding {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, ['maxBytes', 'lenient', 'copy', 'signal'], WHERE)
  return {
    maxBytes: expectInteger(options.maxBytes, 'maxBytes', { fallback: DEFAULT_MAX_BYTES }),
    lenient: expectBoolean(options.lenient, 'lenient', false),
  }
}
