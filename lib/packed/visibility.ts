import {
  type Data,
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Type,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { flattenBatch } from '../cdata/index.js'
import { describeValue, expectId, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeVisibility, VisibilityHandle } from '../native/index.js'
import { callAsync, callSync } from '../native/index.js'
import { importSchema } from './stream-settings.js'

/** What a filter knows and did so far. */
export interface VisibilityStats {
  /** Keys that have a delete at or before the read timestamp. */
  deletedKeys: number
  /** Rows that readers with this filter left out. */
  hiddenRows: number
}

/** Keys of deletes: int64, or text. */
export type DeletedKeys = BigInt64Array | readonly string[] | Data

/** Timestamps of deletes: int64. */
export type DeleteTimestamps = BigInt64Array | BigUint64Array | Data

/**
 * Decides in native memory which rows are there at a read timestamp: those with row.ts <= read
 * ts whose key has no delete with row.ts < delete.ts <= read ts.
 *
 * Add the deletes first; then any number of readers may share the filter.
 */
export class VisibilityFilter {
  readonly #handle: VisibilityHandle
  #failure: unknown

  /**
   * @param readTimestamp hybrid timestamp, from 0 to 2^63 - 1.
   * @throws PackedError InvalidArgument.
   */
  constructor(readTimestamp: number | bigint) {
    const timestamp = expectId(readTimestamp, 'readTimestamp')
    this.#handle = callSync((addon) => addon.visibilityNew(timestamp))
  }

  /**
   * Add deletes; those after the read timestamp count for nothing. Typed arrays and `Data` are
   * lent until the promise settles.
   *
   * @param timestamps one per key, compared as int64.
   * @throws PackedError InvalidArgument (other arrays, unequal lengths), TypeMismatch (keys of
   *   another kind than before), InvalidData (nulls), Detached (a buffer was transferred away
   *   meanwhile: the filter cannot be used any more).
   */
  async addDeletes(keys: DeletedKeys, timestamps: DeleteTimestamps): Promise<void> {
    const handle = this.#usable()
    const batch = deletesOf(keys, timestamps)
    const schema = importSchema(batch.schema)
    const flat = flattenBatch(batch)
    try {
      await callAsync<void>((addon, done) => addon.visibilityAdd(handle, schema, flat, done))
    } catch (error) {
      if (error instanceof PackedError && error.code === 'Detached') this.#failure = error
      throw error
    }
  }

  /**
   * One byte per row: 1 where it is visible by the deletes so far. Nothing is counted; the columns
   * are lent until the promise settles.
   *
   * @throws PackedError TypeMismatch (keys of another kind than those of the deletes), InvalidData
   *   (nulls), Detached.
   */
  look(keys: DeletedKeys, timestamps: DeleteTimestamps): Promise<Uint8Array> {
    const handle = this.#usable()
    const batch = deletesOf(keys, timestamps)
    const schema = importSchema(batch.schema)
    const flat = flattenBatch(batch)
    return callAsync((addon, done) => addon.visibilityLook(handle, schema, flat, done))
  }

  get stats(): VisibilityStats {
    const { keys, hiddenRows } = callSync((addon) => addon.visibilityStats(this.#handle))
    return { deletedKeys: keys, hiddenRows }
  }

  /**
   * The option `visibility` of a reader: this filter over the columns with these field ids, the
   * primary key (int64 or utf8) and the timestamp (int64), both without nulls.
   *
   * @throws PackedError InvalidArgument; Detached, see `addDeletes`.
   */
  native(keyField: number | bigint, timestampField: number | bigint): NativeVisibility {
    return {
      filter: this.#usable(),
      keyField: expectId(keyField, 'keyField'),
      timestampField: expectId(timestampField, 'timestampField'),
    }
  }

  #usable(): VisibilityHandle {
    if (this.#failure !== undefined) throw this.#failure
    return this.#handle
  }
}

function deletesOf(keys: unknown, timestamps: unknown): RecordBatch {
  const key = keyColumn(keys)
  const timestamp = timestampColumn(timestamps)
  if (key.length !== timestamp.length) {
    const counts = `${key.length} timestamps (one per key) for deletes but received ${timestamp.length}`
    throw new PackedError('InvalidArgument', `Expected ${counts}`)
  }
  const fields = [new Field('key', key.type, true), new Field('timestamp', timestamp.type, false)]
  const struct = makeData({
    type: new Struct(fields),
    length: key.length,
    nullCount: 0,
    children: [key, timestamp],
  })
  return new RecordBatch(new Schema(fields), struct)
}

function keyColumn(keys: unknown): Data {
  if (isTyped(keys, 'BigInt64Array')) return makeData({ type: new Int64(), data: keys })
  if (Array.isArray(keys)) return textColumn(keys)
  const data = keys as Data | null | undefined
  const type: Type | undefined = data?.type?.typeId
  if (type === Type.Int || type === Type.Utf8) return data as Data
  throw unexpected('a BigInt64Array, strings or Arrow Data of int64 or utf8', 'keys', keys)
}

function textColumn(keys: readonly unknown[]): Data {
  const stranger = keys.findIndex((key) => typeof key !== 'string')
  if (stranger >= 0) {
    const received = describeValue(keys[stranger])
    throw new PackedError(
      'InvalidArgument',
      `Expected a string for keys[${stranger}] but received ${received}`,
    )
  }
  const [data] = vectorFromArray(keys, new Utf8()).data
  return data ?? makeData({ type: new Utf8(), length: 0, nullCount: 0 })
}

function timestampColumn(timestamps: unknown): Data {
  const type = new Int64()
  if (isTyped(timestamps, 'BigInt64Array')) return makeData({ type, data: timestamps })
  if (isTyped(timestamps, 'BigUint64Array')) {
    // Below 2^63, where timestamps are, the bits are the same.
    const { buffer, byteOffset, length } = timestamps
    return makeData({ type, data: new BigInt64Array(buffer, byteOffset, length) })
  }
  const data = timestamps as Data | null | undefined
  if ((data?.type?.typeId as Type | undefined) === Type.Int) return data as Data
  throw unexpected(
    'a BigInt64Array, a BigUint64Array or Arrow Data of int64',
    'timestamps',
    timestamps,
  )
}

/** By name: arrays of another realm are arrays too. */
function isTyped(value: unknown, name: string): value is BigInt64Array {
  return ArrayBuffer.isView(value) && (value as BigInt64Array)[Symbol.toStringTag] === name
}
