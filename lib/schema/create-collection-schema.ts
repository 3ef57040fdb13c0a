import {
  expectBoolean,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOptions,
  expectText,
  unexpected,
} from '../config/index.js'
import { checkCollectionSchema } from './check-collection-schema.js'
import type {
  CollectionSchema,
  FieldSchema,
  FieldState,
  StructArrayField,
} from './collection-schema.js'
import type {
  CollectionSchemaInit,
  CollectionSchemaOptions,
  FieldInit,
  StructArrayInit,
} from './collection-schema-init.js'
import { completeFunctions } from './complete-functions.js'
import { DataType, dataTypeOf } from './data-type.js'
import { defaultValueOf } from './default-value.js'
import { FIRST_USER_FIELD_ID } from './field-ids.js'
import { schemaError } from './schema-error.js'
import { paramsOf } from './type-params.js'

const COLLECTION_KEYS = [
  ...['name', 'description', 'autoId', 'enableDynamicField', 'fields', 'structArrayFields'],
  ...['functions', 'properties', 'dbName', 'version', 'externalSource', 'externalSpec'],
  ...['doPhysicalBackfill', 'fileResourceIds', 'enableNamespace'],
]
const FIELD_KEYS = [
  ...['fieldId', 'name', 'description', 'dataType', 'isPrimaryKey', 'autoId', 'nullable'],
  ...['elementType', 'elementNullable', 'isDynamic', 'isPartitionKey', 'isClusteringKey'],
  ...['isFunctionOutput', 'defaultValue', 'typeParams', 'indexParams', 'externalField', 'state'],
  ...['dim', 'maxLength', 'maxCapacity'],
]
const STRUCT_KEYS = [
  ...['fieldId', 'name', 'description', 'fields', 'typeParams', 'nullable', 'maxCapacity'],
]

/** Options that are type parameters by another name. */
const SHORTHANDS = [
  ['dim', 'dim'],
  ['maxLength', 'max_length'],
  ['maxCapacity', 'max_capacity'],
] as const

/** Gives ids to fields that come without one: the next free from 100 on. */
type IdSource = (given: unknown, name: string) => bigint

/**
 * A complete, checked and frozen collection schema.
 *
 * Fields without `fieldId` get 100, 101, … in the order in which Milvus gives them: fields, then
 * every struct array followed by its sub-fields. The system fields may be left out; see
 * `withSystemFields`. A dynamic field (`$meta`) is declared like any other field.
 *
 * @throws PackedError InvalidSchema with the name of the field and the rule it breaks,
 *   InvalidArgument for what is no schema at all (a misspelled option, a name that is no text).
 *
 * @example
 * const schema = createCollectionSchema({
 *   name: 'articles',
 *   fields: [
 *     { name: 'id', dataType: 'Int64', isPrimaryKey: true },
 *     { name: 'title', dataType: 'VarChar', maxLength: 512, nullable: true },
 *     { name: 'embedding', dataType: 'FloatVector', dim: 768 },
 *   ],
 * })
 */
export function createCollectionSchema(
  init: CollectionSchemaInit,
  options: CollectionSchemaOptions = {},
): CollectionSchema {
  const given = expectObject(init, 'the collection schema')
  expectKnownKeys(given, COLLECTION_KEYS, 'the collection schema')
  expectOptions(options, ['requirePrimaryKey'], 'createCollectionSchema')
  const fieldInits = listOf<FieldInit>(given.fields, 'fields')
  const structInits = listOf<StructArrayInit>(given.structArrayFields ?? [], 'structArrayFields')
  const nextId = idSource(fieldInits, structInits)
  const fields = fieldInits.map((field, index) => completeField(field, `fields[${index}]`, nextId))
  const structArrayFields = structInits.map((struct, index) =>
    completeStruct(struct, `structArrayFields[${index}]`, nextId),
  )
  const all = [...fields, ...structArrayFields.flatMap((struct) => struct.fields)]
  const schema = Object.freeze({
    name: textOf(given.name, 'name'),
    description: textOf(given.description, 'description'),
    autoId: expectBoolean(given.autoId, 'autoId', false),
    enableDynamicField: expectBoolean(given.enableDynamicField, 'enableDynamicField', false),
    fields: Object.freeze(fields),
    structArrayFields: Object.freeze(structArrayFields),
    functions: completeFunctions(listOf(given.functions ?? [], 'functions'), all),
    properties: paramsOf(given.properties, 'properties'),
    dbName: textOf(given.dbName, 'dbName'),
    version: expectInteger(given.version, 'version', { fallback: 0, max: 2 ** 31 - 1 }),
    externalSource: textOf(given.externalSource, 'externalSource'),
    externalSpec: textOf(given.externalSpec, 'externalSpec'),
    doPhysicalBackfill: expectBoolean(given.doPhysicalBackfill, 'doPhysicalBackfill', false),
    fileResourceIds: Object.freeze(
      listOf(given.fileResourceIds ?? [], 'fileResourceIds').map((id, index) =>
        expectId(id, `fileResourceIds[${index}]`),
      ),
    ),
    enableNamespace: expectBoolean(given.enableNamespace, 'enableNamespace', false),
  })
  checkCollectionSchema(schema, options.requirePrimaryKey ?? true)
  return schema
}

function completeStruct(init: StructArrayInit, name: string, nextId: IdSource): StructArrayField {
  const given = expectObject(init, name)
  expectKnownKeys(given, STRUCT_KEYS, name)
  // The array has its id before its sub-fields have theirs.
  const fieldId = nextId(given.fieldId, `${name}.fieldId`)
  const fields = listOf<FieldInit>(given.fields, `${name}.fields`).map((field, index) =>
    completeField(field, `${name}.fields[${index}]`, nextId),
  )
  return Object.freeze({
    fieldId,
    name: expectText(given.name, `${name}.name`),
    description: textOf(given.description, `${name}.description`),
    fields: Object.freeze(fields),
    typeParams: typeParamsOf(given, name),
    nullable: expectBoolean(given.nullable, `${name}.nullable`, false),
  })
}

function completeField(init: FieldInit, path: string, nextId: IdSource): FieldSchema {
  const given = expectObject(init, path)
  expectKnownKeys(given, FIELD_KEYS, path)
  const name = expectText(given.name, `${path}.name`)
  const flag = (key: keyof FieldInit) => expectBoolean(given[key], `${path}.${key}`, false)
  const dataType = typeOf(given.dataType, name, 'a data type of Milvus')
  const { elementType, defaultValue } = init
  return Object.freeze({
    fieldId: nextId(given.fieldId, `${path}.fieldId`),
    name,
    description: textOf(given.description, `${path}.description`),
    dataType,
    isPrimaryKey: flag('isPrimaryKey'),
    autoId: flag('autoId'),
    nullable: flag('nullable'),
    elementType:
      elementType === undefined
        ? DataType.None
        : typeOf(elementType, name, 'an element type of Milvus'),
    elementNullable: flag('elementNullable'),
    isDynamic: flag('isDynamic'),
    isPartitionKey: flag('isPartitionKey'),
    isClusteringKey: flag('isClusteringKey'),
    isFunctionOutput: flag('isFunctionOutput'),
    defaultValue:
      defaultValue === undefined || defaultValue === null
        ? undefined
        : defaultValueOf(name, dataType, defaultValue),
    typeParams: typeParamsOf(given, path),
    indexParams: paramsOf(given.indexParams, `${path}.indexParams`),
    externalField: textOf(given.externalField, `${path}.externalField`),
    state: expectInteger(given.state, `${path}.state`, { fallback: 0, max: 3 }) as FieldState,
  })
}

function typeOf(value: unknown, field: string, expected: string): DataType {
  const type = dataTypeOf(value)
  if (type === undefined) throw schemaError(expected, field, value)
  return type
}

function typeParamsOf(
  given: Record<string, unknown>,
  name: string,
): Readonly<Record<string, string>> {
  const params = { ...paramsOf(given.typeParams, `${name}.typeParams`) }
  for (const [option, param] of SHORTHANDS) {
    if (given[option] === undefined) continue
    const text = String(expectInteger(given[option], `${name}.${option}`))
    if (params[param] !== undefined && params[param] !== text) {
      throw unexpected(`the ${param} of typeParams, ${params[param]},`, `${name}.${option}`, text)
    }
    params[param] = text
  }
  return Object.freeze(params)
}

function idSource(fields: readonly FieldInit[], structs: readonly StructArrayInit[]): IdSource {
  const inits = [...fields, ...structs, ...structs.flatMap((struct) => struct?.fields ?? [])]
  const taken = new Set(inits.map((init) => Number(init?.fieldId ?? -1)))
  let next = FIRST_USER_FIELD_ID
  return (given, name) => {
    if (given !== undefined) return expectId(given, name)
    while (taken.has(Number(next))) next++
    return next++
  }
}

function listOf<T>(value: unknown, name: string): readonly T[] {
  if (Array.isArray(value)) return value
  throw unexpected('an array', name, value)
}

function textOf(value: unknown, name: string): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  throw unexpected('a string', name, value)
}
