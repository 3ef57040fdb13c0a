import type { RecordBatch } from 'apache-arrow'
import { expectObject, parseExact } from '../config/index.js'
import type { Row } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import {
  type CollectionSchema,
  DataType,
  type FieldSchema,
  isDenseVector,
  type StructArrayField,
} from '../schema/index.js'
import { wkbOf } from './import-geometry.js'

/** Day, time, fraction of a second, zone. */
const TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)?$/

/** What a list of a batch gives. */
type ListValue = Iterable<unknown> & { toArray(): unknown }

/**
 * The rows of a Parquet file that pymilvus's bulk writer made (read with `lenient: true`), as
 * `InsertData.appendRows` takes them.
 *
 * Vectors are lists in the file, JSON and sparse vectors text, geometries WKT, times with a zone ISO
 * 8601, struct arrays lists of structs. Columns that are no fields stay as they are: InsertData
 * says what it thinks of them.
 *
 * @throws PackedError InvalidData naming the field and the row in the batch.
 */
export function* rowsOfBulk(batch: RecordBatch, schema: CollectionSchema): Generator<Row> {
  expectObject(batch, 'batch')
  const columns = batch.schema.fields.map(({ name }, index) => ({
    name,
    values: batch.getChildAt(index)!,
    convert: converterOf(name, schema),
  }))
  for (let row = 0; row < batch.numRows; row++) {
    const entries = columns.map(({ name, values, convert }) => {
      const value: unknown = values.get(row)
      return [name, value === null ? null : converted(name, row, value, convert)] as const
    })
    yield Object.fromEntries(entries)
  }
}

function converted(
  name: string,
  row: number,
  value: unknown,
  convert: (value: unknown) => unknown,
): unknown {
  try {
    return convert(value)
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error)
    throw new PackedError(
      'InvalidData',
      `Expected a value of the bulk form for field "${name}" in row ${row} but received ${received}`,
      { field: name, cause: error },
    )
  }
}

function converterOf(name: string, schema: CollectionSchema): (value: unknown) => unknown {
  const struct = schema.structArrayFields.find((candidate) => candidate.name === name)
  if (struct !== undefined) return (value) => structsOf(struct, value as Iterable<object>)
  const field = schema.fields.find((candidate) => candidate.name === name)
  return field === undefined ? (value) => value : (value) => rowValue(field, value)
}

function rowValue({ dataType }: FieldSchema, value: unknown): unknown {
  if (isDenseVector(dataType)) return (value as ListValue).toArray()
  if (dataType === DataType.Array) return [...(value as ListValue)]
  if (dataType === DataType.JSON) return new TextEncoder().encode(value as string)
  if (dataType === DataType.SparseFloatVector) return sparseOf(value as string)
  if (dataType === DataType.Geometry) return wkbOf(value as string)
  if (dataType === DataType.Timestamptz) return microsOf(value as string)
  return value
}

/** `{"7": 0.5}`, or `{"indices": [7], "values": [0.5]}`. */
function sparseOf(text: string): unknown {
  const value = parseExact(text) as { indices?: unknown; values?: unknown }
  const { indices, values } = value
  if (!Array.isArray(indices) || !Array.isArray(values)) return value
  return indices.map((index, position) => [index, values[position]])
}

/** Microseconds since 1970; a time without a zone is UTC. */
function microsOf(text: string): bigint {
  const [whole, day, time, fraction = '', zone = 'Z'] = TIME.exec(text) ?? []
  const milliseconds = Date.parse(`${day}T${time}${zone.toUpperCase()}`)
  if (whole === undefined || Number.isNaN(milliseconds)) throw new RangeError(`"${text}"`)
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}

function structsOf(struct: StructArrayField, items: Iterable<object>): object[] {
  return Array.from(items, (item) => {
    const members = struct.fields.map((field) => {
      const name = memberName(struct, field.name)
      const value: unknown = (item as Record<string, unknown>)[name]
      const isVector = field.dataType === DataType.ArrayOfVector
      return [name, isVector ? (value as ListValue).toArray() : value] as const
    })
    return Object.fromEntries(members)
  })
}

/** Milvus stores the sub-field `a` of `s` as `s[a]`; users call it `a`. */
export function memberName({ name }: StructArrayField, stored: string): string {
  const inside = stored.startsWith(`${name}[`) && stored.endsWith(']')
  return inside ? stored.slice(name.length + 1, -1) : stored
}
