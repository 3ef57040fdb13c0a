/** Which columns feed which fields, what values become, and collections made of inputs. */
import {
  Bool,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Uint16,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow'
import { InsertData, rowsOf } from '../lib/index.js'
import { inferCollection, mapToCollection, parseColumnType } from '../lib/ingest/index.js'
import { mapRows } from '../lib/ingest/input/map-rows.js'
import { type CollectionSchema, createCollectionSchema } from '../lib/schema/index.js'
import { rejection } from './support/rejection.js'

const DOCS = createCollectionSchema({
  name: 'docs',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'title', dataType: 'VarChar', maxLength: 99, nullable: true },
    { name: 'score', dataType: 'Float', defaultValue: 1.5 },
    { name: 'tags', dataType: 'Array', elementType: 'Int32', maxCapacity: 9, nullable: true },
    { name: 'about', dataType: 'JSON', nullable: true },
    { name: 'v', dataType: 'FloatVector', dim: 2 },
  ],
})
const DYNAMIC = createCollectionSchema({
  name: 'dynamic',
  enableDynamicField: true,
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: '$meta', dataType: 'JSON', isDynamic: true },
  ],
})
const AUTO = createCollectionSchema({
  name: 'auto',
  fields: [
    { name: 'key', dataType: 'Int64', isPrimaryKey: true, autoId: true },
    { name: 'n', dataType: 'Int8' },
  ],
})

const item = (type: DataType) => new Field('item', type, true)
const VECTORS = new FixedSizeList(2, item(new Float32()))

function batchOf(columns: Record<string, Vector>): RecordBatch {
  const fields = Object.entries(columns).map(([name, { type }]) => new Field(name, type, true))
  const children = Object.values(columns).map(({ data }) => data[0]!)
  const { length } = children[0]!
  const type = new Struct(fields)
  return new RecordBatch(new Schema(fields), makeData({ type, length, nullCount: 0, children }))
}

const SMALL = () => ({
  id: vectorFromArray([1, 2], new Int32()),
  v: vectorFromArray(
    [
      [1, 2],
      [3, 4],
    ],
    VECTORS,
  ),
})

function stored(schema: CollectionSchema, batch: RecordBatch, map = {}) {
  const mapping = mapToCollection(schema, batch.schema, { map })
  const data = InsertData.fromBatch(mapping.schema, mapping.toBatch(batch))
  return data.fields().map((field) => [field.field.name, [0, 1].map((row) => field.get(row))])
}

describe('columns', () => {
  test('feed fields of their name; what may miss is left to null or the default value', () => {
    const batch = batchOf(SMALL())
    const mapping = mapToCollection(DOCS, batch.schema)
    expect(mapping.columns).toEqual([
      { column: 'id', field: 'id', how: 'asIs' },
      { column: 'v', field: 'v', how: 'asIs' },
    ])
    expect(mapping.convertsValues).toBe(false)
    expect(Object.fromEntries(stored(DOCS, batch) as [string, unknown][])).toEqual({
      id: [1n, 2n],
      title: [null, null],
      score: [1.5, 1.5],
      tags: [null, null],
      about: [null, null],
      v: [Float32Array.of(1, 2), Float32Array.of(3, 4)],
    })
  })

  test('vectors keep their memory', () => {
    const batch = batchOf(SMALL())
    const mapped = mapToCollection(DOCS, batch.schema).toBatch(batch)
    const numbers = (of: RecordBatch) => of.getChild('v')!.data[0]!.children[0]!.values
    expect(numbers(mapped)).toBe(numbers(batch))
  })

  test('feed fields of other names, or none, by a map', () => {
    const { id, v } = SMALL()
    const batch = batchOf({ number: id, title: v, junk: id, RowID: id })
    const map = { number: 'id', title: 'v', junk: null }
    expect(mapToCollection(DOCS, batch.schema, { map }).columns).toEqual([
      { column: 'number', field: 'id', how: 'asIs' },
      { column: 'title', field: 'v', how: 'asIs' },
      { column: 'junk', field: undefined, how: 'leftOut' },
      { column: 'RowID', field: undefined, how: 'leftOut' },
    ])
    const [ids] = stored(DOCS, batch, map)
    expect(ids).toEqual(['id', [1n, 2n]])
  })

  test('ids of fields in the metadata of a file do not count', () => {
    const { id, v } = SMALL()
    const batch = batchOf({ id, v })
    batch.schema.fields[0]!.metadata.set('PARQUET:field_id', '101')
    expect(stored(DOCS, batch)[0]).toEqual(['id', [1n, 2n]])
  })

  test('are converted where their form is another one', () => {
    const texts = new Dictionary(new Utf8(), new Int32())
    const about = new Struct([new Field('n', new Int64()), new Field('ok', new Bool())])
    const batch = batchOf({
      id: vectorFromArray([1, 2], new Uint16()),
      title: vectorFromArray(['one', null], texts),
      score: vectorFromArray([0.5, 2], new Float64()),
      tags: vectorFromArray([[1, 2, 3], null], new List(item(new Int32()))),
      about: vectorFromArray([{ n: 2n ** 60n, ok: true }, null], about),
      v: vectorFromArray(
        [
          [1, 2],
          [3, 4],
        ],
        new List(item(new Float64())),
      ),
    })
    expect(Object.fromEntries(stored(DOCS, batch) as [string, unknown][])).toEqual({
      id: [1n, 2n],
      title: ['one', null],
      score: [0.5, 2],
      tags: [[1, 2, 3], null],
      about: [{ n: 2n ** 60n, ok: true }, null],
      v: [Float32Array.of(1, 2), Float32Array.of(3, 4)],
    })
    const hows = mapToCollection(DOCS, batch.schema).columns.map(({ how }) => how)
    // Texts of a dictionary and doubles are converted by the field that takes them.
    expect(hows).toEqual(['asIs', 'asIs', 'asIs', 'byValue', 'byValue', 'byValue'])
  })

  test('that are no fields go into the dynamic field', () => {
    const { id } = SMALL()
    const colour = vectorFromArray(['red', null], new Utf8())
    const batch = batchOf({ id, colour, n: id })
    expect(stored(DYNAMIC, batch)).toEqual([
      ['id', [1n, 2n]],
      [
        '$meta',
        [
          { colour: 'red', n: 1 },
          { colour: null, n: 2 },
        ],
      ],
    ])
  })

  test('of a slice are those rows', () => {
    const { id } = SMALL()
    const batch = batchOf({ id, colour: vectorFromArray(['red', 'blue'], new Utf8()) })
    const mapping = mapToCollection(DYNAMIC, batch.schema)
    const [row] = rowsOf(mapping.toBatch(batch.slice(1, 2)), DYNAMIC)
    expect(row).toEqual({ id: 2n, $meta: { colour: 'blue' } })
    const none = InsertData.fromBatch(mapping.schema, mapping.toBatch(batch.slice(0, 0)))
    expect(none.rowCount).toBe(0)
  })

  test('for a key that is generated are refused, and it needs none', async () => {
    const n = vectorFromArray([1, 2], new Int8())
    expect(stored(AUTO, batchOf({ n }))).toEqual([['n', [1, 2]]])
    const error = await rejection(() => mapToCollection(AUTO, batchOf({ key: n, n }).schema))
    expect([error.code, error.field]).toEqual(['InvalidSchema', 'key'])
    expect(error.message).toContain('a key that is generated')
  })
})

describe('what does not match is InvalidSchema and names it', () => {
  const { id, v } = SMALL()
  const cases: [string, Record<string, Vector>, Record<string, string | null>, string][] = [
    [
      'a column that is no field',
      { id, v, titel: id },
      {},
      'received "titel". Did you mean "title"?',
    ],
    ['a field without a column', { id }, {}, 'a column for field "v"'],
    ['a field left out', { id, v }, { v: null }, 'a column for field "v"'],
    ['two columns for one field', { id, v, w: v }, { w: 'v' }, '"v" and "w"'],
    [
      'another type',
      { id, v: id },
      {},
      'field "v" of type FloatVector but received "v", which is Int32',
    ],
    [
      'another dimension',
      { id, v: vectorFromArray([[1]], new FixedSizeList(1, item(new Float32()))) },
      {},
      'field "v"',
    ],
    [
      'text for a number',
      { id: vectorFromArray(['1'], new Utf8()), v },
      {},
      'field "id" of type Int64',
    ],
  ]
  test.each(cases)('%s', async (_, columns, map, message) => {
    const error = await rejection(() => mapToCollection(DOCS, batchOf(columns).schema, { map }))
    expect(error.message).toContain(message)
    expect(error.code).toBe('InvalidSchema')
  })

  test('a map of what is not there', async () => {
    const { schema } = batchOf({ id, v })
    const map = { nobody: 'id' }
    expect((await rejection(() => mapToCollection(DOCS, schema, { map }))).code).toBe(
      'InvalidArgument',
    )
    const misspelled = { maps: {} } as object
    expect((await rejection(() => mapToCollection(DOCS, schema, misspelled))).message).toContain(
      '"map"',
    )
  })
})

describe('values of text files', () => {
  const TYPES = createCollectionSchema({
    name: 'types',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'flag', dataType: 'Bool', nullable: true },
      { name: 'small', dataType: 'Int8', nullable: true },
      { name: 'real', dataType: 'Double', nullable: true },
      { name: 'text', dataType: 'VarChar', maxLength: 9, nullable: true },
      { name: 'json', dataType: 'JSON', nullable: true },
      {
        name: 'list',
        dataType: 'Array',
        elementType: 'VarChar',
        maxLength: 9,
        maxCapacity: 9,
        nullable: true,
      },
      { name: 'bits', dataType: 'BinaryVector', dim: 16, nullable: true },
      { name: 'half', dataType: 'Float16Vector', dim: 2, nullable: true },
      { name: 'sparse', dataType: 'SparseFloatVector' },
      { name: 'place', dataType: 'Geometry', nullable: true },
    ],
  })
  const read = (isText: boolean, record: Record<string, unknown>) => {
    const mapping = mapRows(TYPES, { names: isText ? Object.keys(record) : [], isText })
    const data = InsertData.fromRows(mapping.schema, [mapping.toRow(record)])
    return Object.fromEntries(data.fields().map((field) => [field.field.name, field.get(0)]))
  }
  const expected = {
    id: 2n ** 60n + 1n,
    flag: true,
    small: -5,
    real: 0.25,
    text: '007',
    json: { a: [1, 2n ** 60n] },
    list: ['x', 'y'],
    bits: Uint8Array.of(1, 2),
    half: Uint16Array.of(0x3c00, 0x4000),
    sparse: new Map([[7, 0.5]]),
    place: Buffer.from([1, 2, 3]),
  }

  test('NDJSON', () => {
    const record = { ...expected, bits: [1, 2], half: [1, 2], sparse: { 7: 0.5 }, place: 'AQID' }
    expect(read(false, record)).toEqual(expected)
    expect(read(false, { ...record, bits: 'AQI=', json: 'not an object' })).toEqual({
      ...expected,
      json: 'not an object',
    })
  })

  test('CSV', () => {
    const record = {
      id: '1152921504606846977',
      flag: 'true',
      small: '-5',
      real: '2.5e-1',
      text: '007',
      json: '{"a":[1,1152921504606846976]}',
      list: '["x","y"]',
      bits: '[1,2]',
      half: '[1,2]',
      sparse: '{"7":0.5}',
      place: 'AQID',
    }
    expect(read(true, record)).toEqual(expected)
    const nulls = Object.fromEntries(Object.keys(record).map((name) => [name, null]))
    expect(read(true, { ...nulls, id: '1', sparse: '{}' })).toMatchObject({
      flag: null,
      place: null,
    })
  })

  test.each([
    ['small', '300', 'Expected int8 for field "small" but received "300"'],
    ['flag', 'yes', 'Expected bool for field "flag"'],
    ['json', '{', 'Expected json for field "json"'],
    ['list', '[', 'Expected JSON for field "list"'],
    ['bits', '!', 'Expected base64 or an array of bytes for field "bits"'],
  ])('%s of CSV that does not fit', async (name, cell, message) => {
    const error = await rejection(() => read(true, { id: '1', sparse: '{}', [name]: cell }))
    expect([error.code, error.field]).toEqual(['TypeMismatch', name])
    expect(error.message).toContain(message)
  })

  test('keys that are no fields: one by one, or into the dynamic field', async () => {
    const error = await rejection(() => read(false, { id: 1, sparse: {}, smal: 1 }))
    expect([error.code, error.field]).toEqual(['InvalidSchema', 'smal'])
    const mapping = mapRows(DYNAMIC, { names: [], isText: false }, { number: 'id', x: null })
    const data = InsertData.fromRows(mapping.schema, [
      mapping.toRow({ number: 4, x: 1, more: [1] }),
    ])
    expect(data.fields().map((field) => field.get(0))).toEqual([4n, { more: [1] }])
    const twice = await rejection(() => mapping.toRow({ number: 4, id: 5 }))
    expect(twice.message).toContain('one value for field "id"')
  })
})

describe('a collection made of an input', () => {
  const field = (name: string, type: Field['type']) => new Field(name, type, true)

  test('has a field for every column, and says of which type', () => {
    const schema = new Schema([
      field('id', new Int64()),
      field('n', new Uint16()),
      field('t', new Utf8()),
      field('tags', new List(item(new Int32()))),
      field('o', new Struct([field('a', new Bool())])),
      field('v', VECTORS),
      field('b', new Bool()),
      field('d', new Float64()),
    ])
    const { schema: made, report } = inferCollection({ schema }, { name: 'made' })
    expect(report).toEqual([
      'id: Int64, primary key, never null (from Int64)',
      'n: Int32, may be null (from Uint16)',
      't: VarChar(65535), may be null (from Utf8)',
      'tags: Array(Int32), may be null (from List<Int32>)',
      'o: JSON, may be null (from Struct<{a:Bool}>)',
      'v: FloatVector(2), never null (from FixedSizeList[2]<Float32>)',
      'b: Bool, may be null (from Bool)',
      'd: Double, may be null (from Float64)',
    ])
    expect(made.name).toBe('made')
    expect(made.fields.map(({ fieldId }) => fieldId)).toEqual([
      100n,
      101n,
      102n,
      103n,
      104n,
      105n,
      106n,
      107n,
    ])
    // What was inferred takes what it was inferred from.
    expect(mapToCollection(made, schema).columns.map(({ how }) => how)).not.toContain('leftOut')
  })

  test('has the key that is asked for, or one that is made', async () => {
    const schema = new Schema([field('id', new Bool()), field('name', new Utf8())])
    const asked = inferCollection({ schema }, { name: 'x', primaryKey: 'name' })
    expect(asked.schema.fields.map(({ isPrimaryKey }) => isPrimaryKey)).toEqual([false, true])
    const made = inferCollection({ schema }, { name: 'x' })
    expect(made.report[0]).toBe('_id: Int64, primary key, made for every row')
    expect(made.schema.fields[0]).toMatchObject({ name: '_id', autoId: true, isPrimaryKey: true })
    for (const [primaryKey, message] of [
      ['id', 'received one of Bool'],
      ['x', 'no such column'],
    ]) {
      const error = await rejection(() => inferCollection({ schema }, { name: 'x', primaryKey }))
      expect([error.code, error.field]).toEqual(['InvalidSchema', primaryKey])
      expect(error.message).toContain(message)
    }
  })

  test('knows JSON and nulls of a text file', () => {
    const schema = new Schema([field('j', new Utf8()), field('v', VECTORS)])
    const types = new Map([
      ['j', parseColumnType('json')],
      ['v', parseColumnType('float32[2]?')],
    ])
    const { report } = inferCollection({ schema, types }, { name: 'x' })
    expect(report.slice(1)).toEqual([
      'j: JSON, may be null (from Utf8)',
      'v: FloatVector(2), may be null (from FixedSizeList[2]<Float32>)',
    ])
  })

  test('cannot have what no field holds', async () => {
    const schema = new Schema([field('x', new List(new Field('item', VECTORS)))])
    const error = await rejection(() => inferCollection({ schema }, { name: 'x' }))
    expect([error.code, error.field]).toEqual(['InvalidSchema', 'x'])
  })
})
