import { isPackedError } from '../lib/index.js'
import {
  allFields,
  type CollectionSchemaInit,
  createCollectionSchema,
  DataType,
  dimOf,
  type FieldInit,
  primaryKeyField,
  vectorWidthBytes,
  withSystemFields,
} from '../lib/schema/index.js'

const ID: FieldInit = { name: 'id', dataType: 'Int64', isPrimaryKey: true }

/** A collection of a primary key and `fields`. */
function collection(...fields: FieldInit[]): CollectionSchemaInit {
  return { name: 'things', fields: [ID, ...fields] }
}

function refusal(init: CollectionSchemaInit) {
  try {
    createCollectionSchema(init)
  } catch (error) {
    if (isPackedError(error))
      return { code: error.code, field: error.field, message: error.message }
    throw error
  }
  throw new Error('Expected a refusal')
}

describe('createCollectionSchema', () => {
  test('completes what is absent and gives ids in the order of Milvus', () => {
    const schema = createCollectionSchema({
      ...collection(
        { name: 'title', dataType: 'VarChar', maxLength: 512, nullable: true, defaultValue: '?' },
        { name: 'v', dataType: DataType.FloatVector, dim: 8 },
      ),
      structArrayFields: [
        {
          name: 'clips',
          maxCapacity: 9,
          fields: [
            { name: 'start', dataType: 'Array', elementType: 'Int32' },
            { name: 'image', dataType: 'ArrayOfVector', elementType: 'Float16Vector', dim: 3 },
          ],
        },
      ],
      functions: [{ name: 'f', type: 'BM25', inputFieldNames: ['title'], outputFieldIds: [102n] }],
      properties: { ttl: 60, mmap: true },
    })
    expect(schema.fields.map(({ name, fieldId }) => [name, fieldId])).toEqual([
      ['id', 100n],
      ['title', 101n],
      ['v', 102n],
    ])
    const [clips] = schema.structArrayFields
    expect(clips?.fieldId).toBe(103n)
    expect(clips?.typeParams).toEqual({ max_capacity: '9' })
    expect(clips?.fields.map(({ fieldId }) => fieldId)).toEqual([104n, 105n])
    expect(schema.fields[1]).toEqual({
      fieldId: 101n,
      name: 'title',
      description: '',
      dataType: 21,
      isPrimaryKey: false,
      autoId: false,
      nullable: true,
      elementType: 0,
      elementNullable: false,
      isDynamic: false,
      isPartitionKey: false,
      isClusteringKey: false,
      isFunctionOutput: false,
      defaultValue: '?',
      typeParams: { max_length: '512' },
      indexParams: {},
      externalField: '',
      state: 0,
    })
    expect(schema.functions[0]).toMatchObject({
      id: 100n,
      type: 1,
      inputFieldIds: [101n],
      outputFieldNames: ['v'],
    })
    expect(schema.properties).toEqual({ ttl: '60', mmap: 'true' })
    expect(schema).toMatchObject({ version: 0, dbName: '', enableDynamicField: false })
    expect(allFields(schema).map(({ name }) => name)).toEqual([
      ...['id', 'title', 'v', 'start', 'image'],
    ])
    expect(primaryKeyField(schema).name).toBe('id')
  })

  test('keeps given ids beyond 2^53 and fills the gaps around them', () => {
    const { fields } = createCollectionSchema(
      collection(
        { name: 'a', dataType: 'Bool', fieldId: 100 },
        { name: 'b', dataType: 'Bool', fieldId: 9007199254740993n },
        { name: 'c', dataType: 'Bool' },
      ),
    )
    expect(fields.map(({ fieldId }) => fieldId)).toEqual([101n, 100n, 9007199254740993n, 102n])
  })

  test('is frozen to the last list', () => {
    const schema = createCollectionSchema(collection({ name: 'v', dataType: 'Int8Vector', dim: 2 }))
    for (const part of [schema, schema.fields, schema.fields[1], schema.fields[1]?.typeParams]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test('system fields go in front once', () => {
    const schema = withSystemFields(createCollectionSchema(collection()))
    expect(schema.fields.map(({ fieldId, name }) => [fieldId, name])).toEqual([
      [0n, 'RowID'],
      [1n, 'Timestamp'],
      [100n, 'id'],
    ])
    expect(withSystemFields(schema)).toBe(schema)
  })

  test.each([
    ['BinaryVector', 12, 2],
    ['BinaryVector', 8, 1],
    ['FloatVector', 4, 16],
    ['Float16Vector', 3, 6],
    ['BFloat16Vector', 3, 6],
    ['Int8Vector', 7, 7],
  ] as const)('%s of dim %i is %i bytes wide', (dataType, dim, width) => {
    const { fields } = createCollectionSchema(collection({ name: 'v', dataType, dim }))
    expect(dimOf(fields[1]!)).toBe(dim)
    expect(vectorWidthBytes(fields[1]!)).toBe(width)
  })

  test('a default value gets the form of its type', () => {
    const { fields } = createCollectionSchema(
      collection(
        { name: 'big', dataType: 'Int64', defaultValue: 7 },
        { name: 'small', dataType: 'Int8', defaultValue: -128n },
        { name: 'real', dataType: 'Float', defaultValue: 0.1 },
        { name: 'json', dataType: 'JSON', defaultValue: '{"ä":1}' },
      ),
    )
    expect(fields.slice(1).map(({ defaultValue }) => defaultValue)).toEqual([
      7n,
      -128,
      Math.fround(0.1),
      new TextEncoder().encode('{"ä":1}'),
    ])
  })
})

describe('a broken rule names the field', () => {
  const array: FieldInit = { name: 'x', dataType: 'Array' }
  test.each<[string, FieldInit, string]>([
    ['dim missing', { name: 'x', dataType: 'FloatVector' }, 'dim of 1 to 32768'],
    ['dim 0', { name: 'x', dataType: 'FloatVector', dim: 0 }, 'dim of 1 to 32768'],
    ['dim too large', { name: 'x', dataType: 'Int8Vector', dim: 32769 }, 'dim of 1 to 32768'],
    ['dim no number', { name: 'x', dataType: 'BinaryVector', typeParams: { dim: '1e3' } }, '1e3'],
    ['sparse with dim', { name: 'x', dataType: 'SparseFloatVector', dim: 3 }, 'no dim'],
    ['no element type', array, 'a scalar element type'],
    ['element vector', { ...array, elementType: 'FloatVector' }, 'a scalar element type'],
    ['element array', { ...array, elementType: 'Array' }, 'received "Array"'],
    ['vectors of scalars', { name: 'x', dataType: 'ArrayOfVector', elementType: 'Int8' }, 'dense'],
    ['needless element', { name: 'x', dataType: 'Bool', elementType: 'Int8' }, 'no element type'],
    ['unknown type', { name: 'x', dataType: 99 as DataType }, 'a data type of Milvus'],
    ['unknown name', { name: 'x', dataType: 'toString' as 'Bool' }, 'a data type of Milvus'],
    ['type None', { name: 'x', dataType: 'None' }, 'a data type'],
    ['second key', { name: 'x', dataType: 'Int64', isPrimaryKey: true }, 'one primary key'],
    ['key of text type', { name: 'x', dataType: 'Bool', isPartitionKey: true }, 'Int64 or VarChar'],
    ['dynamic Int64', { name: 'x', dataType: 'Int64', isDynamic: true }, 'of type JSON'],
    ['repeated id', { name: 'x', dataType: 'Bool', fieldId: 100 }, '100'],
    ['reserved id', { name: 'x', dataType: 'Int64', fieldId: 0 }, 'RowID'],
    ['RowID of Int32', { name: 'RowID', dataType: 'Int32', fieldId: 0 }, 'Int64, not nullable'],
    ['reserved name', { name: 'Timestamp', dataType: 'Int64' }, 'no system field'],
    ['capacity', { ...array, elementType: 'Int8', typeParams: { max_capacity: 0 } }, 'max_capac'],
    ['Int8 default', { name: 'x', dataType: 'Int8', defaultValue: 128 }, 'default value of Int8'],
    ['Bool default', { name: 'x', dataType: 'Bool', defaultValue: 1 }, 'default value of Bool'],
    ['Float default', { name: 'x', dataType: 'Float', defaultValue: 1e39 }, 'value of Float'],
    ['unsafe default', { name: 'x', dataType: 'Int64', defaultValue: 2 ** 53 }, 'value of Int64'],
    [
      'vector default',
      { name: 'x', dataType: 'Int8Vector', dim: 1, defaultValue: 1 },
      'no default',
    ],
  ])('%s', (_, field, rule) => {
    const key = field.fieldId === 100 ? [{ ...ID, fieldId: 100 }] : [ID]
    const refused = refusal({ name: 'things', fields: [...key, field] })
    expect(refused).toMatchObject({ code: 'InvalidSchema', field: field.name })
    expect(refused.message).toContain(rule)
  })

  test.each<[string, FieldInit, string]>([
    ['of Double', { ...ID, dataType: 'Double' }, 'Int64 or VarChar'],
    ['nullable', { ...ID, nullable: true }, 'not nullable'],
    ['with a default', { ...ID, defaultValue: 1n }, 'without a default'],
  ])('primary key %s', (_, field, rule) => {
    const refused = refusal({ name: 'things', fields: [field] })
    expect(refused).toMatchObject({ code: 'InvalidSchema', field: 'id' })
    expect(refused.message).toContain(rule)
  })

  test('no primary key, unless parts of a collection are asked for', () => {
    const part: CollectionSchemaInit = { name: 'p', fields: [{ name: 'x', dataType: 'Bool' }] }
    expect(refusal(part)).toMatchObject({
      code: 'InvalidSchema',
      message: 'Expected a primary key for collection "p" but received none',
    })
    const schema = createCollectionSchema(part, { requirePrimaryKey: false })
    expect(schema.fields).toHaveLength(1)
    expect(() => primaryKeyField(schema)).toThrow('Expected a primary key')
  })

  test('repeated names, sub-fields included', () => {
    const clip: FieldInit = { name: 'id', dataType: 'Array', elementType: 'Bool' }
    const init = { ...collection(), structArrayFields: [{ name: 's', fields: [clip] }] }
    expect(refusal(init)).toEqual({
      code: 'InvalidSchema',
      field: 'id',
      message: 'Expected unique field names but received "id" twice',
    })
  })

  test('a sub-field that is no array', () => {
    const clip: FieldInit = { name: 'x', dataType: 'Int64' }
    const init = { ...collection(), structArrayFields: [{ name: 's', fields: [clip] }] }
    expect(refusal(init)).toMatchObject({ code: 'InvalidSchema', field: 'x' })
  })

  test('a function over a field that is not there', () => {
    const refused = refusal({
      ...collection(),
      functions: [{ name: 'f', type: 'BM25', inputFieldNames: ['txt'], outputFieldNames: ['id'] }],
    })
    expect(refused).toEqual({
      code: 'InvalidSchema',
      field: 'txt',
      message:
        'Expected a field of the collection for the input of function "f" but received "txt"',
    })
  })

  test('what is no schema at all', () => {
    expect(refusal({ name: 'x', feilds: [] } as unknown as CollectionSchemaInit)).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining('Did you mean "fields"?'),
    })
    expect(refusal(collection({ name: '', dataType: 'Bool' })).message).toContain('fields[1].name')
    const two = { name: 'x', dataType: 'Int8Vector', dim: 2, typeParams: { dim: '3' } } as const
    expect(refusal(collection(two)).message).toContain('fields[1].dim')
  })
})
