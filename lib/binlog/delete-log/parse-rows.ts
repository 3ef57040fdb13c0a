import { describeValue, parseExact } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { scanRow } from './scan-row.js'

/** Text of the rows of a delete log: row i is `bytes[offsets[i], offsets[i + 1])`. */
export interface TextRows {
  bytes: Uint8Array
  offsets: Int32Array
  rows: number
}

/** Keys and times of deletes, row by row. */
export interface DeleteColumns {
  keys: BigInt64Array | string[]
  timestamps: BigInt64Array
}

/** One delete. */
export interface DeleteRow {
  key: bigint | string
  timestamp: bigint
}

const LEAST_INT64 = -(2n ** 63n)
const MOST_INT64 = 2n ** 63n - 1n
/** Milvus's data type of a key that is text. */
const VARCHAR = 21
const INT64 = 5

/**
 * Parse rows as delete logs have them: `{"pk":1,"ts":2,"pkType":5}`, or `1,2` in old files.
 *
 * @param firstRow number of the first row, for messages.
 * @throws PackedError FileCorrupted naming the row: neither form, a number out of range, a key of
 *   another type than the rows before.
 */
export function parseDeleteRows(text: TextRows, path: string, firstRow = 0): DeleteColumns {
  const timestamps = new BigInt64Array(text.rows)
  const first = text.rows === 0 ? undefined : rowAt(text, 0, path, firstRow)
  const integers = new BigInt64Array(typeof first?.key === 'string' ? 0 : text.rows)
  const strings: string[] = []
  for (let row = 0; row < text.rows; row += 1) {
    const { key, timestamp } = rowAt(text, row, path, firstRow)
    if (typeof key !== typeof first?.key) {
      const expected = `a key of the type of row ${firstRow}`
      throw malformed(expected, path, firstRow + row, describeValue(key))
    }
    if (typeof key === 'bigint') integers[row] = key
    else strings.push(key)
    timestamps[row] = timestamp
  }
  return { keys: typeof first?.key === 'string' ? strings : integers, timestamps }
}

/** Nearly every row has the one shape that Milvus prints; the others take the long way. */
function rowAt(text: TextRows, row: number, path: string, firstRow: number): DeleteRow {
  const start = text.offsets[row]!
  const end = text.offsets[row + 1]!
  const scanned = scanRow(text.bytes, start, end)
  const { key, timestamp } =
    scanned ?? parseRow(decoded(text.bytes.subarray(start, end)), path, firstRow + row)
  const outside = typeof key === 'bigint' && (key < LEAST_INT64 || key > MOST_INT64)
  if (outside || timestamp < 0n || timestamp > MOST_INT64) {
    const expected = 'a key of 64 bits and a timestamp from 0 to 2^63 - 1'
    throw malformed(expected, path, firstRow + row, `${key} and ${timestamp}`)
  }
  return { key, timestamp }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function parseRow(text: string, path: string, row: number): DeleteRow {
  const legacy = /^\s*(-?\d{1,20})\s*,\s*(\d{1,20})\s*$/.exec(text)
  if (legacy !== null) return { key: BigInt(legacy[1]!), timestamp: BigInt(legacy[2]!) }
  const { pk, ts, pkType = INT64 } = parsedObject(text, path, row)
  const timestamp = integerOf(ts)
  const key = pkType === VARCHAR ? pk : integerOf(pk)
  if (timestamp === undefined) throw malformed('an integer "ts"', path, row, describeValue(ts))
  if (pkType !== VARCHAR && pkType !== INT64) {
    throw malformed(`a "pkType" of ${INT64} or ${VARCHAR}`, path, row, describeValue(pkType))
  }
  if (typeof key === 'string' || typeof key === 'bigint') return { key, timestamp }
  const expected = `${pkType === VARCHAR ? 'a string' : 'an integer'} "pk"`
  throw malformed(expected, path, row, describeValue(pk))
}

function parsedObject(text: string, path: string, row: number): Record<string, unknown> {
  let value: unknown
  try {
    value = parseExact(text)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw malformed('a JSON object, or "key,timestamp"', path, row, describeValue(text))
}

function integerOf(value: unknown): bigint | undefined {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value)
  return whole ? BigInt(value as bigint | number) : undefined
}

function malformed(expected: string, path: string, row: number, received: string): PackedError {
  return new PackedError(
    'FileCorrupted',
    `Expected ${expected} for row ${row} of the delete log "${path}" but received ${received}`,
    { path },
  )
}
