import { describeValue, parseExact } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { DataType } from '../../schema/index.js'
import { RowScanner } from './row-scanner.js'

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
interface DeleteRow {
  key: bigint | string
  timestamp: bigint
}

const LEAST_INT64 = -(2n ** 63n)
const MOST_INT64 = 2n ** 63n - 1n
const { VarChar: VARCHAR, Int64: INT64 } = DataType

/**
 * Parse rows as delete logs have them: `{"pk":1,"ts":2,"pkType":5}`, or `1,2` in old files.
 *
 * @param firstRow number of the first row, for messages.
 * @throws PackedError FileCorrupted naming the row: neither form, a number out of range, a key of
 *   another type than the rows before.
 */
export function parseDeleteRows(text: TextRows, path: string, firstRow = 0): DeleteColumns {
  const { bytes, offsets, rows } = text
  const timestamps = new BigInt64Array(rows)
  const integers = new BigInt64Array(rows)
  const strings: string[] = []
  // Low word first: no machine that Node runs on today has them the other way round.
  const timeWords = new Uint32Array(timestamps.buffer)
  const keyWords = new Uint32Array(integers.buffer)
  const scanner = new RowScanner(bytes)
  for (let row = 0; row < rows; row += 1) {
    const start = offsets[row]!
    const end = offsets[row + 1]!
    // Nearly every row has the one shape that Milvus prints; the others take the long way.
    let key: bigint | string | undefined
    if (scanner.scan(start, end)) {
      timeWords[2 * row] = scanner.timeLow
      timeWords[2 * row + 1] = scanner.timeHigh
      keyWords[2 * row] = scanner.keyLow
      keyWords[2 * row + 1] = scanner.keyHigh
      key = scanner.key
    } else {
      const parsed = parseRow(decoded(bytes.subarray(start, end)), path, firstRow + row)
      timestamps[row] = parsed.timestamp
      key = parsed.key
      if (typeof key === 'bigint') integers[row] = key
    }
    if (typeof key === 'string') strings.push(key)
    if (strings.length === (typeof key === 'string' ? row + 1 : 0)) continue
    const expected = `a key of the type of row ${firstRow}`
    throw malformed(expected, path, firstRow + row, describeValue(key ?? integers[row]))
  }
  return { keys: strings.length > 0 ? strings : integers, timestamps }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function parseRow(text: string, path: string, row: number): DeleteRow {
  const { key, timestamp } = looseRow(text, path, row)
  const outside = typeof key === 'bigint' && (key < LEAST_INT64 || key > MOST_INT64)
  if (!outside && timestamp >= 0n && timestamp <= MOST_INT64) return { key, timestamp }
  const expected = 'a key of 64 bits and a timestamp from 0 to 2^63 - 1'
  throw malformed(expected, path, row, `${key} and ${timestamp}`)
}

function looseRow(text: string, path: string, row: number): DeleteRow {
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
