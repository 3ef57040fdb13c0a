import { type Field, type Schema, Type } from 'apache-arrow'
import { expectKnownKeys, expectObject, expectText } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  type DataTypeName,
  ELEMENT_BYTES,
  elementOf,
  type FieldInit,
  isFixedSizeList,
} from '../../schema/index.js'
import type { ColumnType } from './column-type.js'

/** What a collection is inferred from: an `Input` is one. */
export interface InferredInput {
  readonly schema: Schema
  /** Of a text file: tells JSON from text. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
}

/** Options of {@link inferCollection}. */
export interface InferOptions {
  /** Name of the collection. */
  name: string
  /**
   * Column of the primary key; by default `id` or `pk`, where it holds integers or text, else a
   * key is made for every row.
   */
  primaryKey?: string | undefined
}

/** A collection, and how its input led to it. */
export interface InferredCollection {
  readonly schema: CollectionSchema
  /** One line per field: `price: Double, may be null (from float64)`. */
  readonly report: readonly string[]
}

/** Milvus's limits for text and arrays. */
const MAX_LENGTH = 65_535
const MAX_CAPACITY = 4096

const KEY_NAMES: readonly string[] = ['id', 'pk']
const KEY_TYPES: readonly unknown[] = ['Int64', 'VarChar']

/**
 * Make a collection schema for an input.
 *
 * Integers and floats keep their width, text is VarChar(65535), lists of fixed size are vectors,
 * other lists of scalars are arrays, structs and maps are JSON. Scalars may be null, vectors only
 * where a text file has shown a null.
 *
 * @throws PackedError InvalidSchema for a column that no field holds, and for a primary key that
 *   is not there or of another type.
 */
export function inferCollection(input: InferredInput, options: InferOptions): InferredCollection {
  const known = expectObject(options, 'the options of inferCollection')
  expectKnownKeys(known, ['name', 'primaryKey'], 'inferCollection')
  const name = expectText(options.name, 'name')
  const columns = input.schema.fields.map((column) => ({
    column,
    init: fieldOf(column, input.types?.get(column.name)),
  }))
  const key = keyOf(
    columns.map(({ init }) => init),
    options.primaryKey,
  )
  const fields = columns.map(({ init }) => {
    return init === key ? { ...init, isPrimaryKey: true, nullable: false } : init
  })
  const made = key === undefined ? [madeKey(fields)] : []
  const report = [
    ...made.map(({ name: field }) => `${field}: Int64, primary key, made for every row`),
    ...fields.map((init, index) => lineOf(init, columns[index]!.column)),
  ]
  return { schema: createCollectionSchema({ name, fields: [...made, ...fields] }), report }
}

function madeKey(fields: readonly FieldInit[]): FieldInit {
  const taken = new Set(fields.map(({ name }) => name))
  const name = ['id', '_id', 'row_id', '_row_id'].find((candidate) => !taken.has(candidate))!
  return { name, dataType: 'Int64', isPrimaryKey: true, autoId: true }
}

function keyOf(fields: readonly FieldInit[], chosen: string | undefined): FieldInit | undefined {
  const mayBeKey = ({ dataType }: FieldInit): boolean => KEY_TYPES.includes(dataType)
  if (chosen === undefined) {
    return fields.find((field) => KEY_NAMES.includes(field.name) && mayBeKey(field))
  }
  const field = fields.find(({ name }) => name === chosen)
  if (field !== undefined && mayBeKey(field)) return field
  const received = field === undefined ? 'no such column' : `one of ${field.dataType}`
  throw new PackedError(
    'InvalidSchema',
    `Expected a column of 64-bit integers or text for the primary key "${chosen}" but received ` +
      received,
    { field: chosen },
  )
}

function lineOf(init: FieldInit, { type }: Field): string {
  const { name, dataType, dim, elementType, maxLength } = init
  const size = dim ?? maxLength ?? elementType
  const facts = [
    size === undefined ? dataType : `${dataType}(${size})`,
    ...(init.isPrimaryKey ? ['primary key'] : []),
    init.nullable ? 'may be null' : 'never null',
  ]
  return `${name}: ${facts.join(', ')} (from ${type})`
}

function fieldOf(column: Field, given: ColumnType | undefined): FieldInit {
  const { name, type } = column
  if (given?.kind === 'scalar' && given.name === 'json') {
    return { name, dataType: 'JSON', nullable: true }
  }
  const scalar = scalarOf(type)
  if (scalar !== undefined) return { name, nullable: true, ...scalar }
  const vector = vectorOf(type)
  if (vector !== undefined) return { name, nullable: given?.nullable ?? false, ...vector }
  const list = (type.typeId as Type) === Type.List ? scalarOf(type.children[0]!.type) : undefined
  if (list !== undefined && list.dataType !== 'JSON') {
    const { dataType: elementType, maxLength } = list
    const text = maxLength === undefined ? {} : { maxLength }
    const capacity = { maxCapacity: MAX_CAPACITY, ...text }
    return { name, nullable: true, dataType: 'Array', elementType, ...capacity }
  }
  throw new PackedError(
    'InvalidSchema',
    `Expected a type that a field can be made for but received ${type} for column "${name}"`,
    { field: name },
  )
}

type TypeFacts = Pick<FieldInit, 'dim' | 'maxLength'> & { dataType: DataTypeName }

function scalarOf(type: Field['type']): TypeFacts | undefined {
  switch (type.typeId as Type) {
    case Type.Bool:
      return { dataType: 'Bool' }
    case Type.Int:
      return integerOf(type as Field['type'] & { bitWidth: number; isSigned: boolean })
    case Type.Float:
      return { dataType: (type as { precision?: number }).precision === 2 ? 'Double' : 'Float' }
    case Type.Utf8:
    case Type.LargeUtf8:
      return { dataType: 'VarChar', maxLength: MAX_LENGTH }
    case Type.Struct:
    case Type.Map:
      return { dataType: 'JSON' }
    case Type.Dictionary:
      return scalarOf((type as Field['type'] & { dictionary: Field['type'] }).dictionary)
    default:
      return undefined
  }
}

/** The narrowest that holds every value; unsigned integers need one bit more. */
function integerOf({ bitWidth, isSigned }: { bitWidth: number; isSigned: boolean }) {
  const bits = isSigned ? bitWidth : bitWidth * 2
  const dataType = ({ 8: 'Int8', 16: 'Int16', 32: 'Int32', 64: 'Int64' } as const)[bits]
  return dataType === undefined ? undefined : { dataType }
}

const VECTORS = {
  float32: 'FloatVector',
  float16: 'Float16Vector',
  bfloat16: 'BFloat16Vector',
  int8: 'Int8Vector',
  uint8: 'BinaryVector',
} as const

const BITS_PER_BYTE = 8

function vectorOf(type: Field['type']): TypeFacts | undefined {
  if (!isFixedSizeList(type)) return undefined
  const { listSize } = type
  const item = type.children[0]!.type
  const element = elementOf(item)
  if (element === undefined) {
    const isDouble = (item.typeId as Type) === Type.Float
    return isDouble ? { dataType: 'FloatVector', dim: listSize } : undefined
  }
  const dim = ELEMENT_BYTES[element] * listSize
  return {
    dataType: VECTORS[element],
    dim: element === 'uint8' ? dim * BITS_PER_BYTE : listSize,
  }
}
