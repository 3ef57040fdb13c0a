/** What the bridge makes of memory that is missing, short, misaligned or in pieces. */
import {
  Binary,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Int64,
  List,
  makeData,
  Schema,
  Struct,
  Table,
  Type,
  tableFromIPC,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import {
  flattenBatch,
  flattenSchema,
  importRecordBatch,
  unflattenBatch,
  unflattenSchema,
} from '../lib/cdata/index.js'
import { callSync, type FlatBatch } from '../lib/native/index.js'
import { columnOf, oneColumn, roundTrip } from './support/bridge.js'
import { canonical, firstDifference } from './support/canonical.js'
import { rejection } from './support/rejection.js'
import { matrixColumn, TYPE_MATRIX, WITHOUT_NULLS } from './support/type-matrix.js'

const ROWS = 3001

/** Through the structs, for batches that apache-arrow would not make. */
function roundTripFlat(schema: Schema, flat: FlatBatch) {
  return callSync((addon) => {
    const handle = addon.importSchema(flattenSchema(schema))
    const addresses = addon.cdataExport(handle, flat)
    const policy = { copy: false, maxOutstandingBytes: 1e9, creditBytes: 0 }
    const imported = addon.cdataImport(addresses.array, addresses.schema, policy)
    addon.cdataFree('array', addresses.array)
    addon.cdataFree('schema', addresses.schema)
    return unflattenBatch(unflattenSchema(imported.schema), imported.batch)
  })
}

describe('buffers that nobody made', () => {
  const types = TYPE_MATRIX.filter(([, type]) => !WITHOUT_NULLS.includes(type.typeId))

  test.each(types)('%s: all null without values', (_, type) => {
    const nullBitmap = new Uint8Array(Math.ceil(ROWS / 8))
    const bare = { type, length: ROWS, nullCount: ROWS, nullBitmap }
    const column = columnOf(roundTrip(oneColumn(makeData(bare as never))))
    expect([column.length, column.nullCount]).toEqual([ROWS, ROWS])
    expect([column.get(0), column.get(ROWS - 1)]).toEqual([null, null])
  })

  const plain = TYPE_MATRIX.filter(([name]) => !name.includes('dictionary'))

  test.each(plain)('%s: zero rows without buffers', (_, type) => {
    const flat: FlatBatch = flattenBatch(oneColumn(matrixColumn(type, 0, 'no nulls')))
    const schema = oneColumn(matrixColumn(type, 0, 'no nulls')).schema
    const bare = { ...flat, buffers: flat.buffers.map(() => null) }
    expect(roundTripFlat(schema, bare).numRows).toBe(0)
  })

  test('a list without a child', () => {
    const type = new List(new Field('item', new Int32(), true))
    const empty = makeData({ type, length: 2, valueOffsets: new Int32Array(3), child: undefined! })
    const column = columnOf(roundTrip(oneColumn(empty)))
    expect(column.toArray().map(canonical)).toEqual(['[]', '[]'])
  })
})

describe('buffers that are too short', () => {
  async function failure(data: Parameters<typeof oneColumn>[0]) {
    return rejection(() => roundTrip(oneColumn(data)))
  }

  test('values of a flat column', async () => {
    const data = makeData({ type: new Int64(), length: 5, data: new BigInt64Array(4) })
    expect(await failure(data)).toMatchObject({ code: 'InvalidData', field: 'column' })
    expect((await failure(data)).message).toBe(
      "Expected a buffer of at least 40 bytes for field 'column' but received 32",
    )
  })

  test('text that ends before its last offset, in a nested field', async () => {
    const values = makeData({
      type: new Utf8(),
      length: 1,
      valueOffsets: new Int32Array([0, 9]),
      data: new Uint8Array(3),
    })
    const type = new Struct([new Field('name', new Utf8(), true)])
    const data = makeData({ type, length: 1, children: [values] })
    expect(await failure(data)).toMatchObject({ code: 'InvalidData', field: 'column.name' })
  })

  test('offsets, bitmaps, children', async () => {
    const offsets = makeData({
      type: new Binary(),
      length: 3,
      valueOffsets: new Int32Array(2),
      data: new Uint8Array(0),
    })
    const bitmap = makeData({
      type: new Int32(),
      length: 20,
      nullCount: 1,
      nullBitmap: new Uint8Array(1),
      data: new Int32Array(20),
    })
    const item = new Field('item', new Float32(), false)
    const child = makeData({
      type: new FixedSizeList(4, item),
      length: 3,
      child: makeData({ type: new Float32(), data: new Float32Array(11) }),
    })
    const backwards = makeData({
      type: new Binary(),
      length: 2,
      valueOffsets: new Int32Array([4, 6, 2]),
      data: new Uint8Array(6),
    })
    for (const data of [offsets, bitmap, backwards]) {
      expect(await failure(data)).toMatchObject({ code: 'InvalidData', field: 'column' })
    }
    expect(await failure(child)).toMatchObject({ code: 'InvalidData', field: 'column.item' })
  })

  test('numbers of nodes and buffers that do not fit the schema', async () => {
    const batch = oneColumn(makeData({ type: new Int32(), data: new Int32Array(3) }))
    const flat = flattenBatch(batch)
    const wrong: Partial<FlatBatch>[] = [
      { nodes: new Float64Array(0) },
      { nodes: new Float64Array([3, 0, 0, 2, 3, 0, 0, 2]) },
      { nodes: new Float64Array([3, 0, 0, 5]) },
      { nodes: new Float64Array([-3, 0, 0, 2]) },
      { nodes: new Float64Array([2.5, 0, 0, 2]) },
      { nodes: new Float64Array([Number.NaN, 0, 0, 2]) },
      { nodes: new Float64Array([2 ** 52, 0, 0, 2]) },
      { buffers: [] },
      { buffers: [null, new Int32Array(3), null] },
      { buffers: [null, {} as never] },
      { rows: 4 },
    ]
    for (const change of wrong) {
      const error = await rejection(() => roundTripFlat(batch.schema, { ...flat, ...change }))
      expect(['InvalidArgument', 'InvalidData']).toContain(error.code)
    }
  })
})

describe('memory at any address', () => {
  test('values that are not aligned are copied', () => {
    const batch = oneColumn(matrixColumn(new Int64(), ROWS, 'some nulls'))
    const flat = flattenBatch(batch)
    const buffers = flat.buffers.map((view) => {
      if (view === null) return null
      const moved = new Uint8Array(view.byteLength + 3).subarray(3)
      moved.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
      return moved
    })
    const received = roundTripFlat(batch.schema, { ...flat, buffers })
    expect(firstDifference(columnOf(batch), 0, columnOf(received))).toBeNull()
  })

  test('batches that apache-arrow read from IPC, one buffer for all', () => {
    const types = TYPE_MATRIX.filter(([, { typeId }]) => typeId !== Type.Null)
    for (const [, type] of types) {
      const source = oneColumn(matrixColumn(type, ROWS, 'some nulls'))
      const [batch] = tableFromIPC(tableToIPC(new Table([source]))).batches
      const slice = batch!.slice(3, ROWS - 2)
      expect(firstDifference(columnOf(slice), 0, columnOf(roundTrip(slice)))).toBeNull()
    }
  })

  test('DataViews and Buffers are views like any other', () => {
    const schema = new Schema([new Field('column', new Int32(), false)])
    const nodes = new Float64Array([2, 0, 0, 2])
    const buffer = Buffer.from(new Int32Array([7, 8]).buffer)
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    for (const values of [buffer, view]) {
      const batch = roundTripFlat(schema, { rows: 2, nodes, buffers: [null, values] })
      expect([...columnOf(batch)]).toEqual([7, 8])
    }
  })
})

describe('dictionaries', () => {
  const type = new Dictionary(new Utf8(), new Int32())
  const chunk = (values: (string | null)[]) => vectorFromArray(values, new Utf8()).data[0]!
  const column = (indices: number[], dictionary: Vector) =>
    oneColumn(makeData({ type, data: Int32Array.from(indices), dictionary: dictionary as never }))

  test('in chunks, as deltas leave them', () => {
    const chunks = new Vector([chunk(['a', 'b']), chunk([]), chunk(['c', null]).slice(0, 2)])
    const batch = column([3, 2, 1, 0, 2], chunks)
    expect([...columnOf(roundTrip(batch))]).toEqual([null, 'c', 'b', 'a', 'c'])
    expect([...columnOf(roundTrip(batch.slice(1, 4)))]).toEqual(['c', 'b', 'a'])
  })

  test('in chunks of nested values', () => {
    const values = new Struct([new Field('n', new Int32(), true), new Field('s', new Utf8(), true)])
    const nested = new Dictionary(values, new Int32())
    const pieces = [
      matrixColumn(values, 5, 'some nulls', 3),
      matrixColumn(values, 7, 'no nulls', 4),
    ]
    const dictionary = new Vector(pieces)
    const data = Int32Array.from([11, 0, 4, 5, 6])
    const batch = oneColumn(makeData({ type: nested, data, dictionary } as never))
    expect(firstDifference(columnOf(batch), 0, columnOf(roundTrip(batch)))).toBeNull()
  })

  test('that change between batches', () => {
    const first = column([0, 1], new Vector([chunk(['a', 'b'])]))
    const second = column([0, 1], new Vector([chunk(['x', 'y'])]))
    expect([...columnOf(roundTrip(first))]).toEqual(['a', 'b'])
    expect([...columnOf(roundTrip(second))]).toEqual(['x', 'y'])
  })
})

describe('schemas', () => {
  test('metadata is byte-exact and keeps its order, extension types included', () => {
    const pairs: [string, string][] = [
      ['z', ''],
      ['ARROW:extension:metadata', '{"shape": [1,2] }'],
      ['PARQUET:field_id', '100'],
      ['ARROW:extension:name', 'arrow.fixed_shape_tensor'],
      ['ключ', '值\u0000🙂'],
    ]
    const item = new Field('item', new Float32(), true, new Map([['ARROW:extension:name', 'x']]))
    const types: DataType[] = [new FixedSizeList(2, item), new List(item), new Struct([item])]
    const schema = new Schema(
      types.map((type, i) => new Field(`f${i}`, type, i % 2 === 0, new Map(pairs))),
      new Map([
        ['b', '1'],
        ['a', '2'],
      ]),
    )
    const children = types.map((type) => matrixColumn(type, 3, 'some nulls'))
    const flat = flattenBatch({
      schema,
      numRows: 3,
      data: { children },
    } as never)
    const received = roundTripFlat(schema, flat).schema
    expect(flattenSchema(received)).toEqual(flattenSchema(schema))
    expect([...received.fields[0]!.metadata]).toEqual(pairs)
  })

  test('registered extension types keep their storage', () => {
    for (const name of ['arrow.uuid', 'arrow.json', 'arrow.bool8', 'somebody.else']) {
      const metadata = new Map([['ARROW:extension:name', name]])
      const batch = oneColumn(matrixColumn(new Utf8(), 5, 'some nulls'), metadata)
      const received = roundTrip(batch)
      expect(received.schema.fields[0]!.metadata).toEqual(metadata)
      expect(firstDifference(columnOf(batch), 0, columnOf(received))).toBeNull()
    }
  })
})

describe('handles and addresses', () => {
  test('one kind of handle for another, or anything else', async () => {
    const { flag, schema } = callSync((addon) => ({
      flag: addon.newCancel(),
      schema: addon.importSchema({ fields: [], metadata: [] }),
    }))
    for (const wrong of [schema, undefined, null, {}, 1, 'x']) {
      const error = await rejection(() => callSync((addon) => addon.cancel(wrong as never)))
      expect(error).toMatchObject({ code: 'InvalidArgument' })
    }
    const error = await rejection(() => callSync((addon) => addon.writerProgress(flag as never)))
    expect(error.message).toMatch(/^Expected a writer handle for argument but received a handle/)
  })

  test('address 0 and what is no address', async () => {
    for (const wrong of [0n, 1n << 70n, 5, '0']) {
      const source = { array: wrong as bigint, schema: 0n }
      const error = await rejection(() => importRecordBatch(source))
      expect(error.code).toBe('InvalidArgument')
    }
  })
})
