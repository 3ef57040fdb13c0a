import { isBigInt64Array } from 'node:util/types'
import {
  describeValue,
  expectBoolean,
  expectId,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
  unexpected,
} from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { type CollectionSchema, DataType, primaryKeyField } from '../../schema/index.js'
import type { DeleteKeys } from './message-input.js'
import { type RowsTaken, takeRows } from './row-intake.js'

/** A message of a caller, checked and still in the caller's memory. */
export interface TakenMessage {
  readonly source: string
  readonly sequence: bigint
  /** As they were given: for another look under another schema. */
  readonly given: unknown
  readonly rows: RowsTaken | undefined
  readonly deletes: DeleteKeys
  /** Where it was given; rows then go to the worker's partition, and deletes apply everywhere. */
  readonly partitionId: bigint | undefined
  readonly copy: boolean
  /** Of rows and deletes in memory. */
  readonly bytes: number
  readonly signal: AbortSignal | undefined
}

const KNOWN = ['source', 'sequence', 'rows', 'deletes', 'partitionId', 'copy', 'signal']
/** A key and its timestamp; of text its header (see `DeleteData.size`). */
const DELETE_BYTES = { int64: 24, text: 16 }

/**
 * Check what is to be written. No row is read.
 *
 * @param schema the user's, without system fields.
 * @throws PackedError InvalidArgument, and what {@link takeRows} throws; TypeMismatch for keys of
 *   another type than the primary key's.
 */
export function takeMessage(value: unknown, schema: CollectionSchema): TakenMessage {
  const given = expectObject(value, 'a message')
  expectKnownKeys(given, KNOWN, 'a message')
  const rows = given.rows === undefined ? undefined : takeRows(schema, given.rows)
  const deletes = given.deletes === undefined ? [] : expectKeys(given.deletes, schema)
  return {
    source: expectText(given.source, 'source'),
    sequence: expectId(given.sequence, 'sequence'),
    given: given.rows,
    rows,
    deletes,
    partitionId:
      given.partitionId === undefined ? undefined : expectId(given.partitionId, 'partitionId'),
    copy: expectBoolean(given.copy, 'copy', true),
    bytes: (rows?.bytes ?? 0) + bytesOfKeys(deletes),
    signal: expectSignal(given.signal, 'signal'),
  }
}

function expectKeys(value: unknown, schema: CollectionSchema): DeleteKeys {
  if (!Array.isArray(value) && !isBigInt64Array(value)) {
    throw unexpected('an array of primary keys', 'deletes', value)
  }
  const keys = value as DeleteKeys
  const { name, dataType } = primaryKeyField(schema)
  const expected = dataType === DataType.Int64 ? 'an integer of 64 bits' : 'text'
  // The others are held against the first one when they are copied.
  const [first] = keys
  if (first === undefined || (typeof first === 'string') === (expected === 'text')) return keys
  const received = describeValue(first)
  const message = `Expected ${expected} (field "${name}") for deletes[0] but received ${received}`
  throw new PackedError('TypeMismatch', message, { field: name })
}

function bytesOfKeys(keys: DeleteKeys): number {
  if (typeof keys[0] !== 'string') return keys.length * DELETE_BYTES.int64
  let bytes = 0
  for (const key of keys as readonly string[]) bytes += key.length + DELETE_BYTES.text
  return bytes
}
