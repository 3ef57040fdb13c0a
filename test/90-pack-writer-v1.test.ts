/** Packs as files of a StorageV1 segment, L0 segments included. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDeleteLog } from '../lib/binlog/index.js'
import { Bm25Stats, InsertData } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import { createCollectionSchema, withSystemFields } from '../lib/schema/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { BulkPackWriter, type PackTarget, type SyncPack } from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes, TITLES, twoChunks } from './support/segments.js'
import {
  bare,
  CountingAllocator,
  failingWrites,
  keysOf,
  pathsOf,
  rowsOfLogs,
  targetAt,
} from './support/sync.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('pack-writer-v1')
let trees = 0
const local = () => new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
const write = (pack: SyncPack, chunkManager: ChunkManager, more: Partial<PackTarget> = {}) =>
  new BulkPackWriter(targetAt(chunkManager, more)).write(pack)
const network = () => new PackedError('Network', 'reset by peer')

/** RowID, Timestamp, key and vector. */
const FOUR = withSystemFields(
  createCollectionSchema({
    name: 'four',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'v', dataType: 'FloatVector', dim: 2 },
    ],
  }),
)
const rows = () =>
  InsertData.fromRows(FOUR, [{ RowID: 1, Timestamp: 5, id: 1, v: Float32Array.of(1, 2) }])
const stats = (...fields: bigint[]) => new Map(fields.map((id) => [id, new Bm25Stats()]))
const some = () => deletes([1n, 60n])

describe('ids are reserved with one call', () => {
  test.each<[string, SyncPack, number[]]>([
    ['inserts of 4 fields (case 1)', bare().withInsertData([rows()]), [8]],
    ['with a flush (case 1)', bare().withInsertData([rows()]).withFlush(), [9]],
    [
      'with a flush and deletes (case 1)',
      bare().withInsertData([rows()]).withFlush().withDeleteData(some()),
      [10],
    ],
    [
      'with a flush, deletes and a BM25 field (case 1)',
      bare().withInsertData([rows()]).withFlush().withDeleteData(some()).withBm25Stats(stats(102n)),
      [12],
    ],
    ['deletes (case 2)', bare().withDeleteData(some()), [1]],
    ['nothing (case 2)', bare(), []],
    ['a flush (case 2)', bare().withFlush(), [1]],
    ['a flush and 2 BM25 fields (case 2)', bare().withFlush().withBm25Stats(stats(8n, 9n)), [4]],
  ])('%s', async (_, pack, expected) => {
    const allocator = new CountingAllocator()
    await write(pack, local(), { allocator, schema: FOUR })
    expect(allocator.calls).toEqual(expected)
  })

  test('and given out in their order', async () => {
    const pack = bare().withInsertData([rows()]).withFlush().withDeleteData(some())
    const logs = await write(pack, local(), { schema: FOUR })
    const ids = [...logs.inserts.values(), ...logs.stats.values(), logs.delta!]
    expect(ids.map(({ binlogs }) => binlogs[0]!.logId)).toEqual(
      [1000, 1001, 1002, 1003, 1004, 1005].map(BigInt),
    )
  })
})

test('a binlog per field over all chunks, in their order', async () => {
  const chunks = local()
  const logs = await write(bare().withInsertData(twoChunks()), chunks)
  expect([...logs.inserts.keys()]).toEqual([0n, 1n, 100n, 101n, 102n, 103n])
  for (const { binlogs, childFields } of logs.inserts.values()) {
    expect([binlogs.length, binlogs[0]!.entriesNum, childFields]).toEqual([1, 5, []])
    const bytes = readFileSync(join(chunks.rootPath, binlogs[0]!.logPath))
    expect(bytes.subarray(0, 4).toString('hex')).toBe('bcfaff00')
    expect(binlogs[0]!.logSize).toBe(bytes.length)
  }
  const read = await rowsOfLogs(chunks, logs)
  expect(read.map(({ pages }) => pages)).toEqual([10, 20, null, 40, 50])
})

test('times come from the pack (case 7)', async () => {
  const data = [chunk(BOOKS, [book(1, 30), book(2, 10), book(3, 20)])]
  const logs = await write(bare().withInsertData(data), local())
  const times = [...logs.inserts.values()].map(({ binlogs: [log] }) => [
    log!.timestampFrom,
    log!.timestampTo,
  ])
  expect(times).toEqual(Array(6).fill([1n, 99n]))
})

test('without rows there are no files (case 5)', async () => {
  const chunks = local()
  const logs = await write(bare().withFlush(), chunks)
  expect([logs.inserts, logs.stats, logs.bm25, logs.delta]).toEqual([
    ...[new Map(), new Map(), new Map()],
    undefined,
  ])
  expect(await keysOf(chunks)).toEqual([])
})

test('deletes of an L0 segment, of one partition and of all', async () => {
  for (const partition of [2n, -1n]) {
    const chunks = local()
    const pack = bare()
      .withPartitionId(partition)
      .withLevel('L0')
      .withFlush()
      .withDeleteData(deletes(['b', 7n], ['a<', 6n]))
    const target = { partitionId: partition, schema: withSystemFields(TITLES) }
    const logs = await write(pack, chunks, target)
    const path = `delta_log/1/${partition}/3/1000`
    expect(await keysOf(chunks)).toEqual([path])
    expect(logs.delta).toMatchObject({ fieldId: 100n, binlogs: [{ logPath: path, entriesNum: 2 }] })
    const read = await readDeleteLog(chunks, path)
    expect([read.keys, [...read.timestamps]]).toEqual([
      ['b', 'a<'],
      [7n, 6n],
    ])
  }
})

test('deletes by keys of another type are refused', async () => {
  const chunks = local()
  const pack = bare().withDeleteData(deletes(['a', 7n]))
  expect(await rejection(() => write(pack, chunks))).toMatchObject({ code: 'TypeMismatch' })
  expect(await keysOf(chunks)).toEqual([])
})

test('rows to be encrypted are not written in the clear', async () => {
  const chunks = local()
  const pluginContext = { key: new Uint8Array(16), encryptionZone: 1 }
  const pack = bare().withInsertData(twoChunks())
  const error = await rejection(() => write(pack, chunks, { pluginContext }))
  expect(error).toMatchObject({ code: 'NotSupported' })
  expect(await keysOf(chunks)).toEqual([])
})

test('a failed attempt is done again with ids that are spare', async () => {
  const chunks = local()
  const allocator = new CountingAllocator()
  const failing = failingWrites(chunks, [network()], 'insert_log/1/2/3/101/')
  const logs = await write(bare().withInsertData(twoChunks()), failing, { allocator })
  expect(allocator.calls).toEqual([12, 1])
  expect(logs.inserts.get(101n)!.binlogs[0]!.logId).toBe(1009n)
  expect(await keysOf(chunks)).toEqual(pathsOf(logs))
  expect(await rowsOfLogs(chunks, logs)).toHaveLength(5)
})

test('a last failed attempt leaves nothing (case 4)', async () => {
  const chunks = local()
  const failing = failingWrites(chunks, [network(), network(), network()], 'stats_log/')
  const error = await rejection(() => write(bare().withInsertData(twoChunks()), failing))
  expect(error).toMatchObject({ code: 'Network' })
  expect(await keysOf(chunks)).toEqual([])
})
