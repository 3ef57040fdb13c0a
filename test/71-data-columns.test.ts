import {
  Binary,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  LargeUtf8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import {
  buildRecord,
  type ColumnInput,
  createFieldData,
  InsertData,
  rowsOf,
} from '../lib/data/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  FIELD_ID_KEY,
  type FieldInit,
  type FieldSchema,
} from '../lib/schema/index.js'
import { rejection } from './support/rejection.js'

/** A collection of a primary key "id" and `fields`. */
function collection(...fields: FieldInit[]): CollectionSchema {
  const id: FieldInit = { name: 'id', dataType: 'Int64', isPrimaryKey: true }
  return createCollectionSchema({ name: 'docs', fields: [id, ...fields] })
}

function field(init: Omit<FieldInit, 'name'>): FieldSchema {
  return collection({ name: 'x', ...init }).fields[1]!
}

/** What a column of the field holds after `input`. */
function column(init: Omit<FieldInit, 'name'>, input: ColumnInput): unknown[] {
  const data = createFieldData(field(init))
  data.appendColumn(input)
  return Array.from({ length: data.length }, (_, row) => data.get(row))
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const f32 = (...values: number[]): Float32Array => Float32Array.from(values)

describe('columns', () => {
  test.each([
    ['Int8', new Int8Array([1, -128])],
    ['Int16', new Int16Array([1, -32768])],
    ['Int32', new Int32Array([1, -(2 ** 31)])],
    ['Int64', new BigInt64Array([1n, -(2n ** 63n)])],
    ['Timestamptz', new BigInt64Array([1n, 2n])],
    ['Float', f32(1.5, Number.NaN)],
    ['Double', new Float64Array([0.1, Infinity])],
  ] as const)('%s takes its typed array over without a copy', (dataType, values) => {
    const data = createFieldData(field({ dataType }))
    data.appendColumn(values)
    expect(data.toArrow().values.buffer).toBe(values.buffer)
    expect([data.get(0), data.get(1), data.get(2)]).toEqual([values[0], values[1], undefined])
  })

  test.each<[string, Omit<FieldInit, 'name'>, ColumnInput, unknown[]]>([
    ['small integers widen', { dataType: 'Int64' }, new Int8Array([-1, 7]), [-1n, 7n]],
    [
      'safe integers widen',
      { dataType: 'Int64' },
      new Float64Array([2 ** 53 - 1]),
      [9007199254740991n],
    ],
    ['unsigned in range', { dataType: 'Int64' }, new BigUint64Array([5n]), [5n]],
    ['bigint narrows in range', { dataType: 'Int8' }, [5n, -5n], [5, -5]],
    ['booleans as bytes', { dataType: 'Bool' }, new Uint8Array([1, 0, 1]), [true, false, true]],
    [
      'null rows of a bitmap',
      { dataType: 'Int32', nullable: true },
      { values: new Int32Array([1, 2, 3]), validity: new Uint8Array([0b101]) },
      [1, null, 3],
    ],
    [
      'null booleans',
      { dataType: 'Bool', nullable: true },
      { values: new Uint8Array([1, 9]), validity: new Uint8Array([0b01]) },
      [true, null],
    ],
    [
      'nulls that would not convert',
      { dataType: 'Int32', nullable: true },
      { values: new Float64Array([1, Number.NaN]), validity: new Uint8Array([1]) },
      [1, null],
    ],
    [
      'text as strings',
      { dataType: 'VarChar', nullable: true },
      ['', 'é', null, '😀'],
      ['', 'é', null, '😀'],
    ],
    [
      'text as offsets and bytes',
      { dataType: 'VarChar' },
      { offsets: new Int32Array([1, 3, 3, 5]), bytes: utf8('-abcd-') },
      ['ab', '', 'cd'],
    ],
    [
      'text as offsets, bytes and validity',
      { dataType: 'VarChar', nullable: true },
      { offsets: new Int32Array([0, 1, 2]), bytes: utf8('ab'), validity: new Uint8Array([2]) },
      [null, 'b'],
    ],
    [
      'JSON bytes as they are',
      { dataType: 'JSON' },
      { offsets: new Int32Array([0, 7]), bytes: utf8('{"a":1}') },
      [{ a: 1 }],
    ],
    ['flat vectors', { dataType: 'FloatVector', dim: 2 }, f32(1, 2, 3, 4), [f32(1, 2), f32(3, 4)]],
    [
      'flat vectors with nulls',
      { dataType: 'FloatVector', dim: 2, nullable: true },
      { values: f32(1, 2, 0, 0, 3, 4), validity: new Uint8Array([0b101]) },
      [f32(1, 2), null, f32(3, 4)],
    ],
    [
      'vectors one by one',
      { dataType: 'FloatVector', dim: 2 },
      [[1, 2], f32(3, 4), new Float64Array([5, 6]), new Uint8Array(f32(7, 8).buffer)],
      [f32(1, 2), f32(3, 4), f32(5, 6), f32(7, 8)],
    ],
    [
      'numbers become float16',
      { dataType: 'Float16Vector', dim: 4 },
      [[1, -2, 65504, 2 ** -24]],
      [new Uint16Array([0x3c00, 0xc000, 0x7bff, 1])],
    ],
    [
      'numbers become bfloat16',
      { dataType: 'BFloat16Vector', dim: 3 },
      f32(1, -Infinity, 3.140625),
      [new Uint16Array([0x3f80, 0xff80, 0x4049])],
    ],
    [
      'bits of 16-bit floats',
      { dataType: 'Float16Vector', dim: 1 },
      new Uint16Array([0x3c00, 0x7e01]),
      [new Uint16Array([0x3c00]), new Uint16Array([0x7e01])],
    ],
    [
      'int8 vectors',
      { dataType: 'Int8Vector', dim: 2 },
      [[-128, 127]],
      [new Int8Array([-128, 127])],
    ],
    [
      'binary vectors round up to bytes',
      { dataType: 'BinaryVector', dim: 16 },
      new Uint8Array([1, 2, 3, 4]),
      [new Uint8Array([1, 2]), new Uint8Array([3, 4])],
    ],
    [
      'sparse in any form',
      { dataType: 'SparseFloatVector', nullable: true },
      [
        { 7: 1, 2: 0.5 },
        new Map([[9, 1]]),
        [
          [3, 1],
          [1, 2],
        ],
        {},
        null,
        new Uint8Array([5, 0, 0, 0, 0, 0, 128, 63]),
      ],
      [
        new Map([
          [2, 0.5],
          [7, 1],
        ]),
        new Map([[9, 1]]),
        new Map([
          [1, 2],
          [3, 1],
        ]),
        new Map(),
        null,
        new Map([[5, 1]]),
      ],
    ],
    [
      'arrays',
      { dataType: 'Array', elementType: 'Int64', maxCapacity: 4 },
      [[1n, 2], new BigInt64Array([3n]), new Uint8Array([0x1a, 4, 0x0a, 2, 1, 2])],
      [[1n, 2n], [3n], [1n, 2n]],
    ],
    [
      'arrays with null elements',
      { dataType: 'Array', elementType: 'Int64', maxCapacity: 4, elementNullable: true },
      [[1, null, 3]],
      [[1n, null, 3n]],
    ],
    [
      'arrays of vectors',
      {
        dataType: 'ArrayOfVector',
        elementType: 'FloatVector',
        dim: 2,
        nullable: true,
        maxCapacity: 4,
      },
      [[[1, 2], f32(3, 4)], [], null],
      [[f32(1, 2), f32(3, 4)], [], null],
    ],
    [
      'arrays of nullable vectors',
      {
        dataType: 'ArrayOfVector',
        elementType: 'FloatVector',
        dim: 2,
        elementNullable: true,
        maxCapacity: 4,
      },
      [[[1, 2], null]],
      [[f32(1, 2), null]],
    ],
  ])('%s', (_, init, input, values) => {
    expect(column(init, input)).toEqual(values)
  })

  test('grow from what they took over without writing to it', () => {
    const given = new BigInt64Array([1n, 2n])
    const data = createFieldData(field({ dataType: 'Int64' }))
    data.appendColumn(given)
    const before = data.toArrow()
    data.append(3)
    expect([...(data.toArrow().values as BigInt64Array)]).toEqual([1n, 2n, 3n])
    expect([...(before.values as BigInt64Array)]).toEqual([1n, 2n])
    expect(given).toEqual(new BigInt64Array([1n, 2n]))
  })

  test('nulls reach Arrow as a bitmap, and no nulls as none', () => {
    const data = createFieldData(field({ dataType: 'Int32', nullable: true }))
    data.appendColumn(Array.from({ length: 9 }, (_, i) => i))
    expect(data.toArrow().nullBitmap?.length ?? 0).toBe(0)
    data.appendNull()
    data.append(10)
    const arrow = data.toArrow()
    expect([data.nullCount, arrow.nullCount, arrow.length]).toEqual([1, 1, 11])
    expect([...arrow.nullBitmap!.subarray(0, 2)].map((byte) => byte & 0xff)).toEqual([0xff, 0b101])
  })
})

describe('values as they are stored', () => {
  const stored = (init: Omit<FieldInit, 'name'>, value: unknown): string => {
    const data = createFieldData(field(init))
    data.append(value)
    return Buffer.from(data.toArrow().values as Uint8Array).toString('hex')
  }

  test('a sparse vector is pairs of index and value', () => {
    expect(stored({ dataType: 'SparseFloatVector' }, { 5: 1 })).toBe('050000000000803f')
  })

  test('an Array is a ScalarField', () => {
    const init = { dataType: 'Array', elementType: 'Int64', maxCapacity: 4 } as const
    expect(stored(init, [1, 2])).toBe('1a040a020102')
  })

  test.each([
    ['{"a": 1e2}', '{"a": 1e2}'],
    [{ a: [1, 9007199254740993n], b: undefined }, '{"a":[1,9007199254740993]}'],
    [7, '7'],
    [true, 'true'],
    [
      { at: new Date(0), big: 2n ** 64n },
      '{"at":"1970-01-01T00:00:00.000Z","big":18446744073709551616}',
    ],
  ])('JSON %p', (value, text) => {
    expect(stored({ dataType: 'JSON' }, value)).toBe(Buffer.from(text).toString('hex'))
  })

  test('JSON in a circle is refused', async () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const error = await rejection(() => stored({ dataType: 'JSON' }, circle))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'x' })
    expect(error.message).toContain('circular')
  })

  // The bytes are never touched: neither taking them over nor refusing more reads or copies.
  test('offsets of 31 bits are the end of one InsertData', async () => {
    const data = createFieldData(field({ dataType: 'JSON' }))
    const bytes = new Uint8Array(2 ** 31 - 1)
    data.appendColumn({ offsets: new Int32Array([0, bytes.length]), bytes })
    for (const value of ['1', new Uint8Array(1)]) {
      const error = await rejection(() => data.append(value))
      expect(error.code).toBe('InvalidData')
      expect(error.message).toBe(
        'Expected at most 2147483647 bytes in one InsertData for field "x" in row 1 but received ' +
          '2147483648',
      )
    }
    expect([data.length, data.valueBytes]).toEqual([1, bytes.length])
  })

  test('a nullable dense vector is binary, and nulls take no bytes', () => {
    const data = createFieldData(field({ dataType: 'FloatVector', dim: 2, nullable: true }))
    data.appendColumn([[1, 2], null, [3, 4]])
    const arrow = data.toArrow()
    expect(String(arrow.type)).toBe('Binary')
    expect([...arrow.valueOffsets]).toEqual([0, 8, 8, 16])
    expect(arrow.nullCount).toBe(1)
  })
})

describe('Milvus sizes', () => {
  test.each<[string, Omit<FieldInit, 'name'>, unknown[], number]>([
    ['int64', { dataType: 'Int64' }, [1, 2, 3, 4, 5], 5 * 8 + 1],
    ['nullable int64', { dataType: 'Int64', nullable: true }, [1, null, 3, 4, 5], 5 * 8 + 5 + 1],
    ['int8', { dataType: 'Int8' }, [1, 2], 3],
    ['bool', { dataType: 'Bool' }, [true, false, true], 4],
    ['varchar', { dataType: 'VarChar' }, ['a', 'bb', 'é'], 1 + 2 + 2 + 3 * 16 + 1],
    ['nullable varchar', { dataType: 'VarChar', nullable: true }, ['a', null], 1 + 2 * 16 + 2 + 1],
    ['JSON', { dataType: 'JSON' }, ['{"a":1}'], 7 + 16 + 1],
    [
      'float vector',
      { dataType: 'FloatVector', dim: 4 },
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      32 + 4,
    ],
    [
      'nullable float vector',
      { dataType: 'FloatVector', dim: 4, nullable: true },
      [[1, 2, 3, 4], null],
      16 + 4,
    ],
    [
      'array of int16',
      { dataType: 'Array', elementType: 'Int16', maxCapacity: 9 },
      [[1, 2, 3]],
      6 + 1,
    ],
    [
      'array of text',
      { dataType: 'Array', elementType: 'VarChar', maxCapacity: 9, maxLength: 9 },
      [['a', 'é']],
      1 + 2 + 32 + 1,
    ],
    // contents: tag, length 8, 8 bytes; dim: tag, varint 300 of two bytes
    ['sparse', { dataType: 'SparseFloatVector' }, [{ 299: 1 }], 2 + 8 + 1 + 2],
    [
      'array of vector',
      { dataType: 'ArrayOfVector', elementType: 'FloatVector', dim: 2, maxCapacity: 9 },
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      16,
    ],
  ])('%s', (_, init, values, bytes) => {
    const data = createFieldData(field(init))
    data.appendColumn(values)
    expect(data.memorySize()).toBe(bytes)
  })

  // Column groups split off columns of 1024 bytes per row and more, by integer division.
  test.each([
    [1007, 1024],
    [1006, 1023],
  ])('a text of %i bytes is %i in a row', (length, average) => {
    const data = createFieldData(field({ dataType: 'VarChar' }))
    data.appendColumn(['x'.repeat(length), 'x'.repeat(length), 'x'.repeat(length + 2)])
    expect(Math.floor(data.memorySize() / 3)).toBe(average)
  })
})

describe('Arrow batches', () => {
  const schema = collection(
    { name: 'text', dataType: 'VarChar', maxLength: 99, nullable: true },
    { name: 'n', dataType: 'Int64' },
    { name: 'v', dataType: 'FloatVector', dim: 2 },
    { name: 'w', dataType: 'FloatVector', dim: 2, nullable: true },
  )

  const rows = [0, 1, 2, 3].map((i) => ({
    id: BigInt(i),
    text: i === 2 ? null : `text ${i}`,
    n: BigInt(-i),
    v: f32(i, i + 0.5),
    w: i % 2 === 0 ? f32(i, -i) : null,
  }))

  const vectors = (values: number[], nullBitmap: Uint8Array | null) =>
    makeData({
      type: new FixedSizeList(2, new Field('item', new Float32(), false)),
      length: values.length / 2,
      nullBitmap,
      child: makeData({ type: new Float32(), data: f32(...values) }),
    })

  /** The same rows in other forms: 32-bit integers, dictionary text, FixedSizeList vectors. */
  function foreignBatch(): RecordBatch {
    const columns: [Field, ReturnType<typeof makeData>][] = [
      [
        new Field('w', vectors([], null).type, true),
        vectors([0, -0, 9, 9, 2, -2, 9, 9], new Uint8Array([0b0101])),
      ],
      [
        new Field('text', new Dictionary(new Utf8(), new Int32()), true),
        vectorFromArray(
          rows.map(({ text }) => text),
          new Dictionary(new Utf8(), new Int32()),
        ).data[0]!,
      ],
      [
        new Field('n', new Int32(), false),
        makeData({ type: new Int32(), data: new Int32Array([0, -1, -2, -3]) }),
      ],
      [
        new Field('v', vectors([], null).type, false),
        vectors([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], null),
      ],
      [
        new Field('other name', new Int32(), false, new Map([[FIELD_ID_KEY, '100']])),
        makeData({ type: new Int32(), data: new Int32Array([0, 1, 2, 3]) }),
      ],
    ]
    const arrowSchema = new Schema(columns.map(([column]) => column))
    const type = new Struct(arrowSchema.fields)
    const children = columns.map(([, data]) => data)
    return new RecordBatch(arrowSchema, makeData({ type, length: 4, nullCount: 0, children }))
  }

  test('are matched by field id, else by name, and converted where they hold the same', () => {
    const record = buildRecord(schema, [InsertData.fromBatch(schema, foreignBatch())])
    expect([...rowsOf(record, schema)]).toEqual(rows)
  })

  test('slices, tables and records of ours go in as they are', () => {
    const whole = buildRecord(schema, [InsertData.fromRows(schema, rows)])
    const batch = whole.toBatch()
    const data = InsertData.fromBatch(schema, new Table([batch.slice(1, 4), batch.slice(0, 1)]))
    data.appendBatch(whole)
    data.appendBatch(batch.slice(2, 3))
    const back = rowsOf(buildRecord(schema, [data]), schema)
    expect([...back]).toEqual([rows[1], rows[2], rows[3], rows[0], ...rows, rows[2]])
  })

  test('share their memory with the record that is built', () => {
    const batch = buildRecord(schema, [InsertData.fromRows(schema, rows)]).toBatch()
    const record = buildRecord(schema, [InsertData.fromBatch(schema, batch)])
    for (const id of [100n, 101n, 102n, 103n, 104n]) {
      const index = record.fieldIdToColumn.get(id)!
      const given = batch.data.children[index]!
      expect(record.column(id)!.values.buffer).toBe(given.values.buffer)
      expect(record.column(id)!.length).toBe(4)
    }
  })

  test('a Vector, large text and lists of binary are columns, too', () => {
    const large = makeData({
      type: new LargeUtf8(),
      length: 2,
      nullCount: 0,
      valueOffsets: new BigInt64Array([1n, 2n, 4n]),
      data: utf8('-abc'),
    })
    expect(column({ dataType: 'VarChar' }, new Vector([large, large]))).toEqual([
      'a',
      'bc',
      'a',
      'bc',
    ])
    const list = makeData({
      type: new List(new Field('item', new Binary(), false)),
      length: 1,
      nullCount: 0,
      valueOffsets: new Int32Array([1, 2]),
      child: makeData({
        type: new Binary(),
        length: 2,
        nullCount: 0,
        valueOffsets: new Int32Array([0, 8, 16]),
        data: new Uint8Array(f32(1, 2, 3, 4).buffer),
      }),
    })
    const init = {
      dataType: 'ArrayOfVector',
      elementType: 'FloatVector',
      dim: 2,
      maxCapacity: 4,
    } as const
    expect(column(init, list)).toEqual([[f32(3, 4)]])
  })

  test.each<[string, (batch: RecordBatch) => unknown, string]>([
    [
      'nothing of the kind',
      () => 7,
      'Expected a RecordBatch, a Table or an ArrowRecord for the batch',
    ],
    ['a batch without the key', (batch) => batch.select(['n', 'v', 'w', 'text']), 'field "id"'],
  ])('%s is refused', async (_, make, message) => {
    const data = new InsertData(schema)
    const error = await rejection(() => data.appendBatch(make(foreignBatch()) as RecordBatch))
    expect(error.message).toContain(message)
    expect(data.rowCount).toBe(0)
  })
})
