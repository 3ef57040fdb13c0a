import {
  type DataType as ArrowType,
  Binary,
  Bool,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Schema,
  Uint8,
  Uint16,
  Utf8,
} from 'apache-arrow'
import {
  arrowDefaults,
  type CollectionSchema,
  convertFromArrowSchema,
  convertToArrowSchema,
  createCollectionSchema,
  type FieldInit,
  sameType,
  withSystemFields,
} from '../lib/schema/index.js'

const KEY: FieldInit = { name: 'id', dataType: 'Int64', isPrimaryKey: true }

function collection(...fields: FieldInit[]): CollectionSchema {
  return createCollectionSchema({ name: 'c', fields: [KEY, ...fields] })
}

/** The Arrow field that `init` becomes as field 101. */
function arrowField(init: FieldInit): Field {
  return convertToArrowSchema(collection(init)).fields[1]!
}

/** Format, nullability and metadata of a field, for comparing. */
function facts({ name, type, nullable, metadata }: Field) {
  return { name, type: String(type), nullable, metadata: Object.fromEntries(metadata) }
}

const vectors = (type: ArrowType) => new List(new Field('item', type, true))

/** Every row of the table of types, as a field and as what it is in Arrow. */
const ROWS: [init: Omit<FieldInit, 'name'>, type: ArrowType, metadata: Record<string, string>][] = [
  [{ dataType: 'Bool' }, new Bool(), {}],
  [{ dataType: 'Int8' }, new Int8(), {}],
  [{ dataType: 'Int16' }, new Int16(), {}],
  [{ dataType: 'Int32' }, new Int32(), {}],
  [{ dataType: 'Int64' }, new Int64(), {}],
  [{ dataType: 'Float' }, new Float32(), {}],
  [{ dataType: 'Double' }, new Float64(), {}],
  [{ dataType: 'String' }, new Utf8(), {}],
  [{ dataType: 'VarChar' }, new Utf8(), {}],
  [{ dataType: 'Text' }, new Utf8(), {}],
  [{ dataType: 'Array', elementType: 'Int64' }, new Binary(), {}],
  [{ dataType: 'JSON' }, new Binary(), {}],
  [{ dataType: 'Geometry' }, new Binary(), {}],
  [{ dataType: 'Timestamptz' }, new Int64(), {}],
  [{ dataType: 'BinaryVector', dim: 12 }, new FixedSizeBinary(2), {}],
  [{ dataType: 'FloatVector', dim: 3 }, new FixedSizeBinary(12), {}],
  [{ dataType: 'Float16Vector', dim: 3 }, new FixedSizeBinary(6), {}],
  [{ dataType: 'BFloat16Vector', dim: 3 }, new FixedSizeBinary(6), {}],
  [{ dataType: 'SparseFloatVector' }, new Binary(), {}],
  [{ dataType: 'Int8Vector', dim: 3 }, new FixedSizeBinary(3), {}],
  [
    { dataType: 'ArrayOfVector', elementType: 'FloatVector', dim: 2 },
    vectors(new FixedSizeBinary(8)),
    { elementType: '101', dim: '2' },
  ],
  [
    { dataType: 'ArrayOfVector', elementType: 'Int8Vector', dim: 2, elementNullable: true },
    vectors(new Binary()),
    { elementType: '105', dim: '2' },
  ],
  [{ dataType: 'FloatVector', dim: 2, nullable: true }, new Binary(), { dim: '2' }],
  [{ dataType: 'BinaryVector', dim: 12, nullable: true }, new Binary(), { dim: '12' }],
  [{ dataType: 'VarChar', nullable: true }, new Utf8(), {}],
]
const named = ROWS.map(([init, ...rest]) => [JSON.stringify(init), init, ...rest] as const)

describe('a collection as an Arrow schema', () => {
  test.each(named)('%s', (_, init, type, metadata) => {
    const field = arrowField({ name: 'x', ...init })
    expect(facts(field)).toEqual({
      name: 'x',
      type: String(type),
      nullable: init.nullable ?? false,
      metadata: { 'PARQUET:field_id': '101', ...metadata },
    })
    expect(sameType(field.type, type)).toBe(true)
  })

  test('fields in order, sub-fields of struct arrays after them, system fields as any other', () => {
    const schema = withSystemFields(
      createCollectionSchema({
        name: 'c',
        fields: [KEY],
        structArrayFields: [
          { name: 's', fields: [{ name: 'a', dataType: 'Array', elementType: 'Bool' }] },
        ],
      }),
    )
    const fields = convertToArrowSchema(schema).fields
    expect(fields.map(({ name }) => name)).toEqual(['RowID', 'Timestamp', 'id', 'a'])
    expect(fields.map(({ metadata }) => metadata.get('PARQUET:field_id'))).toEqual([
      ...['0', '1', '100', '102'],
    ])
  })

  test('names by id, and by the name in an external file', () => {
    const schema = collection({ name: 'x', dataType: 'Bool', externalField: 'their_x' })
    const names = (useFieldId: boolean) =>
      convertToArrowSchema(schema, useFieldId).fields.map(({ name }) => name)
    expect(names(false)).toEqual(['id', 'their_x'])
    expect(names(true)).toEqual(['100', 'their_x'])
  })

  test('all but the primary key nullable, when asked for; vectors keep their width', () => {
    const schema = collection({ name: 'v', dataType: 'FloatVector', dim: 2 })
    const { fields } = convertToArrowSchema(schema, false, { nullability: 'notPrimaryKey' })
    expect(fields.map(({ nullable }) => nullable)).toEqual([false, true])
    expect(String(fields[1]?.type)).toBe(String(new FixedSizeBinary(8)))
  })

  test.each(['Mol', 'Date', 'Time', 'Decimal', 'UUID', 'ArrayOfStruct', 'Struct'] as const)(
    '%s has no column',
    (dataType) => {
      expect(() => arrowField({ name: 'x', dataType })).toThrow(
        expect.objectContaining({
          code: 'UnsupportedType',
          field: 'x',
          message: expect.stringContaining(dataType),
        }),
      )
    },
  )

  test('an id that Parquet cannot store is refused', () => {
    expect(() => arrowField({ name: 'x', dataType: 'Bool', fieldId: 2n ** 31n })).toThrow(
      'Expected an id of 31 bits for field "x" but received 2147483648',
    )
  })

  test('default values go by column name', () => {
    const schema = collection(
      { name: 'n', dataType: 'Int64', defaultValue: 7 },
      { name: 'j', dataType: 'JSON', defaultValue: '{}' },
      { name: 'none', dataType: 'Bool' },
    )
    expect(arrowDefaults(schema)).toEqual({ n: 7n, j: new Uint8Array([0x7b, 0x7d]) })
    expect(Object.keys(arrowDefaults(schema, true))).toEqual(['101', '102'])
    const shape = collection({ name: 'g', dataType: 'Geometry', defaultValue: 'POINT (1 2)' })
    expect(() => arrowDefaults(shape)).toThrow(
      expect.objectContaining({ code: 'NotSupported', field: 'g' }),
    )
  })
})

describe('an Arrow schema as a collection', () => {
  const whole = createCollectionSchema({
    name: 'c',
    fields: [KEY, ...ROWS.map(([init], index) => ({ name: `x${index}`, ...init }))],
    structArrayFields: [
      { name: 's', fields: [{ name: 'a', dataType: 'Array', elementType: 'Bool' }] },
    ],
    functions: [{ name: 'f', type: 'BM25', inputFieldNames: ['x8'], outputFieldNames: ['x18'] }],
  })

  test.each([false, true])('with the collection beside it nothing is lost (by id: %s)', (byId) => {
    expect(
      convertFromArrowSchema(convertToArrowSchema(whole, byId), { collection: whole }),
    ).toEqual(whole)
  })

  test('what Arrow tells needs no word', () => {
    const fields = [
      new Field('id', new Int64(), false, new Map([['PARQUET:field_id', '100']])),
      new Field('f', new FixedSizeList(3, new Field('item', new Float32())), false),
      new Field('h', new FixedSizeList(3, new Field('item', new Float16())), false),
      new Field('i', new FixedSizeList(3, new Field('item', new Int8())), false),
      new Field('b', new FixedSizeList(3, new Field('item', new Uint8())), false),
      new Field('text', new Utf8(), true),
      new Field('$meta', new Binary(), true),
      convertToArrowSchema(whole).fields[21]!,
    ]
    const schema = convertFromArrowSchema(new Schema(fields), { name: 'c', primaryKey: 'id' })
    expect(
      schema.fields.map(({ fieldId, name, dataType, nullable, typeParams }) => [
        ...[fieldId, name, dataType, nullable, typeParams.dim],
      ]),
    ).toEqual([
      [100n, 'id', 5, false, undefined],
      [101n, 'f', 101, false, '3'],
      [102n, 'h', 102, false, '3'],
      [103n, 'i', 105, false, '3'],
      [104n, 'b', 100, false, '24'],
      [105n, 'text', 21, true, undefined],
      [106n, '$meta', 23, true, undefined],
      [121n, 'x20', 106, false, '2'],
    ])
    expect(schema.fields[6]?.isDynamic).toBe(true)
    expect(schema.fields[7]?.elementType).toBe(101)
  })

  const bytes = new Schema([
    new Field('id', new Utf8(), false),
    new Field('a', new Binary(), true),
    new Field('v', new FixedSizeBinary(8), false),
  ])

  test('what may be several types needs a word', () => {
    expect(() => convertFromArrowSchema(bytes, { primaryKey: 'id' })).toThrow(
      expect.objectContaining({ code: 'InvalidSchema', field: 'a' }),
    )
    const schema = convertFromArrowSchema(bytes, {
      fields: {
        id: { isPrimaryKey: true, maxLength: 64 },
        a: { dataType: 'Array', elementType: 'Int8' },
        v: { dataType: 'BFloat16Vector' },
      },
    })
    expect(schema.fields.map(({ dataType }) => dataType)).toEqual([21, 22, 103])
    expect(schema.fields[2]?.typeParams).toEqual({ dim: '4' })
    expect(schema.fields[1]).toMatchObject({ elementType: 2, nullable: true })
  })

  test('or a guess', () => {
    const { fields } = convertFromArrowSchema(bytes, { primaryKey: 'id', guess: true })
    expect(fields.map(({ dataType }) => dataType)).toEqual([21, 23, 101])
    expect(fields[2]?.typeParams).toEqual({ dim: '2' })
  })

  test.each<[string, Partial<FieldInit>]>([
    ['a', { dataType: 'Int64' }],
    ['v', { dataType: 'FloatVector', dim: 3 }],
    ['v', { dataType: 'JSON' }],
    ['id', { dataType: 'Int64' }],
  ])('a word about %s that does not agree: %j', (name, said) => {
    const fields = {
      a: { dataType: 'JSON' },
      v: { dataType: 'FloatVector' },
      [name]: said,
    } as const
    expect(() => convertFromArrowSchema(bytes, { primaryKey: 'id', fields })).toThrow(
      expect.objectContaining({ code: 'TypeMismatch', field: name }),
    )
  })

  test('a type that no Milvus column has, and a schema without key', () => {
    const odd = new Schema([new Field('x', new Uint16(), true)])
    expect(() => convertFromArrowSchema(odd)).toThrow(
      expect.objectContaining({ code: 'UnsupportedType', field: 'x' }),
    )
    const keyless = new Schema([new Field('x', new Bool(), true)])
    expect(() => convertFromArrowSchema(keyless)).toThrow('Expected a primary key')
    const part = convertFromArrowSchema(keyless, { requirePrimaryKey: false })
    expect(part.fields[0]).toMatchObject({ fieldId: 100n, dataType: 1, nullable: true })
  })
})
