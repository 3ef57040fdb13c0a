import {
  type DataType as ArrowType,
  Binary,
  Bool,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Schema,
  Utf8,
} from 'apache-arrow'
import { expectOptions } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { CollectionSchema, FieldSchema } from './collection-schema.js'
import { DataType, dataTypeName, isDenseVector } from './data-type.js'
import { FIELD_ID_KEY, LARGEST_FIELD_ID } from './field-ids.js'
import { allFields } from './system-fields.js'
import { dimOf, vectorWidthBytes } from './type-params.js'

/** Arrow field metadata: numbers of a vector, where the Arrow type does not tell. */
export const DIM_KEY = 'dim'

/** Arrow field metadata: number of the data type of the vectors in an ArrayOfVector. */
export const ELEMENT_TYPE_KEY = 'elementType'

/** Options of {@link convertToArrowSchema}. */
export interface ArrowSchemaOptions {
  /**
   * Which Arrow fields are nullable: those that the schema declares (`'schema'`, the default and
   * what Milvus does), or all but the primary key.
   */
  nullability?: 'schema' | 'notPrimaryKey' | undefined
}

const SCALARS: ReadonlyMap<DataType, () => ArrowType> = new Map<DataType, () => ArrowType>([
  [DataType.Bool, () => new Bool()],
  [DataType.Int8, () => new Int8()],
  [DataType.Int16, () => new Int16()],
  [DataType.Int32, () => new Int32()],
  [DataType.Int64, () => new Int64()],
  [DataType.Timestamptz, () => new Int64()],
  [DataType.Float, () => new Float32()],
  [DataType.Double, () => new Float64()],
  [DataType.String, () => new Utf8()],
  [DataType.VarChar, () => new Utf8()],
  [DataType.Text, () => new Utf8()],
  [DataType.Array, () => new Binary()],
  [DataType.JSON, () => new Binary()],
  [DataType.Geometry, () => new Binary()],
  [DataType.SparseFloatVector, () => new Binary()],
])

/**
 * The Arrow schema in which a collection is stored: its fields in order, then the sub-fields of
 * its struct arrays, each with its id as `PARQUET:field_id`.
 *
 * The system fields are there when the schema has them (`withSystemFields`). Default values have
 * no place in an Arrow schema; see `arrowDefaults`.
 *
 * @param useFieldId name columns by their decimal field ids (StorageV3) instead of their names.
 * @throws PackedError UnsupportedType for a type that has no column (Mol, Date, Time, Decimal,
 *   UUID, structs), InvalidSchema for an id that does not fit 31 bits.
 */
export function convertToArrowSchema(
  schema: CollectionSchema,
  useFieldId = false,
  options: ArrowSchemaOptions = {},
): Schema {
  const { nullability = 'schema' } = expectOptions(options, ['nullability'], 'convertToArrowSchema')
  const fields = allFields(schema).map((field) => {
    const nullable = nullability === 'schema' ? field.nullable : !field.isPrimaryKey
    return new Field(
      arrowNameOf(field, useFieldId),
      arrowTypeOf(field),
      nullable,
      metadataOf(field),
    )
  })
  return new Schema(fields)
}

/** The column name of a field: the external name, its decimal id, or its own name. */
export function arrowNameOf(field: FieldSchema, useFieldId = false): string {
  return field.externalField || (useFieldId ? String(field.fieldId) : field.name)
}

/**
 * The Arrow type of a field. A nullable dense vector is Binary: the rows of a FixedSizeBinary
 * column would take their width even where they are null.
 *
 * @throws PackedError UnsupportedType for a type that has no column.
 */
export function arrowTypeOf(field: FieldSchema): ArrowType {
  const { name, dataType, nullable, elementNullable } = field
  const scalar = SCALARS.get(dataType)
  if (scalar !== undefined) return scalar()
  if (isDenseVector(dataType)) {
    const width = vectorWidthBytes(field)
    return nullable ? new Binary() : new FixedSizeBinary(width)
  }
  if (dataType === DataType.ArrayOfVector) {
    const width = vectorWidthBytes(field)
    const element = elementNullable ? new Binary() : new FixedSizeBinary(width)
    return new List(new Field('item', element, true))
  }
  throw new PackedError(
    'UnsupportedType',
    `Expected a data type that is stored as a column for field "${name}" but received ` +
      `${dataTypeName(dataType) ?? dataType}`,
    { field: name },
  )
}

function metadataOf(field: FieldSchema): Map<string, string> {
  const { fieldId, name, dataType, elementType, nullable } = field
  if (fieldId > LARGEST_FIELD_ID) {
    throw new PackedError(
      'InvalidSchema',
      `Expected an id of 31 bits for field "${name}" but received ${fieldId}`,
      { field: name },
    )
  }
  const metadata = new Map([[FIELD_ID_KEY, String(fieldId)]])
  if (dataType === DataType.ArrayOfVector) metadata.set(ELEMENT_TYPE_KEY, String(elementType))
  if (dataType === DataType.ArrayOfVector || (isDenseVector(dataType) && nullable)) {
    metadata.set(DIM_KEY, String(dimOf(field)))
  }
  return metadata
}

/**
 * Default values by column name, as the `defaults` of a PackedReader and Arrow's builders take
 * them: what rows of files hold that were written before a field was added.
 *
 * @throws PackedError NotSupported for a Geometry whose default is text: columns hold WKB.
 */
export function arrowDefaults(
  schema: CollectionSchema,
  useFieldId = false,
): Record<string, boolean | number | bigint | string | Uint8Array> {
  const entries = allFields(schema).flatMap((field) => {
    const { name, dataType, defaultValue } = field
    if (defaultValue === undefined) return []
    if (dataType === DataType.Geometry && typeof defaultValue === 'string') {
      const message = `Expected a default value in WKB for field "${name}" but received text`
      throw new PackedError('NotSupported', message, { field: name })
    }
    return [[arrowNameOf(field, useFieldId), defaultValue] as const]
  })
  return Object.fromEntries(entries)
}
