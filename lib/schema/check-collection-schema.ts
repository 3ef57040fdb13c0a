import { PackedError } from '../errors/index.js'
import type { CollectionSchema, FieldSchema, StructArrayField } from './collection-schema.js'
import { DataType, dataTypeName, isArrayElement, isDenseVector } from './data-type.js'
import { schemaError } from './schema-error.js'
import { allFields, primaryKeyField, SYSTEM_FIELD_NAMES } from './system-fields.js'
import { checkCounts, dimOf } from './type-params.js'

/**
 * Hold a complete schema against the rules of a collection.
 *
 * @throws PackedError InvalidSchema with the name of the field and the rule.
 */
export function checkCollectionSchema(schema: CollectionSchema, requirePrimaryKey: boolean): void {
  const owners = [...allFields(schema), ...schema.structArrayFields]
  refuseRepeats(owners, ({ name }) => name, 'names')
  refuseRepeats(owners, ({ fieldId }) => fieldId, 'ids')
  for (const field of allFields(schema)) checkField(field)
  for (const struct of schema.structArrayFields) checkStruct(struct)
  refuseSecond(schema.fields, 'primary key', ({ isPrimaryKey }) => isPrimaryKey)
  refuseSecond(schema.fields, 'partition key', ({ isPartitionKey }) => isPartitionKey)
  refuseSecond(schema.fields, 'clustering key', ({ isClusteringKey }) => isClusteringKey)
  refuseSecond(schema.fields, 'dynamic field', ({ isDynamic }) => isDynamic)
  if (requirePrimaryKey) primaryKeyField(schema)
}

function checkField(field: FieldSchema): void {
  const { name, dataType, elementType, typeParams } = field
  checkReserved(field)
  if (field.isPrimaryKey) checkPrimaryKey(field)
  if (field.isPartitionKey) expectKeyType(field, 'a partition key of type Int64 or VarChar')
  if (field.isDynamic && dataType !== DataType.JSON) {
    throw schemaError('a dynamic field of type JSON', name, dataTypeName(dataType))
  }
  if (dataType === DataType.None) throw schemaError('a data type', name, 'None')
  checkElementType(field)
  if (isDenseVector(dataType) || dataType === DataType.ArrayOfVector) dimOf(field)
  else if (typeParams.dim !== undefined) {
    throw schemaError(`no dim (${dataTypeName(dataType)} has none)`, name, typeParams.dim)
  }
  checkCounts(name, typeParams, ['max_length', 'max_capacity'])
  if (field.elementNullable && elementType === DataType.None) {
    throw schemaError('elementNullable on arrays only', name, dataTypeName(dataType))
  }
}

function checkReserved({ fieldId, name, dataType, nullable }: FieldSchema): void {
  const reserved = SYSTEM_FIELD_NAMES.get(fieldId)
  if (reserved === undefined) {
    if (![...SYSTEM_FIELD_NAMES.values()].includes(name)) return
    throw schemaError('a name that no system field has', name, name)
  }
  if (name !== reserved || dataType !== DataType.Int64 || nullable) {
    const expected = `id ${fieldId} only for the system field ${reserved} (Int64, not nullable)`
    throw schemaError(expected, name, `${dataTypeName(dataType)}`)
  }
}

function checkPrimaryKey(field: FieldSchema): void {
  expectKeyType(field, 'a primary key of type Int64 or VarChar')
  if (field.nullable) throw schemaError('a primary key that is not nullable', field.name, true)
  if (field.defaultValue === undefined) return
  throw schemaError('a primary key without a default value', field.name, field.defaultValue)
}

function expectKeyType({ name, dataType }: FieldSchema, expected: string): void {
  if (dataType === DataType.Int64 || dataType === DataType.VarChar) return
  throw schemaError(expected, name, dataTypeName(dataType))
}

function checkElementType({ name, dataType, elementType }: FieldSchema): void {
  const element = elementType === DataType.None ? 'none' : dataTypeName(elementType)
  if (dataType === DataType.Array) {
    if (!isArrayElement(elementType)) throw schemaError('a scalar element type', name, element)
  } else if (dataType === DataType.ArrayOfVector) {
    if (!isDenseVector(elementType)) throw schemaError('a dense vector element type', name, element)
  } else if (elementType !== DataType.None) {
    throw schemaError(`no element type (${dataTypeName(dataType)} has none)`, name, element)
  }
}

function checkStruct(struct: StructArrayField): void {
  if (struct.fields.length === 0) throw schemaError('sub-fields', struct.name, 'none')
  checkCounts(struct.name, struct.typeParams, ['max_capacity'])
  for (const { name, dataType, isPrimaryKey, isPartitionKey, isDynamic } of struct.fields) {
    if (dataType !== DataType.Array && dataType !== DataType.ArrayOfVector) {
      const expected = `Array or ArrayOfVector as sub-field of struct array "${struct.name}"`
      throw schemaError(expected, name, dataTypeName(dataType))
    }
    if (isPrimaryKey || isPartitionKey || isDynamic) {
      throw schemaError(`no key as sub-field of struct array "${struct.name}"`, name, true)
    }
  }
}

function refuseRepeats<T extends { name: string }>(
  owners: readonly T[],
  keyOf: (owner: T) => string | bigint,
  what: 'names' | 'ids',
): void {
  const seen = new Map<string | bigint, string>()
  for (const owner of owners) {
    const key = keyOf(owner)
    const before = seen.get(key)
    if (before !== undefined) {
      const received =
        what === 'names' ? `"${key}" twice` : `${key} for "${before}" and "${owner.name}"`
      throw new PackedError(
        'InvalidSchema',
        `Expected unique field ${what} but received ${received}`,
        { field: owner.name },
      )
    }
    seen.set(key, owner.name)
  }
}

function refuseSecond(
  fields: readonly FieldSchema[],
  what: string,
  is: (field: FieldSchema) => boolean,
): void {
  const [first, second] = fields.filter(is)
  if (first === undefined || second === undefined) return
  throw new PackedError(
    'InvalidSchema',
    `Expected one ${what} but received "${first.name}" and "${second.name}"`,
    { field: second.name },
  )
}
