/** Any rows through InsertData, the files of a segment and SegmentReader; any deletes, any time. */
import { join } from 'node:path'
import fc from 'fast-check'
import { InsertData, rowsOf } from '../lib/data/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  type FieldInit,
  withSystemFields,
} from '../lib/schema/index.js'
import { SegmentReader } from '../lib/segment/index.js'
import { BOOKS, chunk, columnOf, deletes, segmentIn, type Values } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('cases-round-trip')
let trees = 0
const tree = () => join(root, String(trees++))

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

const int64 = fc.oneof(
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.constantFrom(INT64_MIN, INT64_MAX, 0n, 9007199254740993n),
)
const integer = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const float = fc.oneof(fc.float(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0))
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '👩‍👩‍👧', '数据', '\0', 'x'.repeat(30_000)),
)
const list = (values: fc.Arbitrary<unknown>) => fc.array(values, { maxLength: 5 })
const sparse = fc
  .dictionary(fc.integer({ min: 0, max: 2 ** 32 - 2 }).map(String), fc.integer(), { maxKeys: 5 })
  .map((object) => {
    const pairs = Object.entries(object).map(([key, value]) => [+key, Math.fround(value)] as const)
    return new Map(pairs.sort(([a], [b]) => a - b))
  })

/** Bytes of any bit pattern from a seed, so that long vectors cost nothing to shrink. */
const bytes = (length: number) =>
  fc.nat().map((seed) => {
    let state = seed
    return Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    })
  })

/** Every data type that is a column, and values as rows have them. */
function everyType(dim: number): [Omit<FieldInit, 'name'>, fc.Arbitrary<unknown>][] {
  const array = { dataType: 'Array', maxCapacity: 9 } as const
  return [
    [{ dataType: 'Bool' }, fc.boolean()],
    [{ dataType: 'Int8' }, integer(8)],
    [{ dataType: 'Int16' }, integer(16)],
    [{ dataType: 'Int32' }, integer(32)],
    [{ dataType: 'Int64' }, int64],
    [{ dataType: 'Timestamptz' }, int64],
    [{ dataType: 'Float' }, float],
    [{ dataType: 'Double' }, fc.double()],
    [{ dataType: 'String' }, text],
    [{ dataType: 'VarChar', maxLength: 65535 }, text],
    [{ dataType: 'Text' }, text],
    [{ dataType: 'JSON' }, fc.record({ a: fc.option(text), b: fc.array(fc.integer()) })],
    [{ dataType: 'Geometry' }, bytes(21)],
    [{ ...array, elementType: 'Bool' }, list(fc.boolean())],
    [{ ...array, elementType: 'Int16' }, list(integer(16))],
    [{ ...array, elementType: 'Int64' }, list(int64)],
    [{ ...array, elementType: 'Double' }, list(fc.double())],
    [{ ...array, elementType: 'VarChar', maxLength: 65535 }, list(text)],
    [{ dataType: 'FloatVector', dim }, bytes(4 * dim).map((b) => new Float32Array(b.buffer))],
    [{ dataType: 'Float16Vector', dim }, bytes(2 * dim).map((b) => new Uint16Array(b.buffer))],
    [{ dataType: 'BFloat16Vector', dim }, bytes(2 * dim).map((b) => new Uint16Array(b.buffer))],
    [{ dataType: 'Int8Vector', dim }, bytes(dim).map((b) => new Int8Array(b.buffer))],
    [{ dataType: 'BinaryVector', dim: 8 * Math.ceil(dim / 8) }, bytes(Math.ceil(dim / 8))],
    [{ dataType: 'SparseFloatVector' }, sparse],
    [
      { dataType: 'ArrayOfVector', elementType: 'FloatVector', dim: 2, maxCapacity: 9 },
      list(fc.tuple(float, float).map((pair) => Float32Array.from(pair))),
    ],
  ]
}

/** Every type twice, never null and nullable, with system fields and a key. */
function everyField(dim: number): { schema: CollectionSchema; row: fc.Arbitrary<Values> } {
  const fields: FieldInit[] = [{ name: 'pk', dataType: 'Int64', isPrimaryKey: true }]
  const timestamp = fc.bigInt({ min: 1n, max: INT64_MAX - 1n })
  const values: Record<string, fc.Arbitrary<unknown>> = {
    RowID: int64,
    Timestamp: timestamp,
    pk: int64,
  }
  everyType(dim).forEach(([init, value], index) => {
    fields.push({ ...init, name: `x${index}` }, { ...init, name: `n${index}`, nullable: true })
    values[`x${index}`] = value
    values[`n${index}`] = fc.option(value)
  })
  const schema = withSystemFields(createCollectionSchema({ name: 'all', fields }))
  return { schema, row: fc.record(values) }
}

const everything = fc.constantFrom(1, 2, 7, 64, 4096).chain((dim) => {
  const { schema, row } = everyField(dim)
  const rows = fc.array(row, { minLength: 1, maxLength: 4 })
  return fc.record({
    schema: fc.constant(schema),
    chunks: fc.array(rows, { minLength: 1, maxLength: 3 }),
    storageVersion: fc.constantFrom(0 as const, 2 as const),
  })
})

test('rows of every data type come out of a segment as they went in', async () => {
  const property = fc.asyncProperty(everything, async ({ schema, chunks, storageVersion }) => {
    const data = chunks.map((rows) => InsertData.fromRows(schema, rows))
    const { info, chunkManager } = await segmentIn(tree(), data, { schema, storageVersion })
    const { binlogs } = info
    const options = { schema, binlogs, chunkManager, systemFields: true }
    const reader = await SegmentReader.open(options)
    const read: Values[] = []
    for await (const batch of reader) read.push(...rowsOf(batch, schema, { copy: true }))
    await reader.close()
    expect(read).toEqual(chunks.flat())
  })
  await fc.assert(property, { numRuns: 25 })
}, 60_000)

/** Few keys and few timestamps, so that they meet. */
const pair = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }))
const history = fc.record({
  rows: fc.array(pair, { minLength: 1, maxLength: 12 }),
  removed: fc.array(pair, { maxLength: 8 }),
  readTimestamp: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  storageVersion: fc.constantFrom(0 as const, 2 as const),
})

test('what is visible is what its definition says, row by row', async () => {
  let hidden = 0
  const property = fc.asyncProperty(history, async (given) => {
    const { rows, removed, readTimestamp, storageVersion } = given
    const values = rows.map(([id, timestamp], row) => ({
      ...{ RowID: row, Timestamp: timestamp, id, pages: row, title: '' },
      embedding: [id, 0, 0, 0],
    }))
    const { info, chunkManager } = await segmentIn(tree(), [chunk(BOOKS, values)], {
      storageVersion,
      deletes: deletes(...removed.map(([key, time]): [bigint, number] => [BigInt(key), time])),
    })
    const now = readTimestamp ?? Infinity
    const visible = rows.flatMap(([id, timestamp], row) => {
      const times = removed.filter(([key, time]) => key === id && time <= now)
      return timestamp <= now && times.every(([, time]) => time <= timestamp) ? [row] : []
    })
    hidden += rows.length - visible.length
    const { binlogs, deltalogs } = info
    const options = { schema: BOOKS, binlogs, deltalogs, chunkManager }
    const at = readTimestamp === undefined ? options : { ...options, readTimestamp }
    expect(await columnOf('pages', at)).toEqual(visible)
  })
  await fc.assert(property, { numRuns: 60 })
  expect(hidden).toBeGreaterThan(20)
}, 60_000)
