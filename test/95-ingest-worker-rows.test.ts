/** Rows of callers become records of the worker's own: columns, system fields, copies. */
import {
  Bool,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  type Int16,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { InsertData } from '../lib/data/index.js'
import { BufferPool } from '../lib/ingest/worker/buffer-pool.js'
import { MessageBuilder } from '../lib/ingest/worker/message-builder.js'
import { takeMessage } from '../lib/ingest/worker/take-message.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { rejection } from './support/rejection.js'

const SCHEMA = createCollectionSchema({
  name: 'docs',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'title', dataType: 'VarChar', maxLength: 99, nullable: true },
    { name: 'price', dataType: 'Float', defaultValue: 9.5 },
    { name: 'v', dataType: 'FloatVector', dim: 2 },
    { name: 'ok', dataType: 'Bool', nullable: true },
  ],
})
const LIST = new FixedSizeList(2, new Field('item', new Float32(), false))

/** Rows with keys from `first` on; vectors as lists of floats, keys as int32. */
function batchOf(first: number, rows: number): RecordBatch {
  const values = Float32Array.from({ length: rows * 2 }, (_, at) => first + at / 4)
  const floats = makeData({ type: new Float32(), length: rows * 2, data: values })
  const columns = {
    id: vectorFromArray(Int32Array.from({ length: rows }, (_, row) => first + row)).data[0]!,
    title: vectorFromArray(
      Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? null : `title ${first + row}`)),
      new Utf8(),
    ).data[0]!,
    v: makeData({ type: LIST, length: rows, child: floats }),
    ok: vectorFromArray(
      Array.from({ length: rows }, (_, row) => row % 2 === 0),
      new Bool(),
    ).data[0]!,
  }
  const schema = new Schema(
    Object.entries(columns).map(([name, { type }]) => new Field(name, type, true)),
  )
  const children = Object.values(columns)
  const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children })
  return new RecordBatch(schema, data)
}

async function build(rows: unknown, more: object = {}, schema = SCHEMA) {
  const builder = new MessageBuilder(schema, new BufferPool(() => 0))
  const taken = takeMessage({ source: 's', sequence: 1, rows, ...more }, schema)
  return builder.build(taken, 77n, async () => 1000n)
}

async function rowsOf(rows: unknown, more: object = {}) {
  const { records } = await build(rows, more)
  return records.flatMap((record) => [...record.toBatch()].map((row) => ({ ...row?.toJSON() })))
}

test('rows get RowID and Timestamp, missing fields their default, columns the stored types', async () => {
  const [first, second] = await rowsOf(batchOf(5, 2))
  expect(first).toEqual({
    RowID: 1000n,
    Timestamp: 77n,
    id: 5n,
    title: null,
    price: 9.5,
    v: new Uint8Array(Float32Array.of(5, 5.25).buffer),
    ok: true,
  })
  expect(second).toMatchObject({ RowID: 1001n, id: 6n, title: 'title 6', ok: false })
})

test('of a slice only its rows are copied, bits included', async () => {
  const rows = await rowsOf(batchOf(0, 64).slice(11, 14))
  expect(rows.map(({ id, title, ok }) => [id, title, ok])).toEqual([
    [11n, 'title 11', false],
    [12n, null, true],
    [13n, 'title 13', false],
  ])
  const { records } = await build(batchOf(0, 4096).slice(4000, 4010))
  const title = records[0]!.column(101n)!
  expect((title.values as Uint8Array).buffer.byteLength).toBeLessThan(1024)
})

test('a table is one record per batch, row ids go on; batches without rows are left out', async () => {
  const [one, none, two] = [batchOf(1, 2), batchOf(0, 0), batchOf(10, 1)]
  const rows = await rowsOf(new Table([one, none, two]))
  expect(rows.map(({ RowID, id }) => [RowID, id])).toEqual([
    [1000n, 1n],
    [1001n, 2n],
    [1002n, 10n],
  ])
})

test('InsertData comes in as it is', async () => {
  const data = InsertData.fromRows(SCHEMA, [{ id: 3n, title: 'x', v: [1, 2], ok: null }])
  expect(await rowsOf(data)).toMatchObject([{ id: 3n, title: 'x', price: 9.5, ok: null }])
})

test('memory is copied, unless it is handed over and has the stored type', async () => {
  const ids = BigInt64Array.of(1n, 2n)
  const schema = createCollectionSchema({
    name: 'keys',
    fields: [{ name: 'id', dataType: 'Int64', isPrimaryKey: true }],
  })
  const batch = tableFromArrays({ id: ids }).batches[0]!
  const values = async (copy: boolean) => {
    const { records } = await build(batch, { copy }, schema)
    return records[0]!.column(100n)!.values as BigInt64Array
  }
  expect((await values(true)).buffer).not.toBe(ids.buffer)
  expect((await values(false)).buffer).toBe(batch.data.children[0]!.values.buffer)
})

test('a primary key that is made by Milvus is the row id', async () => {
  const schema = createCollectionSchema({
    name: 'auto',
    fields: [
      { name: 'key', dataType: 'VarChar', maxLength: 30, isPrimaryKey: true, autoId: true },
      { name: 'n', dataType: 'Int16' },
    ],
  })
  const { records } = await build(tableFromArrays({ n: Int16Array.of(4, 5) }), {}, schema)
  expect([...records[0]!.toBatch()].map((row) => row?.toJSON())).toEqual([
    { RowID: 1000n, Timestamp: 77n, key: '1000', n: 4 },
    { RowID: 1001n, Timestamp: 77n, key: '1001', n: 5 },
  ])
})

test('deletes get the timestamp of the message, and apply everywhere by default', async () => {
  const { deletes } = await build(undefined, { deletes: [1, 2n] })
  expect(deletes.map(({ partitionId }) => partitionId)).toEqual([-1n])
  expect([...deletes[0]!.data.keys]).toEqual([1n, 2n])
  expect([...deletes[0]!.data.timestamps]).toEqual([77n, 77n])
  const named = await build(undefined, { deletes: BigInt64Array.of(9n), partitionId: 4 })
  expect(named.deletes[0]!.partitionId).toBe(4n)
})

describe('what is refused before anything is kept', () => {
  const column = (type: Int16 | Int64 | Utf8, values: unknown[]) =>
    vectorFromArray(values as never[], type as never).data[0]!
  const rows = (columns: Record<string, ReturnType<typeof column>>) => {
    const fields = Object.entries(columns).map(([name, { type }]) => new Field(name, type, true))
    const children = Object.values(columns)
    const length = children[0]!.length
    const data = makeData({ type: new Struct(fields), length, nullCount: 0, children })
    return new RecordBatch(new Schema(fields), data)
  }
  const keys = column(new Int64(), [1n])

  test.each([
    ['a column that is no field', { id: keys, colour: keys }, 'InvalidSchema', 'colour'],
    ['a field without column', { id: keys }, 'InvalidSchema', 'v'],
  ])('%s', async (_, columns, code, field) => {
    const error = await rejection(() => build(rows(columns)))
    expect(error).toMatchObject({ code, field })
  })

  test('a column of another type, and nulls where there may be none', async () => {
    const good = batchOf(1, 1)
    const vectors = good.getChild('v')!.data[0]!
    const text = column(new Utf8(), ['one'])
    const error = await rejection(() => build(rows({ id: text, v: vectors })))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'id' })
    const nothing = column(new Int64(), [null])
    const other = await rejection(() => build(rows({ id: nothing, v: vectors })))
    expect(other).toMatchObject({ code: 'InvalidData', field: 'id' })
  })

  test.each([
    [{ rows: 7 }, 'InvalidArgument'],
    [{ deletes: ['one'] }, 'TypeMismatch'],
    [{ deletes: 'one' }, 'InvalidArgument'],
    [{ source: '' }, 'InvalidArgument'],
    [{ sequence: -1 }, 'InvalidArgument'],
    [{ delets: [] }, 'InvalidArgument'],
  ])('%p', async (more, code) => {
    const error = await rejection(() => takeMessage({ source: 's', sequence: 1, ...more }, SCHEMA))
    expect(error.code).toBe(code)
  })
})

describe('memory for rows', () => {
  const BYTES = 100_000

  test('is used again once it is given back, as far as it may be kept', () => {
    const pool = new BufferPool(() => 2 ** 18)
    const [first, second, third] = [pool.take(BYTES), pool.take(BYTES), pool.take(BYTES)]
    expect(first.length).toBe(BYTES)
    for (const { buffer } of [first, second, third]) pool.give(buffer as ArrayBuffer)
    expect(pool.idleBytes).toBe(2 * first.buffer.byteLength)
    expect(pool.take(BYTES - 1).buffer).toBe(second.buffer)
    expect(pool.take(BYTES).buffer).toBe(first.buffer)
    expect(pool.take(BYTES).buffer).not.toBe(third.buffer)
    expect(pool.idleBytes).toBe(0)
  })

  test('wastes a fourth of it at most', () => {
    const pool = new BufferPool(() => 0)
    for (let bytes = 2 ** 16; bytes < 2 ** 24; bytes = Math.ceil(bytes * 1.07)) {
      expect(pool.take(bytes).buffer.byteLength).toBeLessThanOrEqual(bytes * 1.25)
    }
  })

  test('is taken back once, and only what is its own', () => {
    const pool = new BufferPool(() => 2 ** 20)
    const { buffer } = pool.take(BYTES)
    pool.give(buffer as ArrayBuffer)
    pool.give(buffer as ArrayBuffer)
    pool.give(new ArrayBuffer(BYTES))
    expect(pool.idleBytes).toBe(buffer.byteLength)
    expect(pool.take(10).buffer.byteLength).toBe(10)
  })

  test('is that of vectors and texts of a message, and never the caller’s', async () => {
    const count = 20_000
    const id = makeData({ type: new Int64(), length: count, data: new BigInt64Array(count) })
    const bytes = new Uint8Array(8 * count)
    const v = makeData({ type: new FixedSizeBinary(8), length: count, data: bytes })
    const schema = new Schema([new Field('id', id.type), new Field('v', v.type)])
    const type = new Struct(schema.fields)
    const rows = new RecordBatch(schema, makeData({ type, length: count, children: [id, v] }))
    const pool = new BufferPool(() => 2 ** 24)
    const builder = new MessageBuilder(SCHEMA, pool)
    for (const copy of [true, false]) {
      const taken = takeMessage({ source: 's', sequence: 1, rows, copy }, SCHEMA)
      const { records } = await builder.build(taken, 77n, async () => 1000n)
      const before = pool.idleBytes
      records[0]!.release!()
      records[0]!.release!()
      expect(pool.idleBytes > before).toBe(copy)
    }
  })
})
