import {
  type DataType,
  DateUnit,
  type Field,
  IntervalUnit,
  Precision,
  type Schema,
  TimeUnit,
  Type,
  UnionMode,
} from 'apache-arrow'
import { PackedError } from '../errors/index.js'
import type { NativeField, NativeSchema } from '../native/index.js'

const TIME_UNIT: Record<TimeUnit, string> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'm',
  [TimeUnit.MICROSECOND]: 'u',
  [TimeUnit.NANOSECOND]: 'n',
}

const INTERVAL_UNIT: Record<IntervalUnit, string> = {
  [IntervalUnit.YEAR_MONTH]: 'tiM',
  [IntervalUnit.DAY_TIME]: 'tiD',
  [IntervalUnit.MONTH_DAY_NANO]: 'tin',
}

const FLOAT: Record<Precision, string> = {
  [Precision.HALF]: 'e',
  [Precision.SINGLE]: 'f',
  [Precision.DOUBLE]: 'g',
}

/** The members of any Arrow type that a format string depends on. */
interface TypeFacts {
  bitWidth: number
  isSigned: boolean
  precision: number
  scale: number
  unit: number
  timezone?: string | null
  byteWidth: number
  listSize: number
  mode: UnionMode
  typeIds: Int32Array
  keysSorted: boolean
  indices: DataType
  dictionary: DataType
  isOrdered: boolean
}

/** The one place where a type's members are read without knowing its class (see CONTRIBUTING). */
export function factsOf(type: DataType): TypeFacts {
  return type as unknown as TypeFacts
}

const flattened = new WeakMap<Schema, NativeSchema>()

/** A schema in the terms of the Arrow C Data Interface; computed once per Schema object. */
export function flattenSchema(schema: Schema): NativeSchema {
  let result = flattened.get(schema)
  if (result === undefined) {
    result = {
      fields: schema.fields.map((field) => flattenField(field, field.name)),
      metadata: flattenMetadata(schema.metadata),
    }
    flattened.set(schema, result)
  }
  return result
}

function flattenField(field: Field, path: string): NativeField {
  const type: DataType = field.type
  if (type.typeId === Type.Dictionary) {
    const { indices, dictionary, isOrdered } = factsOf(type)
    return {
      ...plainField(field, indices, path),
      dictionary: flattenType(dictionary, path),
      dictionaryOrdered: isOrdered,
    }
  }
  return plainField(field, type, path)
}

/** The value type of a dictionary is a field without a name. */
function flattenType(type: DataType, path: string): NativeField {
  return flattenField({ name: '', type, nullable: true, metadata: new Map() } as Field, path)
}

function plainField(field: Field, type: DataType, path: string): NativeField {
  return {
    name: field.name,
    format: formatOf(type, path),
    nullable: field.nullable,
    metadata: flattenMetadata(field.metadata),
    children: flattenChildren(type, path),
    dictionary: null,
    dictionaryOrdered: false,
    keysSorted: type.typeId === Type.Map && factsOf(type).keysSorted,
  }
}

function flattenChildren(type: DataType, path: string): NativeField[] {
  if (type.typeId === Type.Map) {
    const [entries] = (type as DataType<Type.Map, Record<string, DataType>>).children
    return [flattenEntries(entries as Field, path)]
  }
  return (type.children ?? []).map((child) => flattenField(child, `${path}.${child.name}`))
}

/** Arrow forbids null entries and null keys of a map, whatever the flags in JavaScript say. */
function flattenEntries(entries: Field, path: string): NativeField {
  const field = flattenField(entries, `${path}.${entries.name}`)
  const [key, value] = field.children
  if (key === undefined || value === undefined) {
    throw new PackedError('InvalidSchema', `Expected a key and a value for map '${path}'`, {
      field: path,
    })
  }
  return { ...field, nullable: false, children: [{ ...key, nullable: false }, value] }
}

function flattenMetadata(metadata: Map<string, string> | null | undefined): string[] {
  const pairs: string[] = []
  for (const [key, value] of metadata ?? []) pairs.push(key, value)
  return pairs
}

/** Format string of a type, without its children. */
function formatOf(type: DataType, path: string): string {
  const facts = factsOf(type)
  switch (type.typeId as Type) {
    case Type.Null:
      return 'n'
    case Type.Bool:
      return 'b'
    case Type.Int:
      return intFormat(facts.bitWidth, facts.isSigned)
    case Type.Float:
      return FLOAT[facts.precision as Precision]
    case Type.Decimal:
      return decimalFormat(facts)
    case Type.Date:
      return facts.unit === DateUnit.DAY ? 'tdD' : 'tdm'
    case Type.Time:
      return `tt${TIME_UNIT[facts.unit as TimeUnit]}`
    case Type.Timestamp:
      return `ts${TIME_UNIT[facts.unit as TimeUnit]}:${facts.timezone ?? ''}`
    case Type.Duration:
      return `tD${TIME_UNIT[facts.unit as TimeUnit]}`
    case Type.Interval:
      return INTERVAL_UNIT[facts.unit as IntervalUnit]
    default:
      return variableFormatOf(type, facts, path)
  }
}

function variableFormatOf(type: DataType, facts: TypeFacts, path: string): string {
  switch (type.typeId as Type) {
    case Type.Binary:
      return 'z'
    case Type.LargeBinary:
      return 'Z'
    case Type.BinaryView:
      return 'vz'
    case Type.Utf8:
      return 'u'
    case Type.LargeUtf8:
      return 'U'
    case Type.Utf8View:
      return 'vu'
    case Type.FixedSizeBinary:
      return `w:${facts.byteWidth}`
    case Type.List:
      return '+l'
    case Type.LargeList:
      return '+L'
    case Type.FixedSizeList:
      return `+w:${facts.listSize}`
    case Type.Struct:
      return '+s'
    case Type.Map:
      return '+m'
    case Type.Union:
      return `+u${facts.mode === UnionMode.Dense ? 'd' : 's'}:${facts.typeIds.join(',')}`
    default:
      throw new PackedError('UnsupportedType', `Expected a known Arrow type for '${path}'`, {
        field: path,
        cause: `typeId ${type.typeId}: ${type}`,
      })
  }
}

function intFormat(bitWidth: number, isSigned: boolean): string {
  const letter = { 8: 'c', 16: 's', 32: 'i', 64: 'l' }[bitWidth] ?? ''
  return isSigned ? letter : letter.toUpperCase()
}

function decimalFormat({ precision, scale, bitWidth }: TypeFacts): string {
  return bitWidth === 128 ? `d:${precision},${scale}` : `d:${precision},${scale},${bitWidth}`
}
