/** Segments as trees of files: what is written where. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseInsertLogPath, parsePrimaryKeyStats } from '../lib/binlog/index.js'
import { Bm25Stats, buildRecord } from '../lib/data/index.js'
import { createCollectionSchema, SimpleArrowRecord } from '../lib/schema/index.js'
import {
  locateSegment,
  SegmentReader,
  SegmentWriter,
  segmentStats,
  verifySegment,
  writeSegment,
} from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  chunk,
  columnOf,
  counter,
  deletes,
  IDS,
  segmentIn,
  twoChunks,
} from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-writer')
let trees = 0
const tree = () => join(directory, String(trees++))
const keysBelow = (root: string) =>
  filesBelow(root)
    .map((file) => relative(root, file))
    .sort()

test('StorageV2: a log per group and chunk, statistics per chunk and merged', async () => {
  const root = tree()
  const { info } = await segmentIn(root, twoChunks(), { deletes: deletes([1n, 60], [2n, 55]) })
  expect(keysBelow(root)).toEqual(
    [
      '_segment/1/2/3.json',
      'delta_log/1/2/3/1008',
      ...['0/1000', '0/1004', '1/1001', '1/1005', '101/1002', '101/1006'].map(
        (name) => `insert_log/1/2/3/${name}`,
      ),
      ...['1', '1003', '1007'].map((name) => `stats_log/1/2/3/100/${name}`),
    ].sort(),
  )
  expect(info).toMatchObject({ ...IDS, storageVersion: 2, numRows: 5 })
  expect(info.binlogs.map(({ fieldId, childFields }) => [fieldId, childFields])).toEqual([
    [0n, [0n, 1n, 100n]],
    [1n, [102n, 103n]],
    [101n, [101n]],
  ])
  const [first, second] = info.binlogs[1]!.binlogs
  expect(first).toMatchObject({ entriesNum: 3, timestampFrom: 10n, timestampTo: 30n })
  expect(second).toMatchObject({ entriesNum: 2, timestampFrom: 40n, timestampTo: 50n })
  expect(first!.logSize).toBe(readFileSync(join(root, first!.logPath)).length)
  expect([...first!.fieldNullCounts]).toEqual([
    [102n, 1],
    [103n, 0],
  ])
  expect(info.deltalogs[0]).toMatchObject({ fieldId: 100n, binlogs: [{ entriesNum: 2 }] })
  expect(info.deltalogs[0]!.binlogs[0]).toMatchObject({ timestampFrom: 55n, timestampTo: 60n })
})

test('StorageV1: a binlog per field and chunk', async () => {
  const root = tree()
  const { info } = await segmentIn(root, twoChunks(), { storageVersion: 0 })
  expect(info.binlogs.map(({ fieldId }) => fieldId)).toEqual([0n, 1n, 100n, 101n, 102n, 103n])
  expect(info.binlogs.every(({ childFields }) => childFields.length === 0)).toBe(true)
  const paths = info.binlogs.flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath))
  expect(paths).toHaveLength(12)
  for (const path of paths) {
    expect(readFileSync(join(root, path)).subarray(0, 4).toString('hex')).toBe('bcfaff00')
    expect(parseInsertLogPath(path)).toMatchObject(IDS)
  }
})

test('merged statistics are those of every chunk', async () => {
  const root = tree()
  await segmentIn(root, twoChunks())
  const read = (log: string) =>
    parsePrimaryKeyStats(readFileSync(join(root, 'stats_log/1/2/3/100', log)))
  const merged = read('1')
  expect(merged.map(({ min, max }) => [min, max])).toEqual([
    [1n, 3n],
    [4n, 5n],
  ])
  expect(read('1003')).toEqual([merged[0]])
  expect([...(await merged[0]!.mayContain(BigInt64Array.of(1n, 2n, 3n, 4n)))]).toEqual([1, 1, 1, 0])
})

test('the terms of a BM25 function are counted', async () => {
  const schema = createCollectionSchema({
    name: 'texts',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'text', dataType: 'VarChar', maxLength: 99 },
      { name: 'terms', dataType: 'SparseFloatVector', isFunctionOutput: true },
    ],
    functions: [
      { name: 'bm25', type: 'BM25', inputFieldNames: ['text'], outputFieldNames: ['terms'] },
    ],
  })
  const row = (id: number, terms: Record<number, number>) => ({
    ...{ RowID: id, Timestamp: 9, id, text: `${id}`, terms },
  })
  const root = tree()
  const data = [
    chunk(schema, [row(1, { 7: 2, 9: 1 }), row(2, { 7: 3 })]),
    chunk(schema, [row(3, { 9: 4 })]),
  ]
  const { info, chunkManager } = await segmentIn(root, data, { schema })
  const [list] = info.bm25logs
  expect(list).toMatchObject({ fieldId: 102n, binlogs: [{}, {}, { logId: 1n, entriesNum: 3 }] })
  const merged = Bm25Stats.deserialize(readFileSync(join(root, list!.binlogs[2]!.logPath)))
  expect(merged).toMatchObject({ numRow: 3, numToken: 10 })
  expect([...merged.rowsWithToken]).toEqual([
    [7, 2],
    [9, 2],
  ])
  const segment = await locateSegment({ chunkManager, segmentId: 3 })
  expect(await verifySegment({ chunkManager, segment })).toMatchObject({ ok: true, rows: 3 })
})

test('a failure leaves nothing, chunks that were finished included', async () => {
  const root = tree()
  const wrong = chunk(createCollectionSchema({ name: 'other', fields: BOOKS.fields.slice(0, 2) }), [
    { ...{ RowID: 1n, Timestamp: 1n, id: 1n }, embedding: Float32Array.of(1, 2, 3, 4) },
  ])
  const error = await rejection(() => segmentIn(root, [...twoChunks(), wrong]))
  expect(error).toMatchObject({ code: 'InvalidData', field: 'pages' })
  expect(filesBelow(root)).toEqual([])
})

test('a segment is written once', async () => {
  const root = tree()
  await segmentIn(root, twoChunks())
  const before = filesBelow(root).map((file) => [file, readFileSync(file)])
  const again = { allocateId: counter(9000n) }
  const error = await rejection(() => segmentIn(root, twoChunks(), again))
  expect(error).toMatchObject({ code: 'AlreadyExists', path: '_segment/1/2/3.json' })
  const bare = await rejection(() => segmentIn(root, [], { ...again, sidecar: false }))
  expect(bare).toMatchObject({ code: 'AlreadyExists' })
  expect(filesBelow(root).map((file) => [file, readFileSync(file)])).toEqual(before)
})

test('deletes by keys of another type leave nothing', async () => {
  const root = tree()
  const error = await rejection(() => segmentIn(root, twoChunks(), { deletes: deletes(['1', 60]) }))
  expect(error).toMatchObject({ code: 'TypeMismatch', field: 'id' })
  expect(error.message).toContain('Expected int64 keys')
  expect(filesBelow(root)).toEqual([])
})

test.each([
  ['no options', undefined],
  ['no iterable', { data: twoChunks()[0] }],
  ['rows instead of chunks', { data: [{ id: 1n }] }],
])('%s to write is refused', async (_, given) => {
  const root = tree()
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const options = { schema: BOOKS, chunkManager, ids: IDS, allocateId: counter() }
  const whole = given === undefined ? undefined : { ...options, ...given }
  const error = await rejection(() => writeSegment(whole as never))
  expect(error.code).toBe('InvalidArgument')
  expect(existsSync(root)).toBe(false)
})

test('records stream into chunks of a bounded size', async () => {
  const { chunkManager, info } = await segmentIn(tree(), twoChunks())
  const reader = await SegmentReader.open({
    ...{ schema: BOOKS, binlogs: info.binlogs, chunkManager, systemFields: true },
    batchRows: 1,
  })
  const target = new LocalChunkManager({ rootPath: tree() })
  const writer = new SegmentWriter({
    ...{ schema: BOOKS, chunkManager: target, ids: IDS, allocateId: counter() },
    chunkBytes: 100,
  })
  for await (const batch of reader) await writer.write(new SimpleArrowRecord(batch))
  const written = await writer.finish()
  expect(written.binlogs.map(({ binlogs }) => binlogs.map(({ entriesNum }) => entriesNum))).toEqual(
    Array(3).fill([2, 2, 1]),
  )
  const options = { schema: BOOKS, binlogs: written.binlogs, chunkManager: target }
  expect(await columnOf('id', options)).toEqual([1n, 2n, 3n, 4n, 5n])
  expect(await rejection(() => writer.finish())).toMatchObject({ code: 'Closed' })
})

test('calls may overlap: they run in call order, and end with the first that fails', async () => {
  const records = twoChunks().map((data) => buildRecord(data.schema, [data]))
  const chunkManager = new LocalChunkManager({ rootPath: tree() })
  const options = { schema: BOOKS, chunkManager, ids: IDS, allocateId: counter() }
  const writer = new SegmentWriter(options)
  const writes = records.map((record) => writer.write(record))
  const [info] = await Promise.all([writer.finish(), ...writes, writer.abort()])
  expect(await columnOf('id', { schema: BOOKS, binlogs: info.binlogs, chunkManager })).toEqual([
    1n,
    2n,
    3n,
    4n,
    5n,
  ])

  const rootPath = tree()
  const failing = new SegmentWriter({
    ...options,
    chunkManager: new LocalChunkManager({ rootPath }),
  })
  const wrong = new SimpleArrowRecord(records[0]!.toBatch().select(['id']))
  const settled = await Promise.allSettled([
    failing.write(records[0]!),
    failing.endChunk(),
    failing.write(wrong),
    failing.write(records[1]!),
    failing.finish(),
  ])
  expect(
    settled.map((call) => (call.status === 'rejected' ? call.reason.code : call.status)),
  ).toEqual(['fulfilled', 'fulfilled', 'InvalidSchema', 'Closed', 'Closed'])
  expect(filesBelow(rootPath)).toEqual([])
})

test.each([
  [
    'a schema without a primary key',
    { schema: { ...BOOKS, fields: BOOKS.fields.slice(1) } },
    'InvalidSchema',
  ],
  ['an unknown option', { storageversion: 2 }, 'InvalidArgument'],
  ['storage version 1', { storageVersion: 1 }, 'NotSupported'],
  ['a negative id', { ids: { ...IDS, segmentId: -3 } }, 'InvalidArgument'],
  ['the log id of merged statistics', { allocateId: () => 1n }, 'InvalidArgument'],
])('%s is refused', async (_, options, code) => {
  const root = tree()
  expect(await rejection(() => segmentIn(root, twoChunks(), options as never))).toMatchObject({
    code,
  })
  expect(existsSync(root)).toBe(false)
})

test('the sums of a segment', async () => {
  const { chunkManager, info } = await segmentIn(tree(), twoChunks(), {
    deletes: deletes([1n, 60]),
  })
  const stats = segmentStats(await locateSegment({ chunkManager, segmentId: 3 }))
  expect(stats).toMatchObject({ ...IDS, rows: 5, timestampFrom: 10n, timestampTo: 50n })
  expect(stats.groups.map(({ id, fields, logs, entries }) => [id, fields, logs, entries])).toEqual([
    [0n, ['RowID', 'Timestamp', 'id'], 2, 5],
    [1n, ['pages', 'title'], 2, 5],
    [101n, ['embedding'], 2, 5],
  ])
  expect(stats.groups[1]!.nullCounts.get(102n)).toBe(1)
  const bytes = info.binlogs.flatMap(({ binlogs }) => binlogs.map(({ logSize }) => logSize))
  expect(stats.insert).toMatchObject({ logs: 6, logBytes: bytes.reduce((a, b) => a + b) })
  expect(stats.deletes).toMatchObject({ logs: 1, entries: 1 })
})
