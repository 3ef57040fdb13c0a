/** Syncs of StorageV3 segments: their files, then their manifest, then their metadata. */
import { join } from 'node:path'
import { parsePrimaryKeyStats } from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import { ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import type { StorageVersion } from '../lib/segment/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import {
  loadStatistics,
  SyncManager,
  type SyncPack,
  SyncTask,
  type SyncTaskOptions,
  startSyncing,
  withIds,
} from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes, IDS, rowsOfSegment, twoChunks } from './support/segments.js'
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

const directory = temporaryDirectory('sync-task-v3')
let trees = 0
const local = () => new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
const network = () => new PackedError('Network', 'reset by peer')
const BASE = 'insert_log/1/2/3'
const BLOOM = 'bloom_filter.100'
const pathOf = (version: number) => `{"ver":${version},"base_path":"${BASE}"}`

const someBooks = (...ids: number[]) => [
  chunk(
    BOOKS,
    ids.map((id) => book(id, id * 10)),
  ),
]

function segmentOf({
  storageVersion = 3 as StorageVersion,
  chunkManager = local() as ChunkManager,
  schema = BOOKS,
} = {}) {
  const metaCache = cacheOf(storageVersion, schema)
  const metaWriter = new NotingMetaWriter()
  const allocator = new CountingAllocator()
  const shared = { schema, metaCache, metaWriter, allocator, chunkManager }
  return {
    ...shared,
    task: (pack: SyncPack, more: Partial<SyncTaskOptions> = {}) =>
      new SyncTask({ ...shared, pack, retry: FAST, fsync: false, ...more }),
    get segment() {
      return metaCache.getSegment(IDS.segmentId)!
    },
    /** Keys of the rows that the segment has by its metadata. */
    async ids(): Promise<unknown[]> {
      const { manifestPath } = metaCache.getSegment(IDS.segmentId)!
      const rows = await rowsOfSegment({ schema, chunkManager, manifestPath })
      return rows.map(({ id }) => id)
    },
    versions: () => new ManifestStore(chunkManager, BASE).versions(),
    async manifest() {
      return (await new ManifestStore(chunkManager, BASE).open()).manifest
    },
  }
}

test('files, then the manifest, then metadata, then cache', async () => {
  const own = segmentOf()
  const pack = packOf(own.metaCache, twoChunks()).withDeleteData(deletes([2n, 60n]))
  const task = own.task(pack, {
    beforeCommit: async () => {
      expect(await own.versions()).toEqual([])
    },
  })
  await task.prepare()
  expect([await own.versions(), task.manifestPath]).toEqual([[], ''])
  await task.commit()
  expect(task.manifestPath).toBe(pathOf(1))
  expect([task.statsBinlogs, task.bm25Binlogs]).toEqual([new Map(), new Map()])
  const [request] = own.metaWriter.saved
  expect(request).toMatchObject({
    ...{ ...IDS, channelName: CHANNEL, storageVersion: 3, manifestPath: pathOf(1) },
    checkPoints: [{ numOfRows: 5 }],
    field2StatslogPaths: [],
    deltalogs: [{ binlogs: [{ logPath: '', entriesNum: 1 }] }],
  })
  expect(request!.field2BinlogPaths.map(({ fieldId }) => fieldId)).toEqual([0n, 1n, 101n])
  expect(request!.currentSplit).toHaveLength(3)
  expect(own.segment).toMatchObject({ flushedRows: 5, syncingRows: 0, manifestPath: pathOf(1) })
  expect(own.segment.pkStats).toHaveLength(1)
  const files = (await keysOf(own.chunkManager)).filter((key) => !key.includes('/_metadata/'))
  const sizes = await Promise.all(files.map((key) => own.chunkManager.size(key)))
  expect(task.flushedSize).toBe(sizes.reduce((sum, size) => sum + size, 0))
  expect(await own.ids()).toEqual([1n, 3n, 4n, 5n])
})

test('tasks that are prepared at once become versions in their order', async () => {
  const own = segmentOf()
  const manager = new SyncManager({ chunkManager: own.chunkManager, maxTasks: 4 })
  const ids = [1, 2, 3, 4, 5, 6]
  await Promise.all(
    ids.map((id) => manager.syncData(own.task(packOf(own.metaCache, someBooks(id))))),
  )
  await manager.close()
  expect(own.segment.manifestPath).toBe(pathOf(6))
  expect(own.metaWriter.saved.map(({ manifestPath }) => manifestPath)).toEqual(ids.map(pathOf))
  expect(await own.ids()).toEqual(ids.map(BigInt))
})

describe('a flush', () => {
  test('lists the merged statistics in the manifest', async () => {
    const own = segmentOf()
    const first = own.task(packOf(own.metaCache, someBooks(1, 2)))
    const last = own.task(packOf(own.metaCache, someBooks(3)).withFlush())
    await last.prepare()
    await first.run()
    await last.commit()
    const { paths } = (await own.manifest()).stats[BLOOM]!
    expect(paths.map((path) => path.endsWith('/1'))).toEqual([false, false, true])
    const merged = parsePrimaryKeyStats(await own.chunkManager.read(paths[2]!))
    expect(merged.map(({ min, max }) => [min, max])).toEqual([
      [1n, 2n],
      [3n, 3n],
    ])
    expect(own.segment).toMatchObject({ state: 'Flushed', manifestPath: pathOf(2) })
    expect(own.metaWriter.saved[1]).toMatchObject({ flushed: true, field2StatslogPaths: [] })
    expect(last.flushedSize).toBeGreaterThan(await own.chunkManager.size(paths[2]!))
  })

  test('without rows saves that it is one, and the manifest stays', async () => {
    const own = segmentOf()
    await own.task(packOf(own.metaCache, someBooks(1))).run()
    own.metaCache.updateSegments(startSyncing(0), withIds(IDS.segmentId))
    await own.task(bare().withFlush().withCheckpoint(position(10))).run()
    expect(await own.versions()).toEqual([1])
    expect(own.metaWriter.saved[1]).toMatchObject({ flushed: true, manifestPath: pathOf(1) })
    expect(own.segment).toMatchObject({ state: 'Flushed', manifestPath: pathOf(1) })
  })

  test('merges the terms of a BM25 function, which a restart reads again', async () => {
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
    const own = segmentOf({ schema })
    const pack = (id: number, terms: Record<number, number>) => {
      const data = chunk(schema, [{ RowID: id, Timestamp: id, id, text: 't', terms }])
      const stats = new Bm25Stats()
      stats.append(schema.fields[2]!, data.field(102n)!)
      return packOf(own.metaCache, [data]).withBm25Stats(new Map([[102n, stats]]))
    }
    await own.task(pack(1, { 7: 2 })).run()
    const restarted = await loadStatistics(own.segment, own.chunkManager)
    expect(restarted.pkStats).toEqual(own.segment.pkStats)
    expect(restarted.bm25.get(102n)!.numToken).toBe(2)
    await own.task(pack(2, { 7: 1, 9: 1 }).withFlush()).run()
    const { paths } = (await own.manifest()).stats['bm25.102']!
    expect(paths).toHaveLength(3)
    const merged = Bm25Stats.deserialize(await own.chunkManager.read(paths[2]!))
    expect([merged.numRow, merged.numToken]).toEqual([2, 4])
    const again = await loadStatistics(own.segment, own.chunkManager)
    expect([again.pkStats.length, again.bm25.get(102n)!.numToken]).toEqual([2, 4])
  })
})

describe('a failure', () => {
  test('of the metadata keeps the manifest: driven again, the task commits none', async () => {
    const own = segmentOf()
    const task = own.task(packOf(own.metaCache, twoChunks()).withFlush())
    own.metaWriter.failures.push(network(), network(), network())
    expect((await rejection(() => task.run())).code).toBe('Network')
    expect(own.segment).toMatchObject({ flushedRows: 0, state: 'Growing', manifestPath: '' })
    expect(await own.versions()).toEqual([1])
    const keys = await keysOf(own.chunkManager)
    await task.run()
    expect(await keysOf(own.chunkManager)).toEqual(keys)
    expect(own.metaWriter.saved).toHaveLength(1)
    expect(own.segment).toMatchObject({ flushedRows: 5, state: 'Flushed', manifestPath: pathOf(1) })
  })

  test('of the manifest keeps the files: driven again, the task writes none of them', async () => {
    const chunks = local()
    const failures = [network(), network(), network()]
    const own = segmentOf({ chunkManager: failingWrites(chunks, failures, `${BASE}/_metadata/`) })
    const task = own.task(packOf(own.metaCache, twoChunks()))
    expect((await rejection(() => task.run())).code).toBe('Network')
    expect(own.metaWriter.saved).toEqual([])
    const keys = await keysOf(chunks)
    expect(keys).toHaveLength(4)
    const calls = [...own.allocator.calls]
    await task.run()
    expect(own.allocator.calls).toEqual(calls)
    expect(await keysOf(chunks)).toEqual(expect.arrayContaining(keys))
    expect(await own.ids()).toEqual([1n, 2n, 3n, 4n, 5n])
  })

  test('that is given up leaves a version that the next sync supersedes', async () => {
    const own = segmentOf()
    await own.task(packOf(own.metaCache, someBooks(1))).run()
    const lost = own.task(packOf(own.metaCache, someBooks(2, 3)))
    own.metaWriter.failures.push(network(), network(), network())
    await rejection(() => lost.run())
    lost.abandon()
    expect(await own.versions()).toEqual([1, 2])
    expect(await own.ids()).toEqual([1n])
    await own.task(packOf(own.metaCache, someBooks(2, 3, 4))).run()
    expect(own.segment.manifestPath).toBe(pathOf(3))
    expect(await own.ids()).toEqual([1n, 2n, 3n, 4n])
  })
})

test('an index of somebody else stays until its column gets rows', async () => {
  const own = segmentOf()
  await own.task(packOf(own.metaCache, someBooks(1))).run()
  const theirs = await ManifestTransaction.open({ chunkManager: own.chunkManager, basePath: BASE })
  theirs.updateStatistics('json_stats.103', { paths: ['a/b'], metadata: {} })
  await theirs.commit()
  await own.task(packOf(own.metaCache, someBooks(2))).run()
  expect(own.segment.manifestPath).toBe(pathOf(3))
  expect(Object.keys((await own.manifest()).stats)).toEqual([BLOOM, 'json_stats.103'])
})

describe('useManifest', () => {
  test('makes a new StorageV2 segment one of StorageV3', async () => {
    const own = segmentOf({ storageVersion: 2 })
    await own.task(packOf(own.metaCache, twoChunks()), { useManifest: true }).run()
    expect(own.segment).toMatchObject({ storageVersion: 3, manifestPath: pathOf(1) })
    expect(own.metaWriter.saved[0]).toMatchObject({ storageVersion: 3 })
    await own.task(packOf(own.metaCache, someBooks(6))).run()
    expect(await own.ids()).toEqual([1n, 2n, 3n, 4n, 5n, 6n])
  })

  test('leaves one that has logs what it is', async () => {
    const own = segmentOf({ storageVersion: 2 })
    await own.task(packOf(own.metaCache, twoChunks())).run()
    await own.task(packOf(own.metaCache, someBooks(6)), { useManifest: true }).run()
    expect(own.segment).toMatchObject({ storageVersion: 2, manifestPath: '' })
    expect(await own.versions()).toEqual([])
  })
})
