import { parseExact, stringifyExact } from '../../config/index.js'
import type { Row as DataRow } from '../../data/index.js'
import { PackedError } from '../../errors/index.js'
import { type CollectionSchema, DataType, type FieldSchema } from '../../schema/index.js'
import {
  assignColumns,
  type ColumnMap,
  dynamicField,
  givenSchema,
  targetOf,
} from './assign-columns.js'
import type { ColumnType, ScalarName } from './column-type.js'
import { type Convert, fitJson, fitText } from './fit-value.js'
import type { RowSource } from './row-source.js'

/** How the records of a text file become rows of a collection. */
export interface RowMapping {
  /** The collection as far as rows bring it: without a primary key that the worker makes. */
  readonly schema: CollectionSchema
  /** @throws PackedError InvalidData, TypeMismatch, InvalidSchema (a key that is no field). */
  toRow(record: Readonly<Record<string, unknown>>): DataRow
}

/** A value of a file for a field; throws where it is none. */
type Read = (value: unknown) => unknown

interface Fed {
  readonly name: string
  readonly read: Read
}

/**
 * Find fields for the columns of a text file, by name or by `map`. Columns of CSV are known and
 * checked at once, keys of NDJSON row by row.
 *
 * @throws PackedError as `mapToCollection`.
 */
export function mapRows(
  schema: CollectionSchema,
  source: Pick<RowSource, 'names' | 'isText'>,
  map: ColumnMap = {},
): RowMapping {
  if (source.names.length > 0) assignColumns(schema, source.names, map)
  const structs = new Set(schema.structArrayFields.map(({ name }) => name))
  const known = new Map<string, Fed | undefined>()
  const fedBy = (column: string): Fed | undefined => {
    if (known.has(column)) return known.get(column)
    const fed = structs.has(column)
      ? { name: column, read: source.isText ? readJsonText(column) : asItIs }
      : feed(schema, column, source.isText, map)
    // Keys of a dynamic field may be as many as there are rows.
    if (fed?.read !== asItIs) known.set(column, fed)
    return fed
  }
  return {
    schema: givenSchema(schema),
    toRow: (record) => {
      const row: Record<string, unknown> = {}
      for (const column of Object.keys(record)) {
        const fed = fedBy(column)
        const value = record[column]
        if (fed === undefined || value === undefined) continue
        if (Object.hasOwn(row, fed.name)) throw twice(fed.name, column)
        row[fed.name] = value === null ? null : fed.read(value)
      }
      return row
    },
  }
}

const asItIs: Read = (value) => value

function feed(
  schema: CollectionSchema,
  column: string,
  isText: boolean,
  map: ColumnMap,
): Fed | undefined {
  const target = targetOf(schema, column, map)
  if (target === undefined) return undefined
  if (target === 'dynamic') return { name: column, read: asItIs }
  const isDynamic = target === dynamicField(schema)
  const read = isText ? textReader(target, isDynamic) : jsonReader(target, isDynamic)
  return { name: target.name, read }
}

function twice(field: string, column: string): PackedError {
  const message = `Expected one value for field "${field}" but received "${column}", too`
  return new PackedError('InvalidData', message, { field })
}

const BINARY: ColumnType = { kind: 'scalar', name: 'binary', nullable: true }

/** Values of JSON are what `InsertData` takes, but for what JSON has no form for. */
function jsonReader(field: FieldSchema, isDynamic: boolean): Read {
  const { dataType } = field
  // `InsertData` takes a text for JSON text; here it is a value.
  if (dataType === DataType.JSON && !isDynamic) return (value) => stringifyExact(value)
  if (dataType === DataType.Geometry) return checked(field, 'base64', fitJson(BINARY))
  if (dataType !== DataType.BinaryVector) return asItIs
  const readBytes = checked(field, 'base64 or an array of bytes', fitJson(BINARY))
  return (value) => (Array.isArray(value) ? value : readBytes(value))
}

const SCALARS: ReadonlyMap<DataType, ScalarName> = new Map([
  [DataType.Bool, 'bool'],
  [DataType.Int8, 'int8'],
  [DataType.Int16, 'int16'],
  [DataType.Int32, 'int32'],
  [DataType.Int64, 'int64'],
  [DataType.Timestamptz, 'int64'],
  [DataType.Float, 'float32'],
  [DataType.Double, 'float64'],
  [DataType.String, 'utf8'],
  [DataType.VarChar, 'utf8'],
  [DataType.Text, 'utf8'],
  [DataType.JSON, 'json'],
  [DataType.Geometry, 'binary'],
])

/** Vectors, arrays and objects are JSON in their cell. */
function textReader(field: FieldSchema, isDynamic: boolean): Read {
  const name = isDynamic ? undefined : SCALARS.get(field.dataType)
  if (name !== undefined) {
    return checked(field, name, fitText({ kind: 'scalar', name, nullable: true }))
  }
  const parse = readJsonText(field.name)
  if (field.dataType !== DataType.BinaryVector) return parse
  const readBytes = checked(field, 'base64 or an array of bytes', fitText(BINARY))
  return (cell) => (String(cell).startsWith('[') ? parse(cell) : readBytes(cell))
}

function readJsonText(field: string): Read {
  return checked({ name: field }, 'JSON', (cell) => {
    try {
      return parseExact(String(cell))
    } catch {
      return undefined
    }
  })
}

const SHOWN = 60

function checked({ name }: Pick<FieldSchema, 'name'>, expected: string, convert: Convert): Read {
  return (value) => {
    const converted = convert(value)
    if (converted !== undefined) return converted
    const text = typeof value === 'string' ? JSON.stringify(value) : stringifyExact(value)
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
    const message = `Expected ${expected} for field "${name}" but received ${shown}`
    throw new PackedError('TypeMismatch', message, { field: name })
  }
}
