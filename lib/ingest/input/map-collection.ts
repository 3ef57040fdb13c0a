import { type Data, Field, makeData, RecordBatch, Schema, Struct, Type } from 'apache-arrow'
import { expectKnownKeys, expectObject } from '../../config/index.js'
import { createFieldData, InsertData } from '../../data/index.js'
import { isPackedError, PackedError } from '../../errors/index.js'
import {
  type CollectionSchema,
  DataType,
  dataTypeName,
  dimOf,
  expectCollectionSchema,
  FIELD_ID_KEY,
  type FieldSchema,
  isDenseVector,
  vectorWidthBytes,
} from '../../schema/index.js'
import { plainValues } from './arrow-value.js'
import { assignColumns, type ColumnMap, dynamicField, givenSchema } from './assign-columns.js'

/** Options of {@link mapToCollection}. */
export interface MapOptions {
  /** Columns that feed a field of another name; null leaves a column out. */
  map?: ColumnMap | undefined
}

/** What becomes of a column of an input. */
export interface MappedColumn {
  readonly column: string
  /** Its field; undefined for a column that is left out. */
  readonly field: string | undefined
  /**
   * `asIs`: the field takes the column in its form; `byValue`: each value is converted here;
   * `dynamic`: a key of the field.
   */
  readonly how: 'asIs' | 'byValue' | 'dynamic' | 'leftOut'
}

/** How the batches of an input become batches of a collection. */
export interface CollectionMapping {
  /** The collection as far as rows bring it: without a primary key that the worker makes. */
  readonly schema: CollectionSchema
  readonly columns: readonly MappedColumn[]
  /** Values are converted: costs time on the JS thread for each of them. */
  readonly convertsValues: boolean
  /**
   * The rows of a batch by the fields of the collection. Columns that are taken as they are, dense
   * vectors above all, share the memory of the batch.
   *
   * @throws PackedError TypeMismatch, InvalidData for values that their field cannot hold.
   */
  toBatch(batch: RecordBatch): RecordBatch
}

interface Source {
  readonly index: number
  readonly name: string
}

interface Fed {
  readonly field: FieldSchema
  /** One column, or several whose values become keys of the dynamic field. */
  readonly sources: readonly Source[]
  readonly how: 'asIs' | 'byValue' | 'dynamic'
}

/**
 * Find the columns of an input for the fields of a collection, by name or by `map`.
 *
 * Nullable fields and fields with a default value need no column; unknown columns go into the
 * dynamic field where the collection has one. Types must be those of `convertToArrowSchema` or
 * hold the same values (see `InsertData.appendBatch`); lists, structs and dictionaries of numbers
 * are converted value by value.
 *
 * @throws PackedError InvalidSchema for a column that is no field, a field without column, and a
 *   column of a type that the field cannot hold; InvalidArgument.
 */
export function mapToCollection(
  schema: CollectionSchema,
  input: Schema,
  options: MapOptions = {},
): CollectionMapping {
  const known = expectObject(options, 'the options of mapToCollection')
  expectKnownKeys(known, ['map'], 'mapToCollection')
  const collection = expectCollectionSchema(schema)
  const names = input.fields.map(({ name }) => name)
  const targets = assignColumns(collection, names, options.map)
  const dynamic = dynamicField(collection)
  const extra: Source[] = []
  const fed: Fed[] = []
  input.fields.forEach((column, index) => {
    const target = targets.get(column.name)
    const source = { index, name: column.name }
    if (target === 'dynamic') extra.push(source)
    else if (target !== undefined) {
      fed.push({ field: target, sources: [source], how: wayInto(target, column) })
    }
  })
  if (extra.length > 0) fed.push({ field: dynamic!, sources: extra, how: 'dynamic' })
  return {
    schema: givenSchema(collection),
    columns: names.map((column) => describe(column, fed)),
    convertsValues: fed.some(({ how }) => how !== 'asIs'),
    toBatch: (batch) => toBatch(batch, fed),
  }
}

/** The rows of `batch` in the form that a worker stores, checked value by value. */
export function checkedRows(mapping: CollectionMapping, batch: RecordBatch): InsertData {
  return InsertData.fromBatch(mapping.schema, mapping.toBatch(batch))
}

function describe(column: string, fed: readonly Fed[]): MappedColumn {
  const found = fed.find(({ sources }) => sources.some(({ name }) => name === column))
  return { column, field: found?.field.name, how: found?.how ?? 'leftOut' }
}

function toBatch(batch: RecordBatch, fed: readonly Fed[]): RecordBatch {
  const children = fed.map((column) => columnOf(batch, column))
  const fields = fed.map(({ field }, index) => {
    const metadata = new Map([[FIELD_ID_KEY, String(field.fieldId)]])
    return new Field(field.name, children[index]!.type, true, metadata)
  })
  const type = new Struct(fields)
  const data = makeData({ type, length: batch.numRows, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data)
}

function columnOf(batch: RecordBatch, { field, sources, how }: Fed): Data {
  const columns = sources.map(({ index }) => batch.data.children[index]!)
  if (how === 'asIs') return columns[0]!
  const values = columns.map(plainValues)
  const column = createFieldData(field)
  if (how === 'byValue') column.appendColumn(values[0]!)
  else {
    for (let row = 0; row < batch.numRows; row++) {
      column.append(Object.fromEntries(sources.map(({ name }, at) => [name, values[at]![row]])))
    }
  }
  return column.toArrow()
}

function wayInto(field: FieldSchema, column: Field): Fed['how'] {
  if (takesAsIs(field, column)) return 'asIs'
  if (takesByValue(field, column.type)) return 'byValue'
  const expected = dataTypeName(field.dataType) ?? String(field.dataType)
  throw new PackedError(
    'InvalidSchema',
    `Expected a column for field "${field.name}" of type ${expected} but received ` +
      `"${column.name}", which is ${column.type}`,
    { field: field.name },
  )
}

/** By trying: what a field takes is known where its values are stored. */
function takesAsIs(field: FieldSchema, column: Field): boolean {
  const empty = makeData({ type: column.type as never, length: 0, nullCount: 0 })
  try {
    createFieldData(field).appendColumn(empty)
    return true
  } catch (error) {
    if (isPackedError(error)) return false
    throw error
  }
}

const LISTS: readonly Type[] = [Type.List, Type.FixedSizeList]
const OBJECTS: readonly Type[] = [Type.Struct, Type.Map]
const FLOATS: readonly DataType[] = [DataType.Float, DataType.Double]
const NUMBERS: readonly Type[] = [Type.Int, Type.Float]

function takesByValue(field: FieldSchema, type: Field['type']): boolean {
  const { dataType } = field
  const typeId = type.typeId as Type
  if (typeId === Type.Dictionary) {
    const values = new Field(
      field.name,
      (type as { dictionary: Field['type'] } & typeof type).dictionary,
    )
    return takesAsIs(field, values) || takesByValue(field, values.type)
  }
  if (dataType === DataType.JSON)
    return [...LISTS, ...OBJECTS, ...NUMBERS, Type.Bool].includes(typeId)
  if (FLOATS.includes(dataType)) return NUMBERS.includes(typeId)
  if (isDenseVector(dataType) && typeId === Type.FixedSizeList) {
    return (type as { listSize: number } & typeof type).listSize === listSizeOf(field)
  }
  const takesLists = dataType === DataType.Array || isDenseVector(dataType)
  return takesLists && LISTS.includes(typeId)
}

/** Numbers of one vector: bits come in bytes. */
function listSizeOf(field: FieldSchema): number {
  return field.dataType === DataType.BinaryVector ? vectorWidthBytes(field) : dimOf(field)
}
