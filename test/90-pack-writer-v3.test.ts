/** Packs as files of a StorageV3 segment, and one new version of its manifest. */
import { join } from 'node:path'
import { parsePrimaryKeyStats, readDeleteLog } from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import { ManifestStore } from '../lib/manifest/index.js'
import { inspectFile } from '../lib/packed/index.js'
import {
  createCollectionSchema,
  splitByDefaultPolicies,
  withSystemFields,
} from '../lib/schema/index.js'
import { openChunkManager } from '../lib/storage/index.js'
import { BulkPackWriterV3 } from '../lib/sync/index.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { BOOKS, chunk, deletes, twoChunks } from './support/segments.js'
import { bare, CountingAllocator, keysOf } from './support/sync.js'
import { freshTrees } from './support/trees.js'
import {
  BASE,
  BLOOM,
  beforeWriting,
  filesIn,
  firstSync,
  idsIn,
  manifestOf,
  namedBy,
  someBooks,
  targetAt,
  versionOf,
  write,
} from './support/v3-packs.js'

const { directory, local } = freshTrees('pack-writer-v3')

const TITLES_OF_BOOKS = createCollectionSchema({
  name: 'books',
  fields: [BOOKS.fields[0], BOOKS.fields[3]] as never,
})

test('a pack is files below the segment and one version of its manifest (case 38)', async () => {
  const chunks = local()
  const first = await firstSync(chunks)
  const before = namedBy(await manifestOf(chunks, first))
  expect(first.manifestPath).toBe(`{"ver":1,"base_path":"${BASE}"}`)
  const pack = bare()
    .withInsertData(someBooks(6, 7))
    .withDeleteData(deletes([1n, 60n], [4n, 45n]))
    .withBm25Stats(new Map([[104n, new Bm25Stats()]]))
  const logs = await write(pack, chunks, { manifestPath: first.manifestPath })
  expect([logs.stats, logs.bm25]).toEqual([new Map(), new Map()])
  expect(versionOf(logs)).toBe(2)
  expect(await new ManifestStore(chunks, BASE).versions()).toEqual([1, 2])

  const delta = logs.delta!.binlogs[0]!
  expect(delta).toMatchObject({ logPath: '', logSize: 0, entriesNum: 2 })
  expect(delta.logId).toBeGreaterThan(1n)
  expect(delta.memorySize).toBeGreaterThan(0)
  const placeholders = [...logs.inserts.values()].map(({ binlogs }) => binlogs[0]!)
  expect([...logs.inserts.keys()]).toEqual([0n, 1n, 101n])
  for (const [index, log] of placeholders.entries()) {
    expect(log.logPath).toMatch(new RegExp(`^${BASE}/${[0, 1, 101][index]}/\\d{19}$`))
    expect(log).toMatchObject({ logSize: 0, entriesNum: 2, timestampFrom: 60n, timestampTo: 70n })
    expect(log.memorySize).toBeGreaterThan(0)
  }

  const manifest = await manifestOf(chunks, logs)
  expect(manifest.columnGroups.map(({ columns }) => columns)).toEqual([
    ['0', '1', '100'],
    ['102', '103'],
    ['101'],
  ])
  for (const { files, format } of manifest.columnGroups) {
    expect([format, files.length]).toEqual(['parquet', 2])
    for (const { path, startIndex, endIndex, properties } of files) {
      expect(path).toMatch(/^insert_log\/1\/2\/3\/_data\/\d+_[0-9a-f-]{36}\.parquet$/)
      const { fileBytes, footerBytes, rows, schema } = await inspectFile(path, {
        storage: chunks.storage,
      })
      expect([startIndex, endIndex]).toEqual([0, rows])
      expect(properties).toEqual({ file_size: `${fileBytes}`, footer_size: `${footerBytes}` })
      expect(schema.fields.map(({ name }) => name)).toEqual(
        manifest.columnGroups.find((group) => group.files.some((file) => file.path === path))!
          .columns,
      )
    }
  }
  expect(manifest.deltaLogs).toEqual([
    { path: `${BASE}/_delta/${delta.logId}`, type: 'primaryKey', numEntries: 2 },
  ])
  const read = await readDeleteLog(chunks, manifest.deltaLogs[0]!.path)
  expect([[...read.keys], [...read.timestamps]]).toEqual([
    [1n, 4n],
    [60n, 45n],
  ])
  expect(Object.keys(manifest.stats)).toEqual([BLOOM, 'bm25.104'])
  expect(namedBy(manifest)).toEqual(await filesIn(chunks))
  const sizes = await Promise.all(
    namedBy(manifest)
      .filter((path) => !before.includes(path))
      .map((path) => chunks.size(path)),
  )
  expect(logs.sizeBytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
})

test('rows, deletes and statistics are read back through the manifest', async () => {
  const chunks = local()
  const first = await firstSync(chunks)
  const pack = bare()
    .withInsertData(someBooks(6))
    .withDeleteData(deletes([2n, 99n]))
  const logs = await write(pack, chunks, { manifestPath: first.manifestPath })
  expect(await idsIn(chunks, first)).toEqual([1n, 2n, 3n, 4n, 5n])
  expect(await idsIn(chunks, logs)).toEqual([1n, 3n, 4n, 5n, 6n])
  const { paths, metadata } = (await manifestOf(chunks, logs)).stats[BLOOM]!
  const sizes = await Promise.all(paths.map((path) => chunks.size(path)))
  expect(metadata).toEqual({
    memory_size: `${sizes[0]! + sizes[1]!}`,
    'arrow_packed.covers': expect.stringMatching(/^[0-9a-f]{32}$/),
  })
  const [stats] = parsePrimaryKeyStats(await chunks.read(paths[1]!))
  expect(stats).toMatchObject({ min: 6n, max: 6n, fieldId: 100n })
})

test.each(['', `{"ver":0,"base_path":"${BASE}"}`, `{"ver":-1,"base_path":"${BASE}"}`])(
  'a segment without a manifest (%j) gets version 1',
  async (manifestPath) => {
    const logs = await write(bare().withInsertData(twoChunks()), local(), { manifestPath })
    expect(logs.manifestPath).toBe(`{"ver":1,"base_path":"${BASE}"}`)
  },
)

test('without rows and deletes nothing is written', async () => {
  const chunks = local()
  const allocator = new CountingAllocator()
  const logs = await write(bare().withFlush(), chunks, { allocator })
  expect(logs).toMatchObject({ manifestPath: '', delta: undefined, sizeBytes: 0 })
  expect([logs.inserts, logs.stats, logs.bm25]).toEqual([new Map(), new Map(), new Map()])
  expect([await keysOf(chunks), allocator.calls]).toEqual([[], []])
})

test('deletes alone are a version without rows', async () => {
  const chunks = local()
  const first = await firstSync(chunks)
  const pack = bare().withDeleteData(deletes([5n, 99n]))
  const logs = await write(pack, chunks, { manifestPath: first.manifestPath })
  expect(versionOf(logs)).toBe(2)
  expect(await idsIn(chunks, logs)).toEqual([1n, 2n, 3n, 4n])
})

test('a flush adds the merged statistics of all packs, once', async () => {
  const chunks = local()
  const first = await firstSync(chunks)
  const flush = () => bare().withInsertData(someBooks(6)).withFlush()
  const logs = await write(flush(), chunks, { manifestPath: first.manifestPath })
  const { paths } = (await manifestOf(chunks, logs)).stats[BLOOM]!
  expect(paths).toHaveLength(3)
  expect(paths[2]).toBe(`${BASE}/_stats/${BLOOM}/1`)
  const merged = parsePrimaryKeyStats(await chunks.read(paths[2]!))
  expect(merged.map(({ min, max }) => [min, max])).toEqual([
    [1n, 5n],
    [6n, 6n],
  ])
  const again = await write(flush(), chunks, { manifestPath: logs.manifestPath! })
  const after = (await manifestOf(chunks, again)).stats[BLOOM]!.paths
  expect(after).toEqual([...paths, expect.stringMatching(/\/\d{4}$/)])
})

test('rows with other columns than the segment has are refused, and leave nothing', async () => {
  const chunks = local()
  const { manifestPath } = await firstSync(chunks)
  const before = await keysOf(chunks)
  const schema = withSystemFields(TITLES_OF_BOOKS)
  const rows = chunk(TITLES_OF_BOOKS, [{ RowID: 6n, Timestamp: 60n, id: 6n, title: 'six' }])
  const writer = new BulkPackWriterV3(targetAt(chunks, { manifestPath, schema }))
  const groups = splitByDefaultPolicies(schema)
  const error = await rejection(() => writer.write(bare().withInsertData([rows]), groups))
  expect(error.code).toBe('InvalidArgument')
  expect(await keysOf(chunks)).toEqual(before)
})

test('a store without conditional writes takes the word of a single writer', async () => {
  const chunks = local()
  const plain = beforeWriting(chunks, '', async (_, options) => {
    if (options?.ifAbsent) throw new PackedError('NotSupported', 'no conditional writes')
  })
  const error = await rejection(() => write(bare().withInsertData(twoChunks()), plain))
  expect(error.code).toBe('NotSupported')
  expect(await keysOf(chunks)).toEqual([])
  const logs = await write(bare().withInsertData(twoChunks()), plain, { singleWriter: true })
  expect(await idsIn(chunks, logs)).toEqual([1n, 2n, 3n, 4n, 5n])
})

describeWithServers('in a bucket', () => {
  test('packs are versions, and are read', async () => {
    const server = await startVersitygw(join(directory, 'gateway'))
    try {
      const chunks = await openChunkManager(storageAt(server.port, { rootPath: 'packs' }))
      const first = await firstSync(chunks)
      const pack = bare()
        .withInsertData(someBooks(6))
        .withDeleteData(deletes([2n, 60n]))
        .withFlush()
      const logs = await write(pack, chunks, { manifestPath: first.manifestPath })
      expect(versionOf(logs)).toBe(2)
      expect(namedBy(await manifestOf(chunks, logs))).toEqual(await filesIn(chunks))
      expect(await idsIn(chunks, logs)).toEqual([1n, 3n, 4n, 5n, 6n])
    } finally {
      await server.stop()
    }
  })
})
