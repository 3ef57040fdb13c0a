import type { PrimaryKey, PrimaryKeyColumn } from '../binlog/index.js'
import { unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { DataType, dataTypeName, type FieldSchema } from '../schema/index.js'

/** Keys that a caller asks for. */
export interface LookupKeys {
  /** Each once, in the order in which they are asked for first. */
  readonly distinct: readonly PrimaryKey[]
  /** Position in `distinct` of every key that was asked for. */
  readonly positions: readonly number[]
}

/** Check the keys of `SegmentReader.get`. @throws PackedError InvalidArgument, NotSupported. */
export function expectKeys(value: unknown, field: FieldSchema): LookupKeys {
  const one = keyCheck(field)
  if (!Array.isArray(value) && !isKeyArray(value)) {
    throw unexpected('an array of primary keys', 'keys', value)
  }
  const places = new Map<PrimaryKey, number>()
  const positions = Array.from(value as ArrayLike<unknown>, (key, index) => {
    const known = one(key, `keys[${index}]`)
    const position = places.get(known) ?? places.size
    places.set(known, position)
    return position
  })
  return { distinct: [...places.keys()], positions }
}

/** Keys of one type as a column. */
export function keyColumn(keys: readonly PrimaryKey[], field: FieldSchema): PrimaryKeyColumn {
  return field.dataType === DataType.Int64
    ? BigInt64Array.from(keys as readonly bigint[])
    : (keys as readonly string[])
}

function isKeyArray(value: unknown): boolean {
  return (
    ArrayBuffer.isView(value) && (value as BigInt64Array)[Symbol.toStringTag] === 'BigInt64Array'
  )
}

function keyCheck({ name, dataType }: FieldSchema): (key: unknown, what: string) => PrimaryKey {
  if (dataType === DataType.VarChar) {
    return (key, what) => {
      if (typeof key === 'string') return key
      throw unexpected(`a string, as "${name}" is a VarChar,`, what, key)
    }
  }
  if (dataType === DataType.Int64) {
    return (key, what) => {
      const exact = typeof key === 'number' && Number.isSafeInteger(key) ? BigInt(key) : key
      if (typeof exact === 'bigint' && BigInt.asIntN(64, exact) === exact) return exact
      throw unexpected(`a 64-bit integer, as "${name}" is an Int64,`, what, key)
    }
  }
  const message = `Expected a primary key of type Int64 or VarChar for get() but received ${dataTypeName(dataType)}`
  throw new PackedError('NotSupported', message, { field: name })
}
