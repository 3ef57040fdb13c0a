/** Packs as files of a StorageV2 segment. */
import { channel } from 'node:diagnostics_channel'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePrimaryKeyStats } from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import { inspectFile } from '../lib/packed/index.js'
import {
  createCollectionSchema,
  type FieldGroup,
  SimpleArrowRecord,
  splitByDefaultPolicies,
  withSystemFields,
} from '../lib/schema/index.js'
import { type ChunkManager, LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import { BulkPackWriterV2, type PackTarget, type SyncPack } from '../lib/sync/index.js'
import { groupsOver } from '../lib/sync/pack-groups.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { recordCollection, recordOf } from './support/records.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes, twoChunks } from './support/segments.js'
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

const directory = temporaryDirectory('pack-writer-v2')
let trees = 0
const local = () => new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
const GROUPS = splitByDefaultPolicies(withSystemFields(BOOKS))
const network = () => new PackedError('Network', 'reset by peer')

function write(
  pack: SyncPack,
  chunkManager: ChunkManager,
  more: Partial<PackTarget> = {},
  groups: readonly FieldGroup[] = GROUPS,
) {
  return new BulkPackWriterV2(targetAt(chunkManager, more)).write(pack, groups)
}

test('two chunks are one log per group, rows in their order (cases 6, 8)', async () => {
  const chunks = local()
  const logs = await write(bare().withInsertData(twoChunks()), chunks)
  expect([...logs.inserts.keys()]).toEqual([0n, 1n, 101n])
  for (const [id, { fieldId, binlogs }] of logs.inserts) {
    expect([fieldId, binlogs.length, binlogs[0]!.entriesNum]).toEqual([id, 1, 5])
  }
  expect(logs.inserts.get(0n)!.childFields).toEqual([0n, 1n, 100n])
  expect(logs.inserts.get(101n)!.childFields).toEqual([101n])
  const rows = await rowsOfLogs(chunks, logs)
  expect(rows.map(({ title }) => title)).toEqual([1, 2, 3, 4, 5].map((id) => `title ${id}`))
})

test('times come from the rows, those of statistics from the pack (case 7)', async () => {
  const rows = [book(1, 30), book(2, 10), book(3, 20)]
  const logs = await write(bare().withInsertData([chunk(BOOKS, rows)]), local())
  const times = (lists: typeof logs.inserts) =>
    [...lists.values()].map(({ binlogs: [log] }) => [log!.timestampFrom, log!.timestampTo])
  expect(times(logs.inserts)).toEqual(Array(3).fill([10n, 30n]))
  expect(times(logs.stats)).toEqual([[1n, 99n]])
})

test('logs say what their files are', async () => {
  const chunks = local()
  const logs = await write(bare().withInsertData(twoChunks()), chunks)
  let bytes = 0
  for (const { binlogs } of [...logs.inserts.values(), ...logs.stats.values()]) {
    const { logPath, logSize, logId, memorySize } = binlogs[0]!
    expect(logSize).toBe(readFileSync(join(chunks.rootPath, logPath)).length)
    expect(logPath.endsWith(`/${logId}`)).toBe(true)
    expect(memorySize).toBeGreaterThan(0)
    bytes += logSize
  }
  expect(logs.sizeBytes).toBe(bytes)
  const file = logs.inserts.get(1n)!.binlogs[0]!
  expect([...file.fieldNullCounts]).toEqual([
    [102n, 1],
    [103n, 0],
  ])
  const info = await inspectFile(file.logPath, { storage: chunks.storage })
  expect(info.rows).toBe(5)
})

test('statistics hold the keys of all chunks', async () => {
  const chunks = local()
  const logs = await write(bare().withInsertData(twoChunks()), chunks)
  const [log] = logs.stats.get(100n)!.binlogs
  const [stats, ...more] = parsePrimaryKeyStats(await chunks.read(log!.logPath))
  expect(more).toEqual([])
  expect(stats).toMatchObject({ min: 1n, max: 5n, fieldId: 100n })
  expect([...(await stats!.mayContain(BigInt64Array.of(1n, 5n, 6n)))]).toEqual([1, 1, 0])
  expect(logs.pkStats).toEqual(stats)
})

test('without rows there are no files and no ids (case 5)', async () => {
  const chunks = local()
  const allocator = new CountingAllocator()
  const logs = await write(bare().withFlush(), chunks, { allocator })
  expect(logs).toMatchObject({ delta: undefined, sizeBytes: 0 })
  expect([logs.inserts, logs.stats, logs.bm25]).toEqual([new Map(), new Map(), new Map()])
  expect(await keysOf(chunks)).toEqual([])
  expect(allocator.calls).toEqual([])
})

test('records, and slices of them, are written as they are', async () => {
  const chunks = local()
  const schema = recordCollection()
  const slice = new SimpleArrowRecord(recordOf(0, 9).toBatch().slice(2, 5))
  const pack = bare().withInsertData([slice, recordOf(20, 2)])
  const logs = await write(pack, chunks, { schema }, splitByDefaultPolicies(schema))
  const rows = await rowsOfLogs(chunks, logs, schema)
  expect(rows.map(({ title }) => title)).toEqual([2, 3, 4, 20, 21].map((row) => `title ${row}`))
  expect(rows.map(({ count }) => count)).toEqual([6, 9, null, 60, 63])
})

test('deletes and BM25 statistics are files of their own', async () => {
  const chunks = local()
  const bm25 = new Bm25Stats()
  const pack = bare()
    .withInsertData(twoChunks())
    .withDeleteData(deletes([1n, 60n], [4n, 45n]))
    .withBm25Stats(new Map([[102n, bm25]]))
  const logs = await write(pack, chunks)
  expect(logs.delta).toMatchObject({
    fieldId: 100n,
    binlogs: [{ entriesNum: 2, timestampFrom: 45n, timestampTo: 60n }],
  })
  expect(await keysOf(chunks)).toEqual(pathsOf(logs))
  const rows = await rowsOfLogs(chunks, logs)
  expect(rows.map(({ id }) => id)).toEqual([2n, 3n, 5n])
  const read = await chunks.read(logs.bm25.get(102n)!.binlogs[0]!.logPath)
  expect(Bm25Stats.deserialize(read).numRow).toBe(0)
})

test('ids of a pack can be reserved at once', async () => {
  const allocator = new CountingAllocator()
  const pack = bare().withInsertData(twoChunks())
  await write(pack, local(), { allocator, idAllocation: 'prefetch' })
  expect(allocator.calls).toEqual([6])
})

describe('a failed attempt', () => {
  test('is done again with new ids, in the end only the last files stand (case 3)', async () => {
    const chunks = local()
    // The first attempt finds its last path taken when it publishes, after the other two files.
    const taken = 'insert_log/1/2/3/101/1002'
    const stages = channel('arrow-packed:packed.publish.before')
    const takePath = () => {
      stages.unsubscribe(takePath)
      writeFileSync(join(chunks.rootPath, taken), 'taken')
    }
    stages.subscribe(takePath)
    const allocator = new CountingAllocator()
    const writer = new BulkPackWriterV2(targetAt(chunks, { allocator }))
    const logs = await writer.write(bare().withInsertData(twoChunks()), GROUPS)
    expect(allocator.calls).toEqual([3, 3, 1])
    expect([...logs.inserts.values()].map(({ binlogs }) => binlogs[0]!.logPath)).toEqual([
      'insert_log/1/2/3/0/1003',
      'insert_log/1/2/3/1/1004',
      'insert_log/1/2/3/101/1005',
    ])
    expect((await keysOf(chunks)).sort()).toEqual([taken, ...pathsOf(logs)].sort())
    expect(Buffer.from(await chunks.read(taken)).toString()).toBe('taken')
    expect(writer.orphans).toContain(taken)
  })

  test('of statistics leaves the insert logs alone', async () => {
    const chunks = local()
    const allocator = new CountingAllocator()
    const failing = failingWrites(chunks, [network(), network()], 'stats_log/')
    const logs = await write(bare().withInsertData(twoChunks()), failing, { allocator })
    expect(allocator.calls).toEqual([3, 1, 1, 1])
    expect(await keysOf(chunks)).toEqual(pathsOf(logs))
    expect(logs.stats.get(100n)!.binlogs[0]!.logId).toBe(1005n)
  })

  test('that was the last one leaves nothing, and is no empty success (case 4)', async () => {
    const chunks = local()
    const allocator = new CountingAllocator()
    const failures = [network(), network(), new PackedError('Network', 'the third')]
    const failing = failingWrites(chunks, failures, 'delta_log/')
    const pack = bare()
      .withInsertData(twoChunks())
      .withDeleteData(deletes([1n, 60n]))
    const error = await rejection(() => write(pack, failing, { allocator }))
    expect(error).toMatchObject({ code: 'Network', message: 'the third' })
    expect(await keysOf(chunks)).toEqual([])
    expect(pack.insertData).toHaveLength(2)
  })

  test('whose files cannot be removed names them', async () => {
    const chunks = local()
    const failing = failingWrites(chunks, [network(), network(), network()], 'stats_log/')
    failing.multiRemove = () => Promise.reject(network())
    const warnings: unknown[] = []
    const logger = { ...targetAt(chunks).logger, warn: (fields: object) => warnings.push(fields) }
    const writer = new BulkPackWriterV2(targetAt(failing, { logger }))
    await rejection(() => writer.write(bare().withInsertData(twoChunks()), GROUPS))
    const kept = ['0/1000', '1/1001', '101/1002'].map((name) => `insert_log/1/2/3/${name}`)
    expect(writer.orphans).toEqual([
      ...[1003, 1004, 1005].map((id) => `stats_log/1/2/3/100/${id}`),
      ...kept,
    ])
    expect(await keysOf(chunks)).toEqual(kept)
    expect(warnings).toContainEqual(expect.objectContaining({ paths: kept }))
  })

  test('is not done again when the rows are to blame', async () => {
    const chunks = local()
    const allocator = new CountingAllocator()
    const twice = [book(1, 10), book(2, 20)]
    const other = createCollectionSchema({ name: 'other', fields: BOOKS.fields.slice(0, 2) })
    const short = chunk(
      other,
      twice.map(({ RowID, Timestamp, id, embedding }) => ({ RowID, Timestamp, id, embedding })),
    )
    const pack = bare().withInsertData([...twoChunks(), short])
    const error = await rejection(() => write(pack, chunks, { allocator }))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'pages' })
    expect(await keysOf(chunks)).toEqual([])
    expect(allocator.calls).toEqual([])
  })

  test('in a place that cannot be one is not done again', async () => {
    const chunks = local()
    await chunks.write('insert_log', new Uint8Array(1))
    const allocator = new CountingAllocator()
    const pack = bare().withInsertData(twoChunks())
    const error = await rejection(() => write(pack, chunks, { allocator }))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(allocator.calls).toEqual([3])
  })

  test('that was aborted leaves nothing', async () => {
    const chunks = local()
    const controller = new AbortController()
    const reason = new Error('enough')
    const failing = failingWrites(chunks, [network()], 'stats_log/')
    const logger = { ...targetAt(chunks).logger, warn: () => controller.abort(reason) }
    const writer = new BulkPackWriterV2(
      targetAt(failing, { logger, retry: { ...targetAt(chunks).retry, initialDelayMs: 1 } }),
    )
    const work = writer.write(bare().withInsertData(twoChunks()), GROUPS, controller.signal)
    await expect(work).rejects.toBe(reason)
    expect(await keysOf(chunks)).toEqual([])
  })
})

describe('the groups of a segment', () => {
  const more = (name: string) =>
    withSystemFields(
      createCollectionSchema({
        name: 'books',
        fields: [...BOOKS.fields, { name, dataType: 'Int32', nullable: true }] as never,
      }),
    )

  test('take a field that was added into the last of short fields', () => {
    const groups = groupsOver(GROUPS, more('shelf'))
    expect(groups.map(({ id, fieldIds }) => [id, fieldIds])).toEqual([
      [0n, [0n, 1n, 100n]],
      [1n, [102n, 103n, 104n]],
      [101n, [101n]],
    ])
  })

  test('leave out a field that the rows do not have yet', () => {
    const later = splitByDefaultPolicies(more('shelf'))
    expect(groupsOver(later, withSystemFields(BOOKS))).toEqual(GROUPS)
  })

  test('never lose one', async () => {
    const two = { ...BOOKS, fields: BOOKS.fields.slice(0, 2) }
    const error = await rejection(() => groupsOver(GROUPS, withSystemFields(two)))
    expect(error).toMatchObject({ code: 'InvalidSchema' })
    expect(error.message).toContain('column group 1')
  })
})

describeWithServers('in a bucket', () => {
  test('a pack is written and read', async () => {
    const server = await startVersitygw(join(directory, 'gateway'))
    try {
      const chunks = await openChunkManager(storageAt(server.port, { rootPath: 'packs' }))
      const pack = bare()
        .withInsertData(twoChunks())
        .withDeleteData(deletes([2n, 60n]))
      const logs = await write(pack, chunks)
      expect((await keysOf(chunks)).sort()).toEqual(pathsOf(logs))
      const rows = await rowsOfLogs(chunks, logs)
      expect(rows.map(({ id }) => id)).toEqual([1n, 3n, 4n, 5n])
      for (const { binlogs } of logs.inserts.values()) {
        expect(await chunks.size(binlogs[0]!.logPath)).toBe(binlogs[0]!.logSize)
      }
    } finally {
      await server.stop()
    }
  })
})
