import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { PackedError } from '../errors/index.js'
import type { CollectionSchema, DefaultValue, FieldSchema } from './collection-schema.js'
import type { CollectionSchemaOptions, FieldInit } from './collection-schema-init.js'
import { createCollectionSchema } from './create-collection-schema.js'
import { DataType } from './data-type.js'
import type { KeyValuePair } from './proto/common_pb.js'
import {
  type CollectionSchema as CollectionMessage,
  CollectionSchemaSchema,
  type FieldSchema as FieldMessage,
  type FieldSchemaSchema,
  type ValueField,
  type ValueFieldSchema,
} from './proto/schema_pb.js'
import { idOrAbsent } from './stored-ids.js'
import { expectCollectionSchema } from './system-fields.js'

type ValueInit = MessageInitShape<typeof ValueFieldSchema>

/**
 * A collection from the bytes of a `schemapb.CollectionSchema`.
 *
 * Fields without id (as a client sends them) get theirs as in {@link createCollectionSchema}.
 *
 * @throws PackedError InvalidSchema for bytes that are no such message and for rules that the
 *   collection breaks.
 */
export function collectionSchemaFromProto(
  bytes: Uint8Array,
  options: CollectionSchemaOptions = {},
): CollectionSchema {
  const message = parse(bytes)
  return createCollectionSchema(
    {
      name: message.name,
      description: message.description,
      autoId: message.autoID,
      enableDynamicField: message.enableDynamicField,
      fields: message.fields.map(fieldInit),
      structArrayFields: message.structArrayFields.map((struct) => ({
        fieldId: idOrAbsent(struct.fieldID, struct.name),
        name: struct.name,
        description: struct.description,
        fields: struct.fields.map(fieldInit),
        typeParams: paramsFrom(struct.typeParams, struct.name),
        nullable: struct.nullable,
      })),
      functions: message.functions.map((given) => ({
        name: given.name,
        id: given.id === 0n ? undefined : given.id,
        description: given.description,
        type: given.type,
        inputFieldNames: given.inputFieldNames,
        inputFieldIds: given.inputFieldIds,
        outputFieldNames: given.outputFieldNames,
        outputFieldIds: given.outputFieldIds,
        params: paramsFrom(given.params, given.name),
      })),
      properties: paramsFrom(message.properties, message.name),
      dbName: message.dbName,
      version: message.version,
      externalSource: message.externalSource,
      externalSpec: message.externalSpec,
      doPhysicalBackfill: message.doPhysicalBackfill,
      fileResourceIds: message.fileResourceIds,
      enableNamespace: message.enableNamespace,
    },
    options,
  )
}

/**
 * The bytes of a collection as a `schemapb.CollectionSchema`.
 *
 * @throws PackedError InvalidArgument.
 */
export function collectionSchemaToProto(schema: CollectionSchema): Uint8Array {
  return toBinary(CollectionSchemaSchema, collectionMessage(expectCollectionSchema(schema)))
}

/** A collection as the message that its bytes and its JSON are made of. */
export function collectionMessage(schema: CollectionSchema): CollectionMessage {
  return create(CollectionSchemaSchema, {
    name: schema.name,
    description: schema.description,
    autoID: schema.autoId,
    fields: schema.fields.map(fieldMessage),
    enableDynamicField: schema.enableDynamicField,
    properties: pairs(schema.properties),
    functions: schema.functions.map((given) => ({
      name: given.name,
      id: given.id,
      description: given.description,
      type: given.type,
      inputFieldNames: [...given.inputFieldNames],
      inputFieldIds: [...given.inputFieldIds],
      outputFieldNames: [...given.outputFieldNames],
      outputFieldIds: [...given.outputFieldIds],
      params: pairs(given.params),
    })),
    dbName: schema.dbName,
    structArrayFields: schema.structArrayFields.map((struct) => ({
      fieldID: struct.fieldId,
      name: struct.name,
      description: struct.description,
      fields: struct.fields.map(fieldMessage),
      typeParams: pairs(struct.typeParams),
      nullable: struct.nullable,
    })),
    version: schema.version,
    externalSource: schema.externalSource,
    externalSpec: schema.externalSpec,
    doPhysicalBackfill: schema.doPhysicalBackfill,
    fileResourceIds: [...schema.fileResourceIds],
    enableNamespace: schema.enableNamespace,
  })
}

function parse(bytes: Uint8Array): CollectionMessage {
  try {
    return fromBinary(CollectionSchemaSchema, bytes)
  } catch (cause) {
    const message = 'Expected the bytes of a CollectionSchema message but received others'
    throw new PackedError('InvalidSchema', message, { cause })
  }
}

function fieldInit(field: FieldMessage): FieldInit {
  return {
    fieldId: idOrAbsent(field.fieldID, field.name),
    name: field.name,
    description: field.description,
    // Numbers that this version does not know are refused where the field is completed.
    dataType: field.dataType as DataType,
    isPrimaryKey: field.isPrimaryKey,
    autoId: field.autoID,
    nullable: field.nullable,
    elementType: field.elementType as DataType,
    elementNullable: field.elementNullable,
    isDynamic: field.isDynamic,
    isPartitionKey: field.isPartitionKey,
    isClusteringKey: field.isClusteringKey,
    isFunctionOutput: field.isFunctionOutput,
    defaultValue: defaultFrom(field.defaultValue),
    typeParams: paramsFrom(field.typeParams, field.name),
    indexParams: paramsFrom(field.indexParams, field.name),
    externalField: field.externalField,
    state: field.state,
  }
}

function fieldMessage(field: FieldSchema): MessageInitShape<typeof FieldSchemaSchema> {
  const { defaultValue } = field
  return {
    fieldID: field.fieldId,
    name: field.name,
    isPrimaryKey: field.isPrimaryKey,
    description: field.description,
    dataType: field.dataType,
    typeParams: pairs(field.typeParams),
    indexParams: pairs(field.indexParams),
    autoID: field.autoId,
    state: field.state,
    elementType: field.elementType,
    ...(defaultValue === undefined
      ? {}
      : { defaultValue: valueMessage(field.dataType, defaultValue) }),
    isDynamic: field.isDynamic,
    isPartitionKey: field.isPartitionKey,
    isClusteringKey: field.isClusteringKey,
    nullable: field.nullable,
    isFunctionOutput: field.isFunctionOutput,
    externalField: field.externalField,
    elementNullable: field.elementNullable,
  }
}

function defaultFrom(value: ValueField | undefined): DefaultValue | undefined {
  return value?.data.case === undefined ? undefined : value.data.value
}

/** The value where Milvus looks for it: the member of the oneof goes by the field's type. */
function valueMessage(type: DataType, value: DefaultValue): ValueInit {
  if (typeof value === 'boolean') return { data: { case: 'boolData', value } }
  if (typeof value === 'string') return { data: { case: 'stringData', value } }
  if (typeof value === 'bigint') {
    return { data: { case: type === DataType.Timestamptz ? 'timestamptzData' : 'longData', value } }
  }
  if (typeof value !== 'number') return { data: { case: 'bytesData', value: bytesOf(value) } }
  if (type === DataType.Float) return { data: { case: 'floatData', value } }
  return { data: { case: type === DataType.Double ? 'doubleData' : 'intData', value } }
}

/** Over an ArrayBuffer of its own, which is what messages ask for. */
function bytesOf(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(value)
}

function pairs(params: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(params).map(([key, value]) => ({ key, value }))
}

function paramsFrom(given: readonly KeyValuePair[], owner: string): Record<string, string> {
  const params = new Map<string, string>()
  for (const { key, value } of given) {
    if (params.has(key)) {
      const message = `Expected unique parameters for "${owner}" but received "${key}" twice`
      throw new PackedError('InvalidSchema', message, { field: owner })
    }
    params.set(key, value)
  }
  return Object.fromEntries(params)
}
