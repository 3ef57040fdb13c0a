import { type JsonObject, toJson } from '@bufbuild/protobuf'
import { parseExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, FunctionType } from './collection-schema.js'
import type {
  CollectionSchemaOptions,
  FieldInit,
  FunctionInit,
  StructArrayInit,
} from './collection-schema-init.js'
import { collectionMessage } from './collection-schema-proto.js'
import { createCollectionSchema } from './create-collection-schema.js'
import { DataType } from './data-type.js'
import {
  countFrom,
  defaultFrom,
  enumFrom,
  idFrom,
  idsFrom,
  listFrom,
  looseObject,
  paramsFrom,
  typeFrom,
} from './json-values.js'
import { CollectionSchemaSchema } from './proto/schema_pb.js'
import { idOrAbsent } from './stored-ids.js'
import { expectCollectionSchema } from './system-fields.js'

/** In the order of their numbers. */
const FIELD_STATES = ['FieldCreated', 'FieldCreating', 'FieldDropping', 'FieldDropped']

/**
 * A collection as the JSON of Milvus's message: `fieldID`, `is_primary_key`, `data_type` by name,
 * `type_params` as `[{ key, value }]`; 64-bit integers are text and what is false, empty or zero
 * is left out, as protobuf has it.
 *
 * @throws PackedError InvalidArgument.
 */
export function collectionSchemaToJson(schema: CollectionSchema): JsonObject {
  const message = collectionMessage(expectCollectionSchema(schema))
  return toJson(CollectionSchemaSchema, message, { useProtoFieldName: true }) as JsonObject
}

/**
 * A collection from JSON: text, or what was parsed from it.
 *
 * Read as written by protobuf in any language, by pymilvus's `to_dict` and by
 * {@link createCollectionSchema}'s users: keys in any spelling (`field_id`, `fieldID`,
 * `fieldId`), data types as numbers or names, ids as numbers, text or bigint, parameters as
 * pairs or objects. Keys that are unknown are passed over.
 *
 * @throws PackedError InvalidArgument for what is no such JSON, InvalidSchema for rules that the
 *   collection breaks.
 */
export function collectionSchemaFromJson(
  json: unknown,
  options: CollectionSchemaOptions = {},
): CollectionSchema {
  const get = looseObject(
    typeof json === 'string' ? parseText(json) : json,
    'the collection schema',
  )
  return createCollectionSchema(
    {
      name: get('name', 'collection_name') as string,
      description: get('description') as string | undefined,
      autoId: get('auto_id') as boolean | undefined,
      enableDynamicField: get('enable_dynamic_field') as boolean | undefined,
      fields: listFrom(get('fields'), 'fields').map(fieldFrom),
      structArrayFields: listFrom(
        get('struct_array_fields', 'struct_fields'),
        'struct_array_fields',
      ).map(structFrom),
      functions: listFrom(get('functions'), 'functions').map(functionFrom),
      properties: paramsFrom(get('properties'), 'properties'),
      dbName: get('db_name') as string | undefined,
      version: countFrom(get('version')),
      externalSource: get('external_source') as string | undefined,
      externalSpec: get('external_spec') as string | undefined,
      doPhysicalBackfill: get('do_physical_backfill') as boolean | undefined,
      fileResourceIds: idsFrom(get('file_resource_ids'), 'file_resource_ids'),
      enableNamespace: get('enable_namespace') as boolean | undefined,
    },
    options,
  )
}

function parseText(json: string): unknown {
  try {
    return parseExact(json)
  } catch (cause) {
    const message = 'Expected the JSON of a collection schema but received other text'
    throw new PackedError('InvalidArgument', message, { cause })
  }
}

function fieldFrom(json: unknown, index: number): FieldInit {
  const path = `fields[${index}]`
  const get = looseObject(json, path)
  const name = get('name', 'field_name') as string
  const dataType = typeFrom(get('data_type', 'type', 'dtype'))
  return {
    fieldId: idOrAbsent(idFrom(get('field_id', 'id'), `${path}.field_id`), name),
    name,
    description: get('description') as string | undefined,
    dataType: dataType ?? DataType.None,
    isPrimaryKey: get('is_primary_key', 'is_primary') as boolean | undefined,
    autoId: get('auto_id') as boolean | undefined,
    nullable: get('nullable') as boolean | undefined,
    elementType: typeFrom(get('element_type', 'element_data_type')),
    elementNullable: get('element_nullable') as boolean | undefined,
    isDynamic: get('is_dynamic') as boolean | undefined,
    isPartitionKey: get('is_partition_key') as boolean | undefined,
    isClusteringKey: get('is_clustering_key') as boolean | undefined,
    isFunctionOutput: get('is_function_output') as boolean | undefined,
    defaultValue: defaultFrom(dataType, get('default_value')),
    typeParams: paramsFrom(
      get('type_params', 'params', 'element_type_params'),
      `${path}.type_params`,
    ),
    indexParams: paramsFrom(get('index_params'), `${path}.index_params`),
    externalField: get('external_field') as string | undefined,
    state: enumFrom(get('state'), FIELD_STATES),
    dim: countFrom(get('dim')),
    maxLength: countFrom(get('max_length')),
    maxCapacity: countFrom(get('max_capacity')),
  }
}

function structFrom(json: unknown, index: number): StructArrayInit {
  const path = `struct_array_fields[${index}]`
  const get = looseObject(json, path)
  const name = get('name') as string
  return {
    fieldId: idOrAbsent(idFrom(get('field_id', 'id'), `${path}.field_id`), name),
    name,
    description: get('description') as string | undefined,
    fields: listFrom(get('fields'), `${path}.fields`).map(fieldFrom),
    typeParams: paramsFrom(get('type_params', 'params'), `${path}.type_params`),
    nullable: get('nullable') as boolean | undefined,
    maxCapacity: countFrom(get('max_capacity')),
  }
}

function functionFrom(json: unknown, index: number): FunctionInit {
  const path = `functions[${index}]`
  const get = looseObject(json, path)
  const given = idFrom(get('id'), `${path}.id`)
  return {
    name: get('name') as string,
    id: given === 0n ? undefined : given,
    description: get('description') as string | undefined,
    type: enumFrom<FunctionType>(get('type'), Object.keys(FunctionType)) ?? FunctionType.Unknown,
    inputFieldNames: get('input_field_names') as string[] | undefined,
    inputFieldIds: idsFrom(get('input_field_ids'), `${path}.input_field_ids`),
    outputFieldNames: get('output_field_names') as string[] | undefined,
    outputFieldIds: idsFrom(get('output_field_ids'), `${path}.output_field_ids`),
    params: paramsFrom(get('params'), `${path}.params`),
  }
}
