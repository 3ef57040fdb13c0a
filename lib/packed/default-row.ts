import {
  type DataType,
  type Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Type,
  vectorFromArray,
} from 'apache-arrow'
import { describeValue, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'

/**
 * One row that holds the values of missing fields, typed as the read schema has them.
 *
 * @throws PackedError InvalidArgument for a name that the schema does not have, TypeMismatch for
 *   a value that its field cannot hold.
 */
export function defaultRow(schema: Schema, values: Record<string, unknown>): RecordBatch {
  const fields = Object.keys(values).map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name)
    if (field === undefined) throw unexpected('names of fields of the schema', 'defaults', name)
    return field
  })
  const children = fields.map((field) => oneValue(field, values[field.name]))
  const type = new Struct(fields)
  return new RecordBatch(new Schema(fields), makeData({ type, length: 1, nullCount: 0, children }))
}

function oneValue(field: Field, value: unknown) {
  const { name, type } = field
  const mismatch = (cause?: unknown) =>
    new PackedError(
      'TypeMismatch',
      `Expected ${type} for the default of "${name}" but received ${describeValue(value)}`,
      { field: name, cause },
    )
  if (value === undefined) throw mismatch()
  try {
    const vector = vectorFromArray([coerce(type, value)], type)
    const [data] = vector.data
    const kept = data !== undefined && data.length === 1 && holds(vector.get(0), value)
    if (kept) return data
  } catch (error) {
    throw mismatch(error)
  }
  throw mismatch()
}

/** What Arrow's builders want; they take anything in silence, so kinds are checked here. */
function coerce(type: DataType, value: unknown): unknown {
  if (value === null) return null
  const { bitWidth, byteWidth } = type as { bitWidth?: number; byteWidth?: number }
  switch (type.typeId as Type) {
    case Type.Int:
      expectKind(typeof value === 'number' || typeof value === 'bigint')
      return bitWidth === 64 ? BigInt(value as number | bigint) : Number(value)
    case Type.Float:
      expectKind(typeof value === 'number')
      return value
    case Type.Utf8:
    case Type.LargeUtf8:
      expectKind(typeof value === 'string')
      return value
    case Type.Bool:
      expectKind(typeof value === 'boolean')
      return value
    case Type.Binary:
    case Type.FixedSizeBinary:
      expectKind(ArrayBuffer.isView(value))
      expectKind(byteWidth === undefined || (value as ArrayBufferView).byteLength === byteWidth)
      return bytesOf(value as ArrayBufferView)
    default:
      return value
  }
}

function expectKind(holds: boolean): void {
  if (!holds) throw new TypeError('not a value of this type')
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Builders wrap and truncate in silence: compare numbers with what was kept of them. */
function holds(kept: unknown, given: unknown): boolean {
  if (typeof given === 'bigint' || typeof given === 'number') {
    if (typeof kept === 'number' && typeof given === 'number') {
      return Object.is(kept, given) || Math.fround(given) === kept || !Number.isInteger(kept)
    }
    return typeof kept !== 'bigint' || kept === BigInt(given)
  }
  return (kept === null) === (given === null)
}
