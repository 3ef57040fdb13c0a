import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import {
  type ArrowRecord,
  arrowDataBytes,
  projectRecord,
  recordBytes,
  SimpleArrowRecord,
} from '../lib/schema/index.js'

function field(id: number, name: string, type: DataType = new Int64(), nullable = true): Field {
  return new Field(name, type, nullable, new Map([['PARQUET:field_id', String(id)]]))
}

function recordOf(columns: [Field, Data][]): SimpleArrowRecord {
  const schema = new Schema(columns.map(([one]) => one))
  const children = columns.map(([, data]) => data)
  const length = children[0]?.length ?? 0
  const type = new Struct(schema.fields)
  return new SimpleArrowRecord(new RecordBatch(schema, makeData({ type, length, children })))
}

const longs = (...values: (bigint | null)[]) => vectorFromArray(values, new Int64()).data[0]!
const texts = (...values: (string | null)[]) => vectorFromArray(values, new Utf8()).data[0]!

describe('SimpleArrowRecord', () => {
  const record = recordOf([
    [field(100, 'id'), longs(1n, 2n)],
    [new Field('extra', new Int64(), true), longs(3n, 4n)],
    [field(7, 'b'), longs(5n, 6n)],
  ])

  test('finds columns by field id and shares the memory of its batch', () => {
    expect([...record.fieldIdToColumn]).toEqual([
      [100n, 0],
      [7n, 2],
    ])
    expect(record.numRows).toBe(2)
    expect(record.column(7n)).toBe(record.toBatch().data.children[2])
    expect(record.column(8n)).toBeUndefined()
  })

  test('refuses a repeated field id', () => {
    const column = longs(1n)
    expect(() =>
      recordOf([
        [field(5, 'a'), column],
        [field(5, 'b'), column],
      ]),
    ).toThrow(expect.objectContaining({ code: 'InvalidSchema', field: 'b' }))
  })
})

describe('projectRecord', () => {
  const target = new Schema([field(100, 'id', new Int64(), false), field(101, 'title', new Utf8())])
  const title = texts('a', null)
  const id = longs(1n, 2n)
  const swapped = recordOf([
    [field(101, 'other name', new Utf8()), title],
    [field(100, 'x'), id],
  ])

  test('takes columns by id in the order of the schema, without a copy', () => {
    const projected = projectRecord(swapped, target)
    expect(projected.schema.fields).toEqual(target.fields)
    expect(projected.toBatch().data.children).toEqual([id, title])
    expect(projected.column(100n)).toBe(id)
    expect(
      projected
        .toBatch()
        .toArray()
        .map((row) => row?.toJSON()),
    ).toEqual([
      { id: 1n, title: 'a' },
      { id: 2n, title: null },
    ])
  })

  test('a record of the very schema goes through', () => {
    const projected = projectRecord(swapped, target)
    expect(projectRecord(projected, target)).toBe(projected)
  })

  test('takes any other record', () => {
    const foreign: ArrowRecord = {
      schema: swapped.schema,
      numRows: 2,
      fieldIdToColumn: swapped.fieldIdToColumn,
      column: (fieldId) => swapped.column(fieldId),
      toBatch: () => swapped.toBatch(),
    }
    expect(projectRecord(foreign, target).column(101n)).toBe(title)
  })

  test.each<[string, [Field, Data][], string, string]>([
    ['a missing column', [[field(100, 'id'), id]], 'InvalidSchema', 'field "title" (id 101)'],
    [
      'another type',
      [
        [field(100, 'id'), id],
        [field(101, 't'), longs(1n, 2n)],
      ],
      'TypeMismatch',
      'received Int64 where the schema has Utf8',
    ],
    [
      'a null where none is allowed',
      [
        [field(100, 'id'), longs(1n, null)],
        [field(101, 't', new Utf8()), title],
      ],
      'InvalidData',
      'received null in row 1',
    ],
  ])('%s is an error that names the field', (_, columns, code, message) => {
    expect(() => projectRecord(recordOf(columns), target)).toThrow(
      expect.objectContaining({
        code,
        field: expect.any(String),
        message: expect.stringContaining(message),
      }),
    )
  })

  test('a column that is too short is an error', () => {
    const short: ArrowRecord = {
      schema: swapped.schema,
      numRows: 3,
      fieldIdToColumn: swapped.fieldIdToColumn,
      column: (fieldId) => swapped.column(fieldId),
      toBatch: () => swapped.toBatch(),
    }
    expect(() => projectRecord(short, target)).toThrow('received 2 of 3 rows')
  })

  test('names of list children do not count', () => {
    const item = new Field('item', new Int8(), true)
    const element = new Field('element', new Int8(), true)
    const data = vectorFromArray([[1], [2]], new List(item)).data[0]!
    const record = recordOf([[field(1, 'l', new List(item)), data]])
    const schema = new Schema([field(1, 'l', new List(element))])
    expect(projectRecord(record, schema).column(1n)).toBe(data)
  })
})

describe("decoded bytes by Milvus's formula", () => {
  const allValid = (rows: number) => new Uint8Array(Math.ceil(rows / 8)).fill(0xff)

  test('five int64: 40 bytes, and 1 more with a validity buffer', () => {
    const data = new BigInt64Array(5)
    const type = new Int64()
    expect(arrowDataBytes(makeData({ type, data }))).toBe(40)
    expect(arrowDataBytes(makeData({ type, data, nullBitmap: allValid(5) }))).toBe(41)
  })

  test('["a", "bb"] with validity: 1 + 12 + 3', () => {
    const data = makeData({
      type: new Utf8(),
      length: 2,
      nullBitmap: allValid(2),
      valueOffsets: Int32Array.of(0, 1, 3),
      data: new TextEncoder().encode('abb'),
    })
    expect(arrowDataBytes(data)).toBe(16)
  })

  test('a slice counts its own rows only', () => {
    const rows = Array.from({ length: 1000 }, (_, row) => row)
    const numbers = makeData({
      type: new Float64(),
      data: Float64Array.from(rows),
      nullBitmap: allValid(1000),
    })
    expect(arrowDataBytes(numbers)).toBe(8125)
    expect(arrowDataBytes(numbers.slice(1, 2))).toBe(1 + 16)
    const words = texts(...rows.map((row) => 'x'.repeat(row)))
    expect(arrowDataBytes(words.slice(10, 2))).toBe(12 + 10 + 11)
    const bools = vectorFromArray(
      rows.map((row) => row % 2 === 0),
      new Bool(),
    ).data[0]!
    expect(arrowDataBytes(bools.slice(3, 9))).toBe(2)
  })

  test('lists count the elements of their slice', () => {
    const lists = vectorFromArray(
      [[1, 2], [3, 4, 5], [6]],
      new List(new Field('item', new Int32())),
    )
    const data = lists.data[0]!
    expect(arrowDataBytes(data)).toBe(16 + 24)
    expect(arrowDataBytes(data.slice(1, 1))).toBe(8 + 12)
  })

  test('structs, fixed-size lists and dictionaries are the sum of their parts', () => {
    const struct = recordOf([
      [field(1, 'a'), longs(1n, 2n)],
      [field(2, 'b'), longs(3n, 4n)],
    ])
    expect(arrowDataBytes(struct.toBatch().data)).toBe(32)
    const words = vectorFromArray(['a', 'b', 'a'], new Dictionary(new Utf8(), new Int8()))
    expect(arrowDataBytes(words.data[0]!)).toBe(3 + 12 + 2)
  })

  test('no rows are the first offset', () => {
    expect(arrowDataBytes(texts('a').slice(0, 0))).toBe(4)
    expect(arrowDataBytes(longs(1n).slice(0, 0))).toBe(0)
  })

  test('a record gives the bytes of every column by its id', () => {
    const record = recordOf([
      [field(100, 'id'), longs(1n, 2n)],
      [field(101, 't', new Utf8()), texts('a', 'b')],
    ])
    expect([...recordBytes(record)]).toEqual([
      [100n, 16],
      [101n, 14],
    ])
    expect(new Vector([record.column(100n)!]).toArray()).toEqual(BigInt64Array.of(1n, 2n))
  })
})
