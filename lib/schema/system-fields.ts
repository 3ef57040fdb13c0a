import { unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type CollectionSchema,
  type FieldSchema,
  FieldState,
  ROW_ID_FIELD,
  TIMESTAMP_FIELD,
} from './collection-schema.js'
import { DataType } from './data-type.js'

/** Names of the system fields by their ids. */
export const SYSTEM_FIELD_NAMES: ReadonlyMap<bigint, string> = new Map([
  [ROW_ID_FIELD, 'RowID'],
  [TIMESTAMP_FIELD, 'Timestamp'],
])

/**
 * What is given for a collection schema, by its shape: copies of the library do not share classes.
 *
 * @throws PackedError InvalidArgument.
 */
export function expectCollectionSchema(value: unknown): CollectionSchema {
  const schema = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >
  if (Array.isArray(schema.fields) && Array.isArray(schema.structArrayFields)) {
    return value as CollectionSchema
  }
  throw unexpected('a collection schema (createCollectionSchema makes one)', 'schema', value)
}

/**
 * The schema as it is stored: with RowID (0) and Timestamp (1) in front where they are missing.
 *
 * @throws PackedError InvalidArgument.
 */
export function withSystemFields(schema: CollectionSchema): CollectionSchema {
  const present = new Set(expectCollectionSchema(schema).fields.map(({ fieldId }) => fieldId))
  const missing = [...SYSTEM_FIELD_NAMES].filter(([id]) => !present.has(id))
  if (missing.length === 0) return schema
  const system = missing.map(([id, name]) => systemField(id, name))
  return Object.freeze({ ...schema, fields: Object.freeze([...system, ...schema.fields]) })
}

function systemField(fieldId: bigint, name: string): FieldSchema {
  return Object.freeze({
    fieldId,
    name,
    description: '',
    dataType: DataType.Int64,
    isPrimaryKey: false,
    autoId: false,
    nullable: false,
    elementType: DataType.None,
    elementNullable: false,
    isDynamic: false,
    isPartitionKey: false,
    isClusteringKey: false,
    isFunctionOutput: false,
    defaultValue: undefined,
    typeParams: Object.freeze({}),
    indexParams: Object.freeze({}),
    externalField: '',
    state: FieldState.Created,
  })
}

/**
 * Every field that is a column: the fields in order, then the sub-fields of struct arrays.
 *
 * @throws PackedError InvalidArgument.
 */
export function allFields(schema: CollectionSchema): FieldSchema[] {
  expectCollectionSchema(schema)
  return [...schema.fields, ...schema.structArrayFields.flatMap(({ fields }) => fields)]
}

/**
 * The primary key.
 *
 * @throws PackedError InvalidSchema when the collection has none.
 */
export function primaryKeyField(schema: CollectionSchema): FieldSchema {
  const field = expectCollectionSchema(schema).fields.find(({ isPrimaryKey }) => isPrimaryKey)
  if (field !== undefined) return field
  throw new PackedError(
    'InvalidSchema',
    `Expected a primary key for collection "${schema.name}" but received none`,
  )
}
