import {
  type DataType as ArrowType,
  Bool,
  type Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  type Schema,
  Type,
  Utf8,
} from 'apache-arrow'
import { expectObject, expectOptions } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { CollectionSchema, FieldSchema } from './collection-schema.js'
import type { CollectionSchemaOptions, FieldInit } from './collection-schema-init.js'
import { createCollectionSchema } from './create-collection-schema.js'
import { DataType, dataTypeName, dataTypeOf, isDenseVector } from './data-type.js'
import { fieldIdOf } from './field-ids.js'
import { sameType } from './same-type.js'
import { idOrAbsent } from './stored-ids.js'
import { allFields } from './system-fields.js'
import { arrowTypeOf, DIM_KEY, ELEMENT_TYPE_KEY } from './to-arrow.js'
import { dimOfWidth, vectorWidthBytes } from './type-params.js'
import {
  ELEMENT_BYTES,
  elementOf,
  isFixedSizeBinary,
  isFixedSizeList,
  type VectorElement,
} from './vector-type.js'

const OPTIONS = [
  'name',
  'collection',
  'fields',
  'primaryKey',
  'guess',
  'requirePrimaryKey',
] as const

/** Options of {@link convertFromArrowSchema}. */
export interface FromArrowOptions extends CollectionSchemaOptions {
  /** Name of the collection, empty by default. */
  name?: string | undefined
  /** What Arrow cannot tell, from a schema with the same fields: found by id, then by name. */
  collection?: CollectionSchema | undefined
  /** What Arrow cannot tell, by the names of columns. */
  fields?: Readonly<Record<string, Partial<FieldInit>>> | undefined
  /** Name of the primary key's column, where neither `collection` nor `fields` says it. */
  primaryKey?: string | undefined
  /**
   * Take bytes for JSON and vectors of bytes for FloatVector (BinaryVector where the width is no
   * multiple of 4), instead of asking (default false).
   */
  guess?: boolean | undefined
}

/**
 * A collection schema from an Arrow schema: what `convertToArrowSchema` made, the schema of
 * packed files, or a table of the caller's.
 *
 * Arrow tells Bool, Int8 to Int64, Float, Double, VarChar (utf8), vectors as fixed-size lists and
 * arrays of vectors. What has one Arrow type for several of Milvus's needs a word: utf8 is
 * VarChar unless said otherwise, int64 is Int64, binary may be JSON, Array, Geometry, a sparse or
 * a nullable dense vector, fixed-size binary any dense vector. A column named `$meta` is the
 * dynamic field.
 *
 * @throws PackedError InvalidSchema for a column that needs a word and gets none, and for rules
 *   that the collection breaks; TypeMismatch where a word and Arrow's type do not agree;
 *   UnsupportedType for a type that no Milvus column has.
 */
export function convertFromArrowSchema(
  schema: Schema,
  options: FromArrowOptions = {},
): CollectionSchema {
  expectOptions(options, OPTIONS, 'convertFromArrowSchema')
  expectObject(schema, 'schema')
  const fields = schema.fields.map((field) => fieldFromArrow(field, options))
  const { collection } = options
  const structs = (collection?.structArrayFields ?? []).map((struct) => ({
    ...struct,
    fields: fields.filter(({ name }) => struct.fields.some((sub) => sub.name === name)),
  }))
  const inStructs = new Set(structs.flatMap((struct) => struct.fields))
  const names = new Set(fields.map(({ name }) => name))
  const converted = createCollectionSchema(
    {
      ...collection,
      name: options.name ?? collection?.name ?? '',
      fields: fields.filter((field) => !inStructs.has(field)),
      structArrayFields: structs.filter((struct) => struct.fields.length > 0),
      functions: (collection?.functions ?? []).filter(({ inputFieldNames, outputFieldNames }) =>
        [...inputFieldNames, ...outputFieldNames].every((name) => names.has(name)),
      ),
    },
    { requirePrimaryKey: options.requirePrimaryKey },
  )
  const byName = new Map(allFields(converted).map((field) => [field.name, field]))
  schema.fields.forEach((column, index) => {
    expectAgreement(column, byName.get(fields[index]!.name)!)
  })
  return converted
}

function fieldFromArrow(column: Field, options: FromArrowOptions): FieldInit {
  const { name, nullable } = column
  const fieldId = fieldIdOf(column)
  const known = options.collection && knownField(options.collection, name, fieldId)
  const said = options.fields?.[name]
  const told: Partial<FieldInit> = { ...known, ...said }
  const isPrimaryKey = told.isPrimaryKey ?? name === options.primaryKey
  return {
    ...shapeOf(column, told, options.guess ?? false),
    isDynamic: name === '$meta',
    isPrimaryKey,
    nullable: nullable && !isPrimaryKey,
    name,
    fieldId: idOrAbsent(fieldId, name),
    ...withoutAbsent(told),
  }
}

function withoutAbsent(told: Partial<FieldInit>): Partial<FieldInit> {
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
}

function knownField(
  collection: CollectionSchema,
  name: string,
  fieldId: bigint | undefined,
): FieldSchema | undefined {
  const fields = allFields(collection)
  return (
    fields.find((field) => field.fieldId === fieldId) ?? fields.find((field) => field.name === name)
  )
}

/** Data type and what belongs to it. */
type Shape = Pick<FieldInit, 'dataType' | 'elementType' | 'dim'>

function shapeOf(column: Field, told: Partial<FieldInit>, guess: boolean): Shape {
  const said = told.dataType === undefined ? undefined : dataTypeOf(told.dataType)
  const shape = said === undefined ? ownShape(column, guess) : { dataType: said }
  const { dataType } = shape
  if (told.dim !== undefined || told.typeParams?.dim !== undefined) return shape
  if (isDenseVector(dataType)) return { ...shape, dim: columnDim(column, dataType) }
  if (dataType !== DataType.ArrayOfVector) return shape
  const elementType = dataTypeOf(Number(column.metadata.get(ELEMENT_TYPE_KEY)))
  const dim = Number(column.metadata.get(DIM_KEY) ?? 0)
  return { dataType, dim, ...(elementType === undefined ? {} : { elementType }) }
}

function ownShape(column: Field, guess: boolean): { dataType: DataType } {
  const dataType = PLAIN.find(([type]) => sameType(type, column.type))?.[1]
  if (dataType !== undefined) return { dataType }
  const guessed = certainVector(column) ?? bytesGuess(column)
  if (guessed === undefined) {
    throw new PackedError(
      'UnsupportedType',
      `Expected an Arrow type of a Milvus column for field "${column.name}" but received ` +
        `${column.type}`,
      { field: column.name },
    )
  }
  if (guessed.certain || guess) return { dataType: guessed.dataType }
  throw new PackedError(
    'InvalidSchema',
    `Expected a data type for field "${column.name}", whose ${column.type} may be several; say ` +
      'it in `fields` or `collection`, or let `guess` choose',
    { field: column.name },
  )
}

const PLAIN: readonly [ArrowType, DataType][] = [
  [new Bool(), DataType.Bool],
  [new Int8(), DataType.Int8],
  [new Int16(), DataType.Int16],
  [new Int32(), DataType.Int32],
  [new Int64(), DataType.Int64],
  [new Float32(), DataType.Float],
  [new Float64(), DataType.Double],
  [new Utf8(), DataType.VarChar],
]

interface Guess {
  dataType: DataType
  certain: boolean
}

const LIST_VECTORS: Readonly<Record<VectorElement, DataType>> = {
  float32: DataType.FloatVector,
  float16: DataType.Float16Vector,
  bfloat16: DataType.BFloat16Vector,
  int8: DataType.Int8Vector,
  uint8: DataType.BinaryVector,
}

/** Vectors whose Arrow type or metadata tells what their numbers are. */
function certainVector({ type, metadata }: Field): Guess | undefined {
  if (type.typeId === Type.List && metadata.has(ELEMENT_TYPE_KEY)) {
    return { dataType: DataType.ArrayOfVector, certain: true }
  }
  const element = isFixedSizeList(type) ? elementOf(type.children[0]!.type) : undefined
  return element === undefined ? undefined : { dataType: LIST_VECTORS[element], certain: true }
}

function bytesGuess({ name, type, metadata }: Field): Guess | undefined {
  if (isFixedSizeBinary(type)) {
    const floats = type.byteWidth % 4 === 0
    return { dataType: floats ? DataType.FloatVector : DataType.BinaryVector, certain: false }
  }
  if (type.typeId !== Type.Binary) return undefined
  if (metadata.has(DIM_KEY)) return { dataType: DataType.FloatVector, certain: false }
  return { dataType: DataType.JSON, certain: name === '$meta' }
}

function columnDim({ type, metadata }: Field, vector: DataType): number {
  const width = rowBytes(type)
  return width === undefined ? Number(metadata.get(DIM_KEY) ?? 0) : dimOfWidth(vector, width)
}

/** Bytes of one row of a fixed-size column of vectors. */
function rowBytes(type: ArrowType): number | undefined {
  if (isFixedSizeBinary(type)) return type.byteWidth
  if (!isFixedSizeList(type)) return undefined
  const element = elementOf(type.children[0]!.type)
  return element === undefined ? undefined : type.listSize * ELEMENT_BYTES[element]
}

/** Refuse a field whose type cannot hold what the column has. */
function expectAgreement(column: Field, field: FieldSchema): void {
  if (sameType(arrowTypeOf(field), column.type)) return
  const width = rowBytes(column.type)
  if (isDenseVector(field.dataType) && width === vectorWidthBytes(field)) return
  throw new PackedError(
    'TypeMismatch',
    `Expected ${dataTypeName(field.dataType)}, which is ${arrowTypeOf(field)} in Arrow, for field ` +
      `"${field.name}" but received ${column.type}`,
    { field: field.name },
  )
}
