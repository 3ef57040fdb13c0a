import type { DefaultValue } from './collection-schema.js'
import { DataType, dataTypeName } from './data-type.js'
import { schemaError } from './schema-error.js'

const INTEGER_BITS: ReadonlyMap<DataType, number> = new Map([
  [DataType.Int8, 8],
  [DataType.Int16, 16],
  [DataType.Int32, 32],
  [DataType.Int64, 64],
  [DataType.Timestamptz, 64],
])

/**
 * A default value in the one form that its type has: bigint for 64-bit integers, bytes for JSON
 * (text is taken as well).
 *
 * @throws PackedError InvalidSchema for a value that the type cannot hold, and for types without
 *   default values (arrays and vectors).
 */
export function defaultValueOf(field: string, type: DataType, value: DefaultValue): DefaultValue {
  const wrong = () => schemaError(`a default value of ${dataTypeName(type)}`, field, value)
  const bits = INTEGER_BITS.get(type)
  if (bits !== undefined) return integerOf(value, bits, wrong)
  switch (type) {
    case DataType.Bool:
      if (typeof value !== 'boolean') throw wrong()
      return value
    case DataType.Float:
    case DataType.Double:
      return numberOf(value, type, wrong)
    case DataType.String:
    case DataType.VarChar:
    case DataType.Text:
      if (typeof value !== 'string') throw wrong()
      return value
    case DataType.JSON:
      return bytesOf(typeof value === 'string' ? new TextEncoder().encode(value) : value, wrong)
    case DataType.Geometry:
      // Text is WKT, as collections are declared; bytes are WKB, as rows are stored.
      return typeof value === 'string' ? value : bytesOf(value, wrong)
    default:
      throw schemaError(`no default value (${dataTypeName(type)} has none)`, field, value)
  }
}

function integerOf(value: DefaultValue, bits: number, wrong: () => Error): number | bigint {
  const safe = typeof value === 'number' && Number.isSafeInteger(value)
  if (!safe && typeof value !== 'bigint') throw wrong()
  const integer = BigInt(value as number | bigint)
  if (BigInt.asIntN(bits, integer) !== integer) throw wrong()
  return bits === 64 ? integer : Number(integer)
}

/** A Float becomes the nearest one; what is finite has to stay finite. */
function numberOf(value: DefaultValue, type: DataType, wrong: () => Error): number {
  if (typeof value !== 'number') throw wrong()
  const kept = type === DataType.Float ? Math.fround(value) : value
  if (Number.isFinite(kept) !== Number.isFinite(value)) throw wrong()
  return kept
}

function bytesOf(value: DefaultValue, wrong: () => Error): Uint8Array {
  if (typeof value !== 'object' || !ArrayBuffer.isView(value)) throw wrong()
  return new Uint8Array(value)
}
