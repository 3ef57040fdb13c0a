import { types } from 'node:util'
import { type Data, Int64, LargeUtf8, makeData, Utf8 } from 'apache-arrow'
import { unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { DataType, dataTypeName, sameType } from '../schema/index.js'

/** The types that a primary key can have. */
export type PrimaryKeyType = typeof DataType.Int64 | typeof DataType.VarChar

/** One key: bigint for Int64, string for VarChar. */
export type PrimaryKey = bigint | string

/** A column of keys; Arrow data are Int64, Utf8 or LargeUtf8 without nulls. */
export type PrimaryKeyColumn = BigInt64Array | readonly string[] | Data

/** Strings are encoded in pieces of so many UTF-16 units: the event loop runs in between. */
const PIECE_UNITS = 1 << 20

/**
 * A column of keys as Arrow data of the type that `pkType` has, in one or more pieces over the
 * caller's memory where that is possible.
 *
 * @throws PackedError InvalidArgument (not a column), TypeMismatch, InvalidData naming the row of
 *   a null or of a value that is no string.
 */
export function* keyPieces(column: unknown, pkType: PrimaryKeyType, name: string): Generator<Data> {
  if (types.isBigInt64Array(column)) {
    expectType(DataType.Int64, pkType, name)
    yield makeData({ type: new Int64(), length: column.length, nullCount: 0, data: column })
  } else if (Array.isArray(column)) {
    expectType(DataType.VarChar, pkType, name)
    yield* textPieces(column, name)
  } else if (isData(column)) {
    expectType(keyTypeOf(column), pkType, name)
    expectNoNull(column, name)
    yield column
  } else {
    throw unexpected('a BigInt64Array, an array of strings or Arrow data', name, column)
  }
}

/** Number of keys in a column, 0 for what is none. */
export function keyCount(column: unknown): number {
  const length = (column as { length?: unknown } | null)?.length
  return typeof length === 'number' ? length : 0
}

/** Orders keys of one type as Milvus does: strings by their UTF-8 bytes. */
export function compareKeys(left: PrimaryKey, right: PrimaryKey): number {
  if (typeof left === 'bigint' || typeof right === 'bigint') {
    return left < right ? -1 : left > right ? 1 : 0
  }
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/** Clear the marks of all rows in `found` whose key lies outside of `[min, max]`. */
export function clearOutside(
  found: Uint8Array,
  keys: Data,
  min: PrimaryKey,
  max: PrimaryKey,
): void {
  const outside =
    typeof min === 'bigint' || typeof max === 'bigint'
      ? outsideNumbers(keys.values as BigInt64Array, BigInt(min), BigInt(max))
      : outsideTexts(keys, Buffer.from(min), Buffer.from(max))
  for (let row = 0; row < found.length; row++) {
    if (found[row] === 1 && outside(row)) found[row] = 0
  }
}

function outsideNumbers(values: BigInt64Array, min: bigint, max: bigint) {
  return (row: number): boolean => values[row]! < min || values[row]! > max
}

/** Compares bytes in place: no string is made. */
function outsideTexts({ values, valueOffsets }: Data, min: Buffer, max: Buffer) {
  return (row: number): boolean => {
    const start = Number(valueOffsets[row])
    const end = Number(valueOffsets[row + 1])
    return min.compare(values, start, end) > 0 || max.compare(values, start, end) < 0
  }
}

function isData(value: unknown): value is Data {
  const data = value as Partial<Data> | null
  // A vector has a type, too, but no buffers: it may be of several batches.
  return typeof data?.type?.typeId === 'number' && Array.isArray(data.buffers)
}

function keyTypeOf({ type }: Data): PrimaryKeyType | string {
  if (sameType(type, new Int64())) return DataType.Int64
  if (sameType(type, new Utf8()) || sameType(type, new LargeUtf8())) return DataType.VarChar
  return String(type)
}

function expectType(type: PrimaryKeyType | string, pkType: PrimaryKeyType, name: string): void {
  if (type === pkType) return
  const received = typeof type === 'string' ? type : dataTypeName(type)
  throw new PackedError(
    'TypeMismatch',
    `Expected keys of type ${dataTypeName(pkType)} for ${name} but received ${received}`,
  )
}

function expectNoNull(data: Data, name: string): void {
  if (data.nullCount === 0) return
  let row = 0
  while (row < data.length && data.getValid(row)) row++
  throw badKey(name, row, 'null')
}

function badKey(name: string, row: number, received: string): PackedError {
  const message = `Expected a key for row ${row} of ${name} but received ${received}`
  return new PackedError('InvalidData', message)
}

function* textPieces(texts: readonly unknown[], name: string): Generator<Data<Utf8>> {
  let start = 0
  let units = 0
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]
    if (typeof text !== 'string') throw badKey(name, row, typeof text)
    units += text.length
    if (units < PIECE_UNITS) continue
    yield encodeTexts(texts.slice(start, row + 1) as string[])
    start = row + 1
    units = 0
  }
  if (start < texts.length) yield encodeTexts(texts.slice(start) as string[])
}

function encodeTexts(texts: readonly string[]): Data<Utf8> {
  const joined = texts.join('')
  let bytes = Buffer.from(joined)
  const valueOffsets = new Int32Array(texts.length + 1)
  // As many bytes as units: all ASCII, and what a text takes in bytes is its length.
  const ascii = bytes.length === joined.length
  let end = 0
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!
    end += ascii ? text.length : Buffer.byteLength(text)
    valueOffsets[row + 1] = end
  }
  if (end !== bytes.length) {
    // Halves of a surrogate pair that met in `joined` are two wrong texts, not one character.
    bytes = Buffer.concat(texts.map((text) => Buffer.from(text)))
  }
  return makeData({
    type: new Utf8(),
    length: texts.length,
    nullCount: 0,
    valueOffsets,
    data: bytes,
  })
}
