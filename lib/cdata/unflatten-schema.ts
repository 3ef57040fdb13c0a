import * as arrow from 'apache-arrow'
import { type DataType, Field, Schema } from 'apache-arrow'
import { PackedError } from '../errors/index.js'
import type { NativeField, NativeSchemaText } from '../native/index.js'

/** A field of a NativeSchemaText: the members that say nothing are left out. */
interface TextField extends Pick<NativeField, 'name' | 'format'> {
  nullable?: true
  metadata?: string[]
  children?: TextField[]
  dictionary?: TextField
  dictionaryOrdered?: true
  keysSorted?: true
}

const TIME_UNITS: Record<string, arrow.TimeUnit> = {
  s: arrow.TimeUnit.SECOND,
  m: arrow.TimeUnit.MILLISECOND,
  u: arrow.TimeUnit.MICROSECOND,
  n: arrow.TimeUnit.NANOSECOND,
}

const INTERVAL_UNITS: Record<string, arrow.IntervalUnit> = {
  tiM: arrow.IntervalUnit.YEAR_MONTH,
  tiD: arrow.IntervalUnit.DAY_TIME,
  tin: arrow.IntervalUnit.MONTH_DAY_NANO,
}

/** Types of one format string each. */
const PLAIN_TYPES: Record<string, () => DataType> = {
  n: () => new arrow.Null(),
  b: () => new arrow.Bool(),
  c: () => new arrow.Int8(),
  C: () => new arrow.Uint8(),
  s: () => new arrow.Int16(),
  S: () => new arrow.Uint16(),
  i: () => new arrow.Int32(),
  I: () => new arrow.Uint32(),
  l: () => new arrow.Int64(),
  L: () => new arrow.Uint64(),
  e: () => new arrow.Float16(),
  f: () => new arrow.Float32(),
  g: () => new arrow.Float64(),
  z: () => new arrow.Binary(),
  Z: () => new (later('LargeBinary'))(),
  vz: () => new (later('BinaryView'))(),
  u: () => new arrow.Utf8(),
  U: () => new (later('LargeUtf8'))(),
  vu: () => new (later('Utf8View'))(),
  tdD: () => new arrow.DateDay(),
  tdm: () => new arrow.DateMillisecond(),
}

type LaterType = 'LargeBinary' | 'LargeUtf8' | 'LargeList' | 'BinaryView' | 'Utf8View'

/** A class that the oldest supported apache-arrow does not have. */
function later<Name extends LaterType>(name: Name): (typeof arrow)[Name] {
  const found = (arrow as Partial<typeof arrow>)[name]
  if (found === undefined) {
    throw new PackedError(
      'UnsupportedType',
      `Expected an apache-arrow with the type ${name} but received an older one; please update it`,
    )
  }
  return found as (typeof arrow)[Name]
}

/** The Schema that a native schema describes, metadata byte-exact. */
export function unflattenSchema(text: NativeSchemaText): Schema {
  const schema = JSON.parse(text) as { fields: TextField[]; metadata?: string[] }
  return new Schema(
    schema.fields.map((field) => unflattenField(field, field.name)),
    unflattenMetadata(schema.metadata),
  )
}

function unflattenField(field: TextField, path: string): Field {
  const type = unflattenType(field, path)
  return new Field(field.name, type, field.nullable === true, unflattenMetadata(field.metadata))
}

function unflattenMetadata(pairs: readonly string[] = []): Map<string, string> {
  const metadata = new Map<string, string>()
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    metadata.set(pairs[i] as string, pairs[i + 1] as string)
  }
  return metadata
}

function unflattenType(field: TextField, path: string): DataType {
  if (field.dictionary === undefined) return typeOf(field, path)
  const values = unflattenType(field.dictionary, path)
  const indices = typeOf(field, path) as arrow.Dictionary['indices']
  return new arrow.Dictionary(values, indices, null, field.dictionaryOrdered === true)
}

function typeOf(field: TextField, path: string): DataType {
  const { format } = field
  const plain = PLAIN_TYPES[format]
  if (plain !== undefined) return plain()
  const type = format.startsWith('+') ? nestedType(field, path) : parametricType(format)
  if (type !== null) return type
  throw new PackedError(
    'UnsupportedType',
    `Expected a type that apache-arrow has for field '${path}' but received format '${format}'`,
    { field: path },
  )
}

/** Types whose format string carries parameters: decimals, times, fixed-size binary. */
function parametricType(format: string): DataType | null {
  if (format.startsWith('d:')) {
    const [precision, scale, bitWidth = 128] = numbersOf(format)
    return new arrow.Decimal(scale as number, precision as number, bitWidth)
  }
  if (format.startsWith('w:')) return new arrow.FixedSizeBinary(numbersOf(format)[0] as number)
  const unit = TIME_UNITS[format.charAt(2)]
  if (unit === undefined) return intervalType(format)
  if (format.startsWith('ts')) return new arrow.Timestamp(unit, format.slice(4) || null)
  if (format.startsWith('tD')) return new arrow.Duration(unit)
  return format.startsWith('tt') ? new arrow.Time(unit, TIME_WIDTH[unit]) : intervalType(format)
}

const TIME_WIDTH: Record<arrow.TimeUnit, 32 | 64> = {
  [arrow.TimeUnit.SECOND]: 32,
  [arrow.TimeUnit.MILLISECOND]: 32,
  [arrow.TimeUnit.MICROSECOND]: 64,
  [arrow.TimeUnit.NANOSECOND]: 64,
}

function intervalType(format: string): DataType | null {
  const unit = INTERVAL_UNITS[format]
  return unit === undefined ? null : new arrow.Interval(unit)
}

function nestedType(field: TextField, path: string): DataType | null {
  const children = (field.children ?? []).map((child) =>
    unflattenField(child, `${path}.${child.name}`),
  )
  const first = children[0] as Field
  switch (field.format.slice(0, 3)) {
    case '+l':
      return new arrow.List(first)
    case '+L':
      return new (later('LargeList'))(first)
    case '+w:':
      return new arrow.FixedSizeList(numbersOf(field.format)[0] as number, first)
    case '+s':
      return new arrow.Struct(children)
    case '+m':
      return new arrow.Map_(first, field.keysSorted === true)
    case '+ud':
      return new arrow.DenseUnion(numbersOf(field.format), children)
    case '+us':
      return new arrow.SparseUnion(numbersOf(field.format), children)
    default:
      return null
  }
}

/** The comma-separated numbers after the colon. */
function numbersOf(format: string): number[] {
  const list = format.slice(format.indexOf(':') + 1)
  return list === '' ? [] : list.split(',').map(Number)
}
