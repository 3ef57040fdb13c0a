/** Columns that live in Parquet payloads of their own (StorageV1), and which rows are visible. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Field,
  Int64,
  makeVector,
  type RecordBatch,
  Schema,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { memoryUsage, PackedReader, PackedWriter } from '../lib/index.js'
import {
  encodePayload,
  PayloadReader,
  type PayloadReaderOptions,
  type PayloadSource,
  VisibilityFilter,
} from '../lib/packed/index.js'
import { rejection } from './support/rejection.js'
import { batchOf, field } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('payload')
const ROWS = 1000
const TIMESTAMP_ID = 1n
const KEY_ID = 100n
const schema = new Schema([
  field('ts', new Int64(), 1),
  field('id', new Int64(), 100),
  field('title', new Utf8(), 101, true),
])

const timestampOf = (row: number): bigint => BigInt(row + 1)
const titleOf = (row: number): string | null => (row % 7 === 0 ? null : `title ${row} 🦉`)
const numbersOf = (start: number, end: number) =>
  Array.from({ length: end - start }, (_, i) => start + i)

function column(name: 'ts' | 'id' | 'title', start: number, end: number): RecordBatch {
  const rows = numbersOf(start, end)
  if (name === 'title') {
    const values = vectorFromArray(rows.map(titleOf), new Utf8())
    return batchOf(new Schema([new Field('val', new Utf8(), true)]), [values])
  }
  const value = name === 'ts' ? timestampOf : BigInt
  const values = makeVector(BigInt64Array.from(rows, value))
  return batchOf(new Schema([new Field('val', new Int64())]), [values])
}

async function inMemory(name: 'ts' | 'id' | 'title', cuts = [0, ROWS]): Promise<PayloadSource[]> {
  const payloads: PayloadSource[] = []
  for (let i = 1; i < cuts.length; i++) {
    const batch = column(name, cuts[i - 1]!, cuts[i]!)
    payloads.push({ bytes: await encodePayload(batch.schema, [batch]) })
  }
  return payloads
}

let columns: PayloadReaderOptions['columns']

beforeAll(async () => {
  columns = [
    { payloads: await inMemory('ts') },
    { payloads: await inMemory('id', [0, 300, 300, 301, ROWS]) },
    { payloads: await inMemory('title', [0, 999, ROWS]) },
  ]
})

const open = (options: Partial<PayloadReaderOptions> = {}) =>
  PayloadReader.open({ schema, columns, ...options })

async function rowsOf(reader: PayloadReader | PackedReader): Promise<Record<string, unknown>[]> {
  return (await reader.toTable()).toArray().map((row) => row.toJSON())
}

const rowAt = (row: number) => ({ ts: timestampOf(row), id: BigInt(row), title: titleOf(row) })

describe('encodePayload', () => {
  test('gives a Parquet file of its own memory', async () => {
    const batch = column('id', 0, ROWS)
    const before = memoryUsage().lentBytes
    const plain = await encodePayload(batch.schema, [batch, batch], { dictionary: false })
    expect(Buffer.from(plain.subarray(0, 4)).toString()).toBe('PAR1')
    expect(Buffer.from(plain.subarray(-4)).toString()).toBe('PAR1')
    const raw = await encodePayload(batch.schema, [batch, batch], {
      compression: 'uncompressed',
      dictionary: false,
    })
    expect(raw.byteLength).toBeGreaterThan(2 * ROWS * 8)
    expect(plain.byteLength).toBeLessThan(raw.byteLength)
    // Less where batches of other test files were collected meanwhile.
    expect(memoryUsage().lentBytes).toBeLessThanOrEqual(before)
  })

  test('refuses what is no batch of the schema', async () => {
    const batch = column('id', 0, 3)
    expect(await rejection(() => encodePayload(schema, [batch]))).toMatchObject({
      code: 'InvalidArgument',
      field: 'ts',
    })
    expect(
      await rejection(() => encodePayload(batch.schema, [batch], { codec: 'zstd' } as never)),
    ).toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('"codec"') })
    expect(
      await rejection(() =>
        encodePayload(batch.schema, [batch], { compression: { codec: 'zstd', level: 23 } }),
      ),
    ).toMatchObject({ code: 'InvalidArgument' })
    const nulls = batchOf(batch.schema, [vectorFromArray([1n, null], new Int64())])
    expect(await rejection(() => encodePayload(batch.schema, [nulls]))).toMatchObject({
      code: 'InvalidData',
      field: 'val',
    })
    structuredClone(0, { transfer: [batch.data.children[0]!.values.buffer as ArrayBuffer] })
    expect(await rejection(() => encodePayload(batch.schema, [batch]))).toMatchObject({
      code: 'Detached',
    })
  })
})

describe('PayloadReader', () => {
  test('joins columns that are cut at different rows', async () => {
    const reader = await open({ batchRows: 256 })
    expect(reader.numRows).toBe(ROWS)
    expect(reader.schema.names).toEqual(['ts', 'id', 'title'])
    expect(await rowsOf(reader)).toEqual(numbersOf(0, ROWS).map(rowAt))
    expect(await reader.readNext()).toBeNull()
    await reader.close()
    await reader.close()
    expect(await rejection(() => reader.readNext())).toMatchObject({
      code: 'Closed',
      message: expect.stringContaining('PayloadReader'),
    })
  })

  test('reads windows of files', async () => {
    const path = join(directory, 'binlog')
    const parts = columns[1]!.payloads.map(({ bytes }) => bytes!)
    const gap = Buffer.alloc(33, 0xab)
    let offset = 0
    const payloads = parts.map(({ length }) => {
      const start = offset + gap.length
      offset = start + length
      return { path, offset: start, length }
    })
    writeFileSync(path, Buffer.concat(parts.flatMap((part) => [gap, part])))
    const only = { schema: new Schema([schema.fields[1]!]) }
    const reader = await open({ ...only, columns: [{ payloads }] })
    expect(await rowsOf(reader)).toEqual(numbersOf(0, ROWS).map((row) => ({ id: BigInt(row) })))

    const cut = payloads.map((payload, i) =>
      i === 3 ? { ...payload, length: payload.length - 1 } : payload,
    )
    const failure = rejection(() => open({ ...only, columns: [{ payloads: cut }] }))
    expect(await failure).toMatchObject({ code: 'FileCorrupted', path, field: 'id' })
  })

  test('takes bytes over when it is opened', async () => {
    const payloads = columns[0]!.payloads.map(({ bytes }) => ({ bytes: bytes!.slice() }))
    const { buffer } = payloads[0]!.bytes
    const reader = await open({ schema: new Schema([schema.fields[0]!]), columns: [{ payloads }] })
    payloads[0]!.bytes.fill(0)
    structuredClone(buffer, { transfer: [buffer] })
    expect((await rowsOf(reader)).at(-1)).toEqual({ ts: timestampOf(ROWS - 1) })
    expect(
      await rejection(() => open({ columns: [{ payloads }, columns[1]!, columns[2]!] })),
    ).toMatchObject({ code: 'Detached' })
  })

  test('fills fields without payloads, and picks and orders columns', async () => {
    const added = new Schema([...schema.fields, field('added', new Utf8(), 102, true)])
    const sources = [...columns, { payloads: [] }]
    const options = { schema: added, columns: sources, defaults: { added: 'new' } }
    const reader = await open({ ...options, output: [3, 1] })
    expect(reader.schema.names).toEqual(['added', 'id'])
    expect((await rowsOf(reader))[5]).toEqual({ added: 'new', id: 5n })
    const nothing = columns.map(() => ({ payloads: [] }))
    const constants = await rowsOf(await open({ columns: nothing, rows: 3 }))
    expect(constants).toEqual(Array(3).fill({ ts: null, id: null, title: null }))
  })

  test('refuses unequal totals, naming both fields', async () => {
    const short = [columns[0]!, columns[1]!, { payloads: columns[2]!.payloads.slice(0, 1) }]
    const failure = await rejection(() => open({ columns: short }))
    expect(failure).toMatchObject({ code: 'FileCorrupted', field: 'title' })
    expect(failure.message).toMatch(/1000 rows.*ts.*title.*999/)
  })

  test.each<[string, Record<string, unknown>]>([
    ['columns', { columns: [] }],
    ['columns[0]', { columns: [1, 2, 3] }],
    ['payloads', { columns: [{ payloads: 1 }, { payloads: [] }, { payloads: [] }] }],
    ['length', { columns: [{ payloads: [{ path: 'x' }] }, { payloads: [] }, { payloads: [] }] }],
    ['"colums"', { colums: [] }],
    ['rows', { rows: -1 }],
    ['output[0]', { output: [3] }],
    ['batchRows', { batchRows: 0 }],
    ['visibility', { visibility: 1 }],
    ['visibility', { visibility: { filter: 1, keyField: 1n, timestampField: 1n } }],
  ])('refuses a wrong %s', async (name, options) => {
    const failure = await rejection(() => open(options as never))
    expect(failure.code).toBe('InvalidArgument')
    expect(failure.message).toContain(name)
  })

  test('ends with an abort, and with a close in the middle', async () => {
    const reason = new Error('enough')
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const aborted = await open({ signal: controller.signal, batchRows: 10 })
    await aborted.readNext()
    const pending = aborted.readNext()
    controller.abort(reason)
    await pending.catch((error) => expect(error).toBe(reason))
    await expect(aborted.readNext()).rejects.toBe(reason)
    await aborted.close()

    const busy = await open({ batchRows: 10 })
    const batches = [busy.readNext(), busy.readNext()]
    const closing = busy.close()
    expect((await Promise.all(batches)).map((batch) => batch?.numRows)).toEqual([10, 10])
    expect((await rejection(() => busy.readNext())).code).toBe('Closed')
    await closing
  })
})

describe('VisibilityFilter', () => {
  const visibleRows = async (
    filter: VisibilityFilter,
    options: Partial<PayloadReaderOptions> = {},
  ) => rowsOf(await open({ ...options, visibility: filter.native(KEY_ID, TIMESTAMP_ID) }))

  test('hides rows below the latest delete of their key, and later than the read', async () => {
    const filter = new VisibilityFilter(900n)
    const keys = BigInt64Array.of(5n, 6n, 7n, 8n, 5n)
    // Row 5 has timestamp 6, and so on.
    await filter.addDeletes(keys, BigInt64Array.of(6n, 8n, 7n, 901n, 1n))
    const rows = await visibleRows(filter)
    const hidden = [6, ...numbersOf(900, ROWS)]
    expect(rows).toEqual(
      numbersOf(0, ROWS)
        .filter((row) => !hidden.includes(row))
        .map(rowAt),
    )
    expect(filter.stats).toEqual({ deletedKeys: 3, hiddenRows: 101 })
  })

  test('works on columns that do not come out', async () => {
    const filter = new VisibilityFilter(2)
    expect(await visibleRows(filter, { output: [2] })).toEqual([
      { title: null },
      { title: titleOf(1) },
    ])
  })

  test('takes strings, unsigned timestamps and Arrow data', async () => {
    const filter = new VisibilityFilter(2n ** 63n - 1n)
    await filter.addDeletes(['title 1 🦉', ''], BigUint64Array.of(5n, 5n))
    const more = vectorFromArray(['title 2 🦉'], new Utf8()).data[0]!
    await filter.addDeletes(more, makeVector(BigInt64Array.of(5n)).data[0]!)
    const titled = new Schema([schema.fields[0]!, field('title', new Utf8(), 101)])
    const rows = [1, 2, 3].map(titleOf)
    const batch = batchOf(new Schema([new Field('val', new Utf8())]), [
      vectorFromArray(rows, new Utf8()),
    ])
    const reader = await PayloadReader.open({
      schema: titled,
      columns: [
        {
          payloads: [
            { bytes: await encodePayload(column('ts', 1, 4).schema, [column('ts', 1, 4)]) },
          ],
        },
        { payloads: [{ bytes: await encodePayload(batch.schema, [batch]) }] },
      ],
      visibility: filter.native(101, 1),
    })
    expect(await rowsOf(reader)).toEqual([{ ts: 4n, title: titleOf(3) }])
    expect(filter.stats).toEqual({ deletedKeys: 3, hiddenRows: 2 })
  })

  test('filters packed files, too', async () => {
    const groups = [
      { id: 0, path: join(directory, 'group-0'), fields: ['ts', 'id'] },
      { id: 101, path: join(directory, 'group-101'), fields: ['title'] },
    ]
    const writer = await PackedWriter.open({ schema, groups })
    const children = (['ts', 'id', 'title'] as const).map(
      (name) => column(name, 0, ROWS).getChildAt(0)!,
    )
    await writer.write(batchOf(schema, children))
    await writer.finish()
    const filter = new VisibilityFilter(500)
    await filter.addDeletes(BigInt64Array.of(0n), BigInt64Array.of(2n))
    const reader = await PackedReader.open({
      paths: groups.map(({ path }) => path),
      columns: ['title'],
      visibility: filter.native(KEY_ID, TIMESTAMP_ID),
    })
    expect(reader.numRows).toBe(ROWS)
    expect(await rowsOf(reader)).toEqual(numbersOf(1, 500).map((row) => ({ title: titleOf(row) })))
    const missing = rejection(() =>
      PackedReader.open({
        paths: [groups[1]!.path],
        visibility: filter.native(KEY_ID, TIMESTAMP_ID),
      }),
    )
    expect(await missing).toMatchObject({ code: 'InvalidArgument' })
  })

  test('refuses other keys, nulls and lengths', async () => {
    const filter = new VisibilityFilter(10)
    const one = BigInt64Array.of(1n)
    const refused: [unknown, unknown, string][] = [
      [[1], one, 'InvalidArgument'],
      [one, [1], 'InvalidArgument'],
      [one, BigInt64Array.of(1n, 2n), 'InvalidArgument'],
      [vectorFromArray([1n, null], new Int64()).data[0], BigInt64Array.of(1n, 2n), 'InvalidData'],
    ]
    for (const [keys, timestamps, code] of refused) {
      expect(
        await rejection(() => filter.addDeletes(keys as never, timestamps as never)),
      ).toMatchObject({ code })
    }
    await filter.addDeletes(one, one)
    expect((await rejection(() => filter.addDeletes(['1'], one))).code).toBe('TypeMismatch')
    expect(filter.stats).toEqual({ deletedKeys: 1, hiddenRows: 0 })
    expect((await rejection(() => new VisibilityFilter(-1))).code).toBe('InvalidArgument')
    expect((await rejection(() => new VisibilityFilter(2n ** 63n))).code).toBe('InvalidArgument')
  })

  test('cannot be used any more when its deletes were taken away meanwhile', async () => {
    const filter = new VisibilityFilter(10)
    const many = BigInt64Array.from(numbersOf(0, 100_000), BigInt)
    const adding = filter.addDeletes(many, many.slice())
    structuredClone(0, { transfer: [many.buffer] })
    expect((await rejection(() => adding)).code).toBe('Detached')
    expect((await rejection(() => filter.native(KEY_ID, TIMESTAMP_ID))).code).toBe('Detached')
  })
})
