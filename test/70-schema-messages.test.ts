import { fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type CollectionSchema,
  collectionSchemaFromJson,
  collectionSchemaFromProto,
  collectionSchemaToJson,
  collectionSchemaToProto,
  createCollectionSchema,
  withSystemFields,
} from '../lib/schema/index.js'
import { CollectionSchemaSchema } from '../lib/schema/proto/schema_pb.js'

/** Everything that a collection can say, system fields included. */
const FULL: CollectionSchema = withSystemFields(
  createCollectionSchema({
    name: 'Größe 🎈',
    description: 'd',
    autoId: true,
    enableDynamicField: true,
    dbName: 'db',
    version: 7,
    externalSource: 's3://b/x',
    externalSpec: '{}',
    doPhysicalBackfill: true,
    fileResourceIds: [9007199254740993n],
    enableNamespace: true,
    properties: { 'collection.ttl.seconds': 60 },
    fields: [
      { name: 'id', dataType: 'VarChar', maxLength: 64, isPrimaryKey: true, autoId: true },
      { name: 'part', dataType: 'Int64', isPartitionKey: true, defaultValue: 9007199254740993n },
      { name: 'b', dataType: 'Bool', defaultValue: false, isClusteringKey: true },
      { name: 'i8', dataType: 'Int8', defaultValue: -1, description: 'small' },
      { name: 'f', dataType: 'Float', defaultValue: 0.1, nullable: true },
      { name: 'd', dataType: 'Double', defaultValue: Number.POSITIVE_INFINITY },
      { name: 't', dataType: 'Text', defaultValue: '', externalField: 'theirs' },
      { name: 'j', dataType: 'JSON', defaultValue: '{"a":1}' },
      { name: 'ts', dataType: 'Timestamptz', defaultValue: 1_700_000_000_000_000n },
      { name: '$meta', dataType: 'JSON', isDynamic: true, nullable: true, state: 1 },
      {
        name: 'arr',
        dataType: 'Array',
        elementType: 'Int16',
        elementNullable: true,
        maxCapacity: 4,
      },
      { name: 'v', dataType: 'FloatVector', dim: 8, indexParams: { metric_type: 'L2' } },
      { name: 'sparse', dataType: 'SparseFloatVector', isFunctionOutput: true },
      { name: 'far', dataType: 'Bool', fieldId: 9007199254740995n },
    ],
    structArrayFields: [
      {
        name: 'clips',
        description: 'of a film',
        nullable: true,
        maxCapacity: 10,
        fields: [
          { name: 'at', dataType: 'Array', elementType: 'Double' },
          { name: 'image', dataType: 'ArrayOfVector', elementType: 'Int8Vector', dim: 4 },
        ],
      },
    ],
    functions: [
      {
        name: 'bm25',
        description: 'words',
        type: 'BM25',
        inputFieldNames: ['t'],
        outputFieldNames: ['sparse'],
        params: { k1: 1.2 },
      },
    ],
  }),
)

describe('a collection as bytes', () => {
  test('keeps everything', () => {
    expect(collectionSchemaFromProto(collectionSchemaToProto(FULL))).toEqual(FULL)
  })

  test('has the numbers of the table', () => {
    const schema = createCollectionSchema({
      name: 'c',
      fields: [{ name: 'id', dataType: 'Int64', isPrimaryKey: true }],
    })
    // name = 1, fields = 4 { fieldID = 1, name = 2, is_primary_key = 3, data_type = 5 }
    const expected = '0a0163' + '220a' + '0864' + '12026964' + '1801' + '2805'
    expect(Buffer.from(collectionSchemaToProto(schema)).toString('hex')).toBe(expected)
  })

  test('fields that nobody has numbered yet get their ids', () => {
    const unnumbered = fromBinary(CollectionSchemaSchema, collectionSchemaToProto(FULL))
    for (const field of unnumbered.fields) field.fieldID = 0n
    for (const { fields } of unnumbered.structArrayFields) fields[0]!.fieldID = 0n
    unnumbered.functions[0]!.inputFieldIds = []
    unnumbered.functions[0]!.outputFieldIds = []
    const ids = unnumbered.fields.map(({ name }) => name)
    const read = collectionSchemaFromProto(
      toBinary(CollectionSchemaSchema, {
        ...unnumbered,
        fields: unnumbered.fields.filter(({ name }) => name !== 'Timestamp'),
      }),
    )
    expect(ids[0]).toBe('RowID')
    expect(read.fields.map(({ fieldId }) => fieldId).slice(0, 4)).toEqual([0n, 100n, 101n, 102n])
  })

  test('a message keeps the fields of newer versions', () => {
    // 99 of the collection; 18 (type_schema) of a field.
    const newer = Buffer.from('0a01632206' + '0864' + '920101ff' + '9a0603010203', 'hex')
    const message = fromBinary(CollectionSchemaSchema, newer)
    expect(Buffer.from(toBinary(CollectionSchemaSchema, message)).equals(newer)).toBe(true)
  })

  test.each([
    ['no message', 'ffff', 'Expected the bytes of a CollectionSchema message'],
    [
      'an unknown data type',
      '0a0163220a0864120178180128a00f',
      'a data type of Milvus for field "x"',
    ],
    [
      'a parameter twice',
      '0a0163' + '2215' + '0864120178' + '32060a0161120162' + '32060a0161120163',
      '"a" twice',
    ],
  ])('%s is refused', (_, hex, message) => {
    expect(() => collectionSchemaFromProto(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({
        code: 'InvalidSchema',
        message: expect.stringContaining(message),
      }),
    )
  })
})

describe('a collection as JSON', () => {
  test('keeps everything, through text', () => {
    const text = JSON.stringify(collectionSchemaToJson(FULL))
    expect(collectionSchemaFromJson(text)).toEqual(FULL)
    expect(collectionSchemaFromJson(JSON.parse(text))).toEqual(FULL)
  })

  test("has Milvus's names", () => {
    const schema = createCollectionSchema({
      name: 'c',
      fields: [
        { name: 'id', dataType: 'Int64', isPrimaryKey: true },
        { name: 'v', dataType: 'FloatVector', dim: 2, nullable: true },
        { name: 'n', dataType: 'Int64', defaultValue: 2n ** 62n },
      ],
    })
    expect(collectionSchemaToJson(schema)).toEqual({
      name: 'c',
      fields: [
        { fieldID: '100', name: 'id', is_primary_key: true, data_type: 'Int64' },
        {
          fieldID: '101',
          name: 'v',
          data_type: 'FloatVector',
          type_params: [{ key: 'dim', value: '2' }],
          nullable: true,
        },
        {
          fieldID: '102',
          name: 'n',
          data_type: 'Int64',
          default_value: { long_data: '4611686018427387904' },
        },
      ],
    })
  })

  const expected = createCollectionSchema({
    name: 'c',
    enableDynamicField: true,
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true, autoId: true, fieldId: 100 },
      { name: 'v', dataType: 'FloatVector', dim: 2, fieldId: 9007199254740993n },
      { name: 'n', dataType: 'Int64', defaultValue: 9007199254740993n, fieldId: 101 },
    ],
  })

  test.each<[string, string]>([
    [
      'numbers, as Go prints its structs',
      `{"name":"c","enable_dynamic_field":true,"fields":[
        {"fieldID":100,"name":"id","is_primary_key":true,"autoID":true,"data_type":5},
        {"fieldID":9007199254740993,"name":"v","data_type":101,
         "type_params":[{"key":"dim","value":"2"}]},
        {"fieldID":101,"name":"n","data_type":5,
         "default_value":{"Data":{"LongData":9007199254740993}}}]}`,
    ],
    [
      'camel case, as protobuf prints it by default',
      `{"name":"c","enableDynamicField":true,"fields":[
        {"fieldID":"100","name":"id","isPrimaryKey":true,"autoID":true,"dataType":"Int64"},
        {"fieldID":"9007199254740993","name":"v","dataType":"FloatVector",
         "typeParams":[{"key":"dim","value":"2"}]},
        {"fieldID":"101","name":"n","dataType":"Int64",
         "defaultValue":{"longData":"9007199254740993"}}]}`,
    ],
    [
      "a dictionary of pymilvus's",
      `{"collection_name":"c","enable_dynamic_field":true,"fields":[
        {"field_id":100,"name":"id","is_primary":true,"auto_id":true,"type":5,"params":{}},
        {"field_id":9007199254740993,"name":"v","type":"FLOAT_VECTOR","params":{"dim":2}},
        {"field_id":101,"name":"n","type":5,"default_value":"9007199254740993"}],
        "something_newer":[1]}`,
    ],
  ])('%s', (_, text) => {
    expect(collectionSchemaFromJson(text)).toEqual(expected)
  })

  test('what createCollectionSchema takes is read as well', () => {
    expect(collectionSchemaFromJson(expected)).toEqual(expected)
  })

  test.each<[string, unknown, string, string]>([
    ['no JSON', '{', 'InvalidArgument', 'Expected the JSON of a collection schema'],
    ['no object', [], 'InvalidArgument', 'Expected an object for the collection schema'],
    [
      'fields that are no list',
      { name: 'c', fields: {} },
      'InvalidArgument',
      'an array for fields',
    ],
    [
      'an id that JSON has rounded',
      { name: 'c', fields: [{ name: 'a', data_type: 1, field_id: 2 ** 53 }] },
      'InvalidArgument',
      'fields[0].field_id',
    ],
    [
      'an unknown type',
      { name: 'c', fields: [{ name: 'a', data_type: 'Int128' }] },
      'InvalidSchema',
      'field "a" but received "Int128"',
    ],
    ['no type', { name: 'c', fields: [{ name: 'a' }] }, 'InvalidSchema', 'field "a"'],
    ['no name', { name: 'c', fields: [{ data_type: 1 }] }, 'InvalidArgument', 'fields[0].name'],
    [
      'a parameter twice',
      {
        name: 'c',
        fields: [{ name: 'a', type_params: [{ key: 'k' }, { key: 'k' }] }],
      },
      'InvalidArgument',
      'unique keys for fields[0].type_params',
    ],
  ])('%s is refused', (_, json, code, message) => {
    expect(() => collectionSchemaFromJson(json)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})
