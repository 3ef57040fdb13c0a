/** Syncs from their files to what the cache knows of them. */
import { channel } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { parsePrimaryKeyStats } from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import { type CollectionSchema, createCollectionSchema } from '../lib/schema/index.js'
import { type ChunkManager, LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import {
  classifySyncError,
  loadStatistics,
  type SegmentLevel,
  SyncPack,
  SyncTask,
  type SyncTaskOptions,
  startSyncing,
  updateState,
  withIds,
} from '../lib/sync/index.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  book,
  chunk,
  columnOf,
  deletes,
  IDS,
  rowsOfSegment,
  twoChunks,
} from './support/segments.js'
import {
  bare,
  CHANNEL,
  CountingAllocator,
  cacheOf,
  FAST,
  failingWrites,
  keysOf,
  NotingMetaWriter,
  packOf,
  position,
} from './support/sync.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('sync-task')
let trees = 0
const local = () => new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
const network = () => new PackedError('Network', 'reset by peer')
const ID = withIds(IDS.segmentId)

/** One segment and what its syncs share. */
function segmentOf(
  storageVersion: 0 | 2,
  {
    schema = BOOKS,
    level = 'L1' as SegmentLevel,
    chunkManager = local() as ChunkManager,
  }: { schema?: CollectionSchema; level?: SegmentLevel; chunkManager?: ChunkManager } = {},
) {
  const metaCache = cacheOf(storageVersion, schema, level)
  const metaWriter = new NotingMetaWriter()
  const allocator = new CountingAllocator()
  const failures: unknown[] = []
  const failureCallback = (error: unknown) => void failures.push(error)
  const shared = { schema, metaCache, metaWriter, allocator, chunkManager, failureCallback }
  return {
    ...shared,
    /** What the failure callback was told. */
    failures,
    /** Where a SegmentReader finds the rows. */
    source: { schema, chunkManager },
    task: (pack: SyncPack, more: Partial<SyncTaskOptions> = {}) =>
      new SyncTask({ ...shared, pack, retry: FAST, fsync: false, ...more }),
    get segment() {
      return metaCache.getSegment(IDS.segmentId)!
    },
  }
}

const someBooks = (...ids: number[]) => [
  chunk(
    BOOKS,
    ids.map((id) => book(id, id * 10)),
  ),
]

test.each([0, 2] as const)('StorageV%i: files, then metadata, then cache', async (version) => {
  const own = segmentOf(version)
  const pack = packOf(own.metaCache, twoChunks()).withDeleteData(deletes([2n, 60n]))
  const order: string[] = []
  const task = own.task(pack, {
    beforeCommit: async (checkpoint) => {
      order.push(`durable ${checkpoint?.messageId}, ${own.metaWriter.saved.length} saved`)
      expect(own.segment).toMatchObject({ flushedRows: 0, syncingRows: 5, pkStats: [] })
    },
  })
  expect(task).toMatchObject({ orderKey: 'segment/3', segmentId: 3n, checkpoint: position(9) })
  await task.run()
  expect(order).toEqual(['durable 9, 0 saved'])
  expect(own.metaWriter.saved).toHaveLength(1)
  const [request] = own.metaWriter.saved
  expect(request).toMatchObject({
    ...{ ...IDS, channelName: CHANNEL, level: 'L1', storageVersion: version, flushed: false },
    checkPoints: [{ segmentId: 3n, numOfRows: 5, position: position(9) }],
    field2BinlogPaths: [...task.insertBinlogs.values()],
    deltalogs: [task.deltaBinlog],
  })
  expect(own.segment).toMatchObject({
    ...{ flushedRows: 5, syncingRows: 0, syncingTasks: 0, checkpoint: position(9) },
    ...{ state: 'Growing', binlogs: request!.field2BinlogPaths },
  })
  expect(own.segment.pkStats).toHaveLength(1)
  const lists = [...task.insertBinlogs.values(), ...task.statsBinlogs.values(), task.deltaBinlog!]
  const sizes = lists.flatMap(({ binlogs }) => binlogs).map(({ logSize }) => logSize)
  expect(task.flushedSize).toBe(sizes.reduce((sum, size) => sum + size, 0))
  expect([task.manifestPath, task.payloadBytes, pack.insertData]).toEqual(['', 0, []])
  const { binlogs, deltalogs } = own.segment
  const rows = await rowsOfSegment({ ...own.source, binlogs, deltalogs })
  expect(rows.map(({ id }) => id)).toEqual([1n, 3n, 4n, 5n])
})

test('the groups of a segment are those of its first sync, whatever rows weigh (case 11)', async () => {
  const schema = createCollectionSchema({
    name: 'notes',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'text', dataType: 'VarChar', maxLength: 9999 },
    ],
  })
  const note = (id: number, length: number) =>
    chunk(schema, [{ RowID: id, Timestamp: id, id, text: 'x'.repeat(length) }])
  const own = segmentOf(2, { schema })
  await own.task(packOf(own.metaCache, [note(1, 20)])).run()
  const split = own.segment.currentSplit
  const task = own.task(packOf(own.metaCache, [note(2, 2000)]))
  await task.run()
  expect(own.segment.currentSplit).toEqual(split)
  expect([...task.insertBinlogs.keys()]).toEqual([0n, 1n])
  expect(own.metaWriter.saved[1]!.currentSplit).toEqual(split)
  expect(own.segment.binlogs.map(({ binlogs }) => binlogs.length)).toEqual([2, 2])
})

test('tasks of one segment that are prepared at once agree on groups', async () => {
  const own = segmentOf(2)
  const tasks = [someBooks(1), someBooks(2), someBooks(3)].map((data) =>
    own.task(packOf(own.metaCache, data)),
  )
  await Promise.all(tasks.map((task) => task.prepare()))
  for (const task of tasks) await task.commit()
  const { binlogs } = own.segment
  expect(await columnOf('id', { ...own.source, binlogs })).toEqual([1n, 2n, 3n])
  expect(own.segment.flushedRows).toBe(3)
})

describe('a flush (case 29)', () => {
  test('merges the statistics of all chunks, also of those that were prepared later', async () => {
    const own = segmentOf(2)
    const first = own.task(packOf(own.metaCache, someBooks(1, 2)))
    const last = own.task(packOf(own.metaCache, someBooks(3)).withFlush())
    await last.prepare()
    await first.run()
    await last.commit()
    expect(first.statsBinlogs.get(100n)!.binlogs).toHaveLength(1)
    const logs = last.statsBinlogs.get(100n)!.binlogs
    expect(logs.map(({ logId }) => logId > 1n)).toEqual([true, false])
    expect(logs[1]).toMatchObject({
      ...{ logPath: 'stats_log/1/2/3/100/1', entriesNum: 3 },
      ...{ timestampFrom: 10n, timestampTo: 30n },
    })
    const bytes = await own.chunkManager.read(logs[1]!.logPath)
    expect(Buffer.from(bytes).toString()).toMatch(/^\[{.*},{.*}\]$/)
    expect(logs[1]).toMatchObject({ logSize: bytes.length, memorySize: bytes.length })
    const bounds = parsePrimaryKeyStats(bytes).map(({ min, max }) => [min, max])
    expect(bounds).toEqual([
      [1n, 2n],
      [3n, 3n],
    ])
    expect(own.segment.state).toBe('Flushed')
    expect(own.metaWriter.saved[1]).toMatchObject({ flushed: true })
    const merged = own.metaWriter.saved[1]!.field2StatslogPaths[0]!.binlogs
    expect(merged.map(({ logId }) => logId)).toEqual([first, last].flatMap(idsOf))
  })

  test('without rows saves that it is one, and writes nothing', async () => {
    const own = segmentOf(2)
    own.metaCache.updateSegments(startSyncing(0), ID)
    const task = own.task(bare().withFlush().withCheckpoint(position(4)))
    await task.run()
    expect(await keysOf(own.chunkManager)).toEqual([])
    expect(own.metaWriter.saved[0]).toMatchObject({ flushed: true, field2StatslogPaths: [] })
    expect(own.segment).toMatchObject({ state: 'Flushed', checkpoint: position(4) })
  })

  test('merges the terms of a BM25 function', async () => {
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
    const own = segmentOf(2, { schema })
    const pack = (id: number, terms: Record<number, number>) => {
      const data = chunk(schema, [{ RowID: id, Timestamp: id, id, text: 't', terms }])
      const stats = new Bm25Stats()
      stats.append(schema.fields[2]!, data.field(102n)!)
      return packOf(own.metaCache, [data]).withBm25Stats(new Map([[102n, stats]]))
    }
    await own.task(pack(1, { 7: 2 })).run()
    const last = own.task(pack(2, { 7: 1, 9: 1 }).withFlush())
    await last.run()
    const logs = last.bm25Binlogs.get(102n)!.binlogs
    expect(logs.map(({ logPath }) => logPath.split('/').slice(0, -1).join('/'))).toEqual(
      Array(2).fill('bm25_stats/1/2/3/102'),
    )
    const merged = Bm25Stats.deserialize(await own.chunkManager.read(logs[1]!.logPath))
    expect([logs[1]!.logId, merged.numRow, merged.numToken]).toEqual([1n, 2, 4])
    expect([...merged.rowsWithToken]).toEqual([
      [7, 2],
      [9, 1],
    ])
    expect(own.segment.bm25Stats.get(102n)!.numRow).toBe(2)
  })

  test('of deletes alone merges nothing', async () => {
    const own = segmentOf(0, { level: 'L0' })
    own.metaCache.updateSegments(startSyncing(0), ID)
    const pack = bare()
      .withLevel('L0')
      .withFlush()
      .withDeleteData(deletes([1n, 60n]))
    const task = own.task(pack)
    expect(task.orderKey).toBe(`L0/${CHANNEL}/2`)
    await task.run()
    expect(await keysOf(own.chunkManager)).toEqual([task.deltaBinlog!.binlogs[0]!.logPath])
    expect(own.metaWriter.saved[0]).toMatchObject({ level: 'L0', flushed: true })
  })
})

test('a drop forgets the segment', async () => {
  const own = segmentOf(2)
  own.metaCache.updateSegments(updateState('Dropped'), ID)
  await own.task(packOf(own.metaCache, twoChunks()).withDrop()).run()
  expect(own.metaWriter.saved[0]).toMatchObject({ dropped: true, flushed: false })
  expect(own.segment).toBeUndefined()
})

describe('a failure', () => {
  test('of the files changes neither metadata nor cache; one callback (case 4)', async () => {
    const chunks = local()
    const failing = [network(), network(), network()]
    const own = segmentOf(2, { chunkManager: failingWrites(chunks, failing, 'stats_log/') })
    const pack = packOf(own.metaCache, twoChunks())
    const { currentSplit: _, ...before } = own.segment
    const task = own.task(pack)
    const error = await rejection(() => task.run())
    expect(error.code).toBe('Network')
    expect(own.failures).toEqual([error])
    expect(own.metaWriter.saved).toEqual([])
    expect(own.segment).toMatchObject(before)
    expect([task.insertBinlogs.size, task.flushedSize]).toEqual([0, 0])
    expect(task.payloadBytes).toBe(pack.payloadBytes)
    expect(await keysOf(chunks)).toEqual([])
    await task.run()
    expect(own.segment.flushedRows).toBe(5)
    expect(own.failures).toHaveLength(1)
  })

  test('of the metadata keeps the files: driven again, the task writes none', async () => {
    const own = segmentOf(2)
    const pack = packOf(own.metaCache, twoChunks()).withFlush()
    const task = own.task(pack)
    own.metaWriter.failures.push(network(), network(), new PackedError('Network', 'the third'))
    const error = await rejection(() => task.run())
    expect(error.message).toBe('the third')
    expect(own.failures).toEqual([error])
    expect(own.segment).toMatchObject({ flushedRows: 0, state: 'Growing', pkStats: [] })
    const keys = await keysOf(own.chunkManager)
    const calls = [...own.allocator.calls]
    await task.run()
    expect(await keysOf(own.chunkManager)).toEqual(keys)
    expect(own.allocator.calls).toEqual(calls)
    expect(own.metaWriter.saved).toHaveLength(1)
    expect(own.segment).toMatchObject({ flushedRows: 5, state: 'Flushed' })
  })

  test('of what comes before the metadata saves nothing', async () => {
    const own = segmentOf(2)
    const full = new PackedError('NoSpace', 'the log is not on disk')
    const task = own.task(packOf(own.metaCache, twoChunks()), {
      beforeCommit: () => Promise.reject(full),
    })
    expect(await rejection(() => task.run())).toBe(full)
    expect(own.metaWriter.saved).toEqual([])
    expect(own.segment.flushedRows).toBe(0)
  })

  test('for want of the segment is terminal, before and after the files (case 41)', async () => {
    const own = segmentOf(2)
    const [early, late] = [0, 1].map(() => own.task(packOf(own.metaCache, someBooks(1))))
    await late!.prepare()
    own.metaCache.removeSegments(ID)
    for (const task of [early!, late!]) {
      const error = await rejection(() => task.run())
      expect(error).toMatchObject({ code: 'NotFound' })
      expect(error.message).toContain('received id 3')
      expect(classifySyncError(error)).toBe('terminal')
    }
    expect(own.metaWriter.saved).toEqual([])
    expect(own.failures).toHaveLength(2)
  })
})

describe('calls', () => {
  test('to commit before prepare are an error', async () => {
    const own = segmentOf(2)
    const task = own.task(packOf(own.metaCache, twoChunks()))
    expect(await rejection(() => task.commit())).toMatchObject({ code: 'Internal' })
    expect(own.metaWriter.saved).toEqual([])
  })

  test('twice, also while busy, write and save once', async () => {
    const own = segmentOf(2)
    const task = own.task(packOf(own.metaCache, twoChunks()))
    await Promise.all([task.prepare(), task.prepare()])
    await task.prepare()
    await task.commit()
    await task.commit()
    expect(own.allocator.calls).toEqual([3, 1])
    expect(own.metaWriter.saved).toHaveLength(1)
    expect(own.segment).toMatchObject({ flushedRows: 5, syncingTasks: 0 })
  })

  test('after abandon are Closed, and the files are orphans', async () => {
    const own = segmentOf(2)
    const task = own.task(packOf(own.metaCache, twoChunks()))
    await task.prepare()
    task.abandon()
    task.abandon()
    expect([...task.orphans].sort()).toEqual(await keysOf(own.chunkManager))
    expect(await rejection(() => task.prepare())).toMatchObject({ code: 'Closed' })
    expect(await rejection(() => task.commit())).toMatchObject({ code: 'Closed' })
    expect(own.metaWriter.saved).toEqual([])
  })

  test('with an aborted signal do nothing', async () => {
    const own = segmentOf(2)
    const reason = new Error('enough')
    const task = own.task(packOf(own.metaCache, twoChunks()))
    await expect(task.prepare(AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(task.payloadBytes).toBeGreaterThan(0)
    await task.prepare()
    await expect(task.commit(AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(own.metaWriter.saved).toEqual([])
    const own2 = own.task(packOf(own.metaCache, twoChunks()), { signal: AbortSignal.abort(reason) })
    await expect(own2.run()).rejects.toBe(reason)
  })

  test('are published and measured', async () => {
    const own = segmentOf(2)
    const seen: unknown[] = []
    const names = ['sync.prepare.after', 'sync.commit.after'].map((name) => `arrow-packed:${name}`)
    const note = (message: unknown) => void seen.push(message)
    for (const name of names) channel(name).subscribe(note)
    const measured: string[] = []
    const meter = {
      add: (name: string, value: number) => void measured.push(`${name} ${value}`),
      record: (name: string) => void measured.push(name),
      observe: () => () => {},
    }
    const task = own.task(packOf(own.metaCache, twoChunks()), { meter })
    await task.run()
    for (const name of names) channel(name).unsubscribe(note)
    expect(seen).toEqual([
      { stage: 'sync.prepare.after', segmentId: 3n },
      { stage: 'sync.commit.after', segmentId: 3n },
    ])
    expect(measured).toEqual([`sync.bytes ${task.flushedSize}`, 'sync.prepare', 'sync.commit'])
    expect(task.execTimeMs).toBeGreaterThan(0)
  })

  test('with wrong options are refused', async () => {
    const own = segmentOf(2)
    const pack = new SyncPack()
    const wrong = (more: object) => rejection(() => own.task(pack, more))
    expect((await wrong({ sync: 1 })).message).toContain('received "sync"')
    expect((await wrong({ retry: { maxAttempts: 0 } })).message).toContain('retry.maxAttempts')
    expect((await wrong({ pack: undefined })).message).toContain('for pack ')
  })
})

test('a segment that grows on after a restart has its statistics again', async () => {
  const own = segmentOf(2)
  await own.task(packOf(own.metaCache, someBooks(1, 2))).run()
  await own.task(packOf(own.metaCache, someBooks(5)).withFlush()).run()
  const { pkStats, bm25 } = await loadStatistics(own.segment, own.chunkManager)
  expect(pkStats).toEqual(own.segment.pkStats)
  expect(bm25).toEqual(new Map())
  const [list] = own.segment.statslogs
  const merged = { ...list!, binlogs: list!.binlogs.slice(-1) }
  const alone = await loadStatistics({ statslogs: [merged], bm25logs: [] }, own.chunkManager)
  expect(alone.pkStats).toEqual(pkStats)
})

describeWithServers('in a bucket', () => {
  test('a segment is synced, flushed and read', async () => {
    const server = await startVersitygw(join(directory, 'gateway'))
    try {
      const storage = storageAt(server.port, { rootPath: 'syncs' })
      const own = segmentOf(2, { chunkManager: await openChunkManager(storage) })
      await own.task(packOf(own.metaCache, twoChunks()), { fsync: true }).run()
      const last = packOf(own.metaCache, someBooks(6)).withDeleteData(deletes([1n, 90n]))
      await own.task(last.withFlush()).run()
      const { binlogs, deltalogs } = own.segment
      const read = await columnOf('id', { ...own.source, binlogs, deltalogs })
      expect(read).toEqual([2n, 3n, 4n, 5n, 6n])
    } finally {
      await server.stop()
    }
  })
})

function idsOf(task: SyncTask): bigint[] {
  return task.statsBinlogs.get(100n)!.binlogs.map(({ logId }) => logId)
}
