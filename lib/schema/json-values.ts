import { expectObject, stringifyExact, unexpected } from '../config/index.js'
import type { DefaultValue } from './collection-schema.js'
import type { DataTypeInit, ParamsInit } from './collection-schema-init.js'
import { DataType, type DataTypeName, dataTypeOf } from './data-type.js'

/** The value of the first of several keys; null is absent. */
export type LooseObject = (...keys: string[]) => unknown

/** An object whose keys are compared without case and underscores: `fieldID` is `field_id`. */
export function looseObject(value: unknown, name: string): LooseObject {
  const members = new Map<string, unknown>()
  for (const [key, member] of Object.entries(expectObject(value, name))) {
    members.set(looseKey(key), member ?? undefined)
  }
  return (...keys) =>
    keys.map((key) => members.get(looseKey(key))).find((found) => found !== undefined)
}

function looseKey(key: string): string {
  return key.replaceAll('_', '').toLowerCase()
}

const TYPES_BY_LOOSE_NAME: ReadonlyMap<string, DataType> = new Map(
  Object.entries(DataType).map(([name, type]) => [looseKey(name), type]),
)

/**
 * A data type by number or by a name in any spelling (`FloatVector`, `FLOAT_VECTOR`). What is no
 * data type goes through, to be refused where the field's name is known.
 */
export function typeFrom(value: unknown): DataTypeInit | undefined {
  if (typeof value !== 'string') return value as DataTypeInit | undefined
  if (/^\d{1,3}$/.test(value)) return dataTypeOf(Number(value)) ?? (value as DataTypeName)
  return TYPES_BY_LOOSE_NAME.get(looseKey(value)) ?? (value as DataTypeName)
}

/** The number of an enum member, given by number or by its name; `names` start at 0. */
export function enumFrom<T extends number>(
  value: unknown,
  names: readonly string[],
): T | undefined {
  const index = typeof value === 'string' ? names.indexOf(value) : value
  return index as T | undefined
}

/** An id given as number, bigint or digits: text is how JSON carries 64-bit integers. */
export function idFrom(value: unknown, name: string): bigint | undefined {
  if (value === undefined) return undefined
  const integer = integerFrom(value)
  if (integer !== undefined) return integer
  throw unexpected('an integer (a safe one, or as text)', name, value)
}

export function idsFrom(value: unknown, name: string): bigint[] {
  return listFrom(value, name).map((id, index) => idFrom(id, `${name}[${index}]`) as bigint)
}

/** A number, which may be given as digits. Anything else goes through, to be refused later. */
export function countFrom(value: unknown): number | undefined {
  const integer = integerFrom(value)
  return integer === undefined ? (value as number | undefined) : Number(integer)
}

function integerFrom(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  return undefined
}

export function listFrom(value: unknown, name: string): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw unexpected('an array', name, value)
}

/** Parameters as `[{ key, value }]` or as an object; nested JSON becomes text, as in Milvus. */
export function paramsFrom(value: unknown, name: string): ParamsInit {
  if (value === undefined) return {}
  const params = new Map<string, ParamsInit[string]>()
  if (!Array.isArray(value)) {
    for (const [key, param] of Object.entries(expectObject(value, name))) {
      params.set(key, paramText(param))
    }
    return Object.fromEntries(params)
  }
  value.forEach((pair, index) => {
    const get = looseObject(pair, `${name}[${index}]`)
    const key = get('key')
    if (typeof key !== 'string') throw unexpected('a string', `${name}[${index}].key`, key)
    if (params.has(key)) throw unexpected('unique keys', name, key)
    params.set(key, paramText(get('value') ?? ''))
  })
  return Object.fromEntries(params)
}

function paramText(value: unknown): ParamsInit[string] {
  return typeof value === 'object' ? stringifyExact(value) : (value as ParamsInit[string])
}

const VALUE_KEYS = [
  ...['bool_data', 'int_data', 'long_data', 'float_data', 'double_data', 'string_data'],
  ...['bytes_data', 'timestamptz_data'],
]

/** A default value, plain or as a `schemapb.ValueField` (`{ "long_data": "7" }`). */
export function defaultFrom(
  type: DataTypeInit | undefined,
  value: unknown,
): DefaultValue | undefined {
  if (typeof value !== 'object' || value === null) return scalarDefault(type, value)
  if (ArrayBuffer.isView(value)) return value as Uint8Array
  const outer = looseObject(value, 'default_value')
  // Go prints the member of a oneof below the name of the oneof.
  const get = outer('data') === undefined ? outer : looseObject(outer('data'), 'default_value')
  const bytes = get('bytes_data')
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'))
  return scalarDefault(type, get(...VALUE_KEYS))
}

/** JSON has no 64-bit integers, NaN or infinities: protobuf writes them as text. */
function scalarDefault(type: DataTypeInit | undefined, value: unknown): DefaultValue | undefined {
  if (typeof value !== 'string') return value as DefaultValue | undefined
  const number = type === undefined ? undefined : dataTypeOf(type)
  if (number === DataType.Int64 || number === DataType.Timestamptz) {
    return integerFrom(value) ?? value
  }
  if (number !== DataType.Float && number !== DataType.Double) return value
  return value === 'NaN' || !Number.isNaN(Number(value)) ? Number(value) : value
}
