/** Packs as files of a StorageV3 segment, and one new version of its manifest. */
import { join } from 'node:path'
import {
  parseManifestPath,
  parsePrimaryKeyStats,
  readDeleteLog,
  writeDeleteLog,
} from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import {
  type Manifest,
  type ManifestIndex,
  ManifestStore,
  ManifestTransaction,
} from '../lib/manifest/index.js'
import { inspectFile } from '../lib/packed/index.js'
import {
  createCollectionSchema,
  splitByDefaultPolicies,
  withSystemFields,
} from '../lib/schema/index.js'
import {
  type ChunkManager,
  type ChunkWriteOptions,
  LocalChunkManager,
  openChunkManager,
} from '../lib/storage/index.js'
import { commitPack } from '../lib/sync/commit-pack.js'
import {
  BulkPackWriterV3,
  type PackLogs,
  type PackTarget,
  type SyncPack,
} from '../lib/sync/index.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes, IDS, rowsOfSegment, twoChunks } from './support/segments.js'
import {
  bare,
  CountingAllocator,
  failingWrites,
  targetAt as freshTargetAt,
  keysOf,
} from './support/sync.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('pack-writer-v3')
let trees = 0
const local = () => new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
const GROUPS = splitByDefaultPolicies(withSystemFields(BOOKS))
const BASE = 'insert_log/1/2/3'
const METADATA = `${BASE}/_metadata/`
const BLOOM = 'bloom_filter.100'
const TITLES_OF_BOOKS = createCollectionSchema({
  name: 'books',
  fields: [BOOKS.fields[0], BOOKS.fields[3]] as never,
})
const INDEX: ManifestIndex = {
  ...{ columnName: '101', indexName: 'hnsw', indexType: 'HNSW', path: 'a/hnsw' },
  ...{ fieldId: 101n, indexId: 7n, buildId: 8n, indexVersion: 1n },
  ...{ numRows: 5, serializedSizeBytes: 1, memSizeBytes: 1 },
  ...{ currentIndexVersion: 1, currentScalarIndexVersion: 0, indexStorePathVersion: 0 },
  ...{ indexFileKeys: [], properties: {} },
}
const conflict = () => new PackedError('Conflict', 'somebody else')

/** No log id comes twice, whoever writes. */
const IDS_OF_ALL = new CountingAllocator()

function targetAt(chunks: ChunkManager, more: Partial<PackTarget> = {}): PackTarget {
  return freshTargetAt(chunks, { allocator: IDS_OF_ALL, ...more })
}

const someBooks = (...ids: number[]) => [
  chunk(
    BOOKS,
    ids.map((id) => book(id, id * 10)),
  ),
]

function write(pack: SyncPack, chunkManager: ChunkManager, more: Partial<PackTarget> = {}) {
  return new BulkPackWriterV3(targetAt(chunkManager, more)).write(pack, GROUPS)
}

/** A segment with keys 1 to 5, whose manifest is version 1. */
async function firstSync(chunks: ChunkManager): Promise<PackLogs & { manifestPath: string }> {
  const logs = await write(bare().withInsertData(twoChunks()), chunks)
  return { ...logs, manifestPath: logs.manifestPath! }
}

const versionOf = ({ manifestPath }: PackLogs) => parseManifestPath(manifestPath!)!.version

function manifestOf(chunks: ChunkManager, logs: PackLogs): Promise<Manifest> {
  return new ManifestStore(chunks, BASE).read(versionOf(logs))
}

async function idsIn(chunkManager: ChunkManager, { manifestPath }: PackLogs): Promise<unknown[]> {
  const rows = await rowsOfSegment({ schema: BOOKS, chunkManager, manifestPath: manifestPath! })
  return rows.map(({ id }) => id)
}

/** Keys of everything that a manifest names, in order. */
function namedBy({ columnGroups, deltaLogs, stats }: Manifest): string[] {
  return [
    ...columnGroups.flatMap(({ files }) => files.map(({ path }) => path)),
    ...deltaLogs.map(({ path }) => path),
    ...Object.values(stats).flatMap(({ paths }) => paths),
  ].sort()
}

async function filesIn(chunks: ChunkManager): Promise<string[]> {
  return (await keysOf(chunks)).filter((key) => !key.startsWith(METADATA)).sort()
}

/** A chunk manager that does something before an object whose key starts with `prefix` is written. */
function beforeWriting(
  chunks: ChunkManager,
  prefix: string,
  action: (path: string, options?: ChunkWriteOptions) => Promise<void>,
): ChunkManager {
  return new Proxy(chunks, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'write') return value.bind(target)
      return async (path: string, content: Uint8Array, options?: ChunkWriteOptions) => {
        if (path.startsWith(prefix)) await action(path, options)
        return target.write(path, content, options)
      }
    },
  })
}

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
  expect(metadata).toEqual({ memory_size: `${sizes[0]! + sizes[1]!}` })
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

describe('an attempt', () => {
  test('that meets a passing conflict is done again from the first manifest (case 37)', async () => {
    const calm = local()
    const chunks = local()
    const [first, other] = [await firstSync(calm), await firstSync(chunks)]
    const pack = () =>
      bare()
        .withInsertData(someBooks(6))
        .withDeleteData(deletes([1n, 60n]))
    const expected = await write(pack(), calm, { manifestPath: first.manifestPath })

    const failing = failingWrites(chunks, [conflict()], METADATA)
    const writer = new BulkPackWriterV3(targetAt(failing, { manifestPath: other.manifestPath }))
    const before = (await manifestOf(chunks, other)).stats[BLOOM]!.paths
    const logs = await writer.write(pack(), GROUPS)
    expect(versionOf(logs)).toBe(2)
    expect(logs.sizeBytes).toBe(expected.sizeBytes)
    const manifest = await manifestOf(chunks, logs)
    const { paths } = manifest.stats[BLOOM]!
    expect(paths).toEqual([...before, expect.any(String)])
    expect(new Set(paths).size).toBe(2)
    expect(manifest.deltaLogs).toHaveLength(1)
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n, 6n])
    expect(namedBy(manifest)).toEqual(await filesIn(chunks))
    expect(writer.orphans).toEqual([])
  })

  test('that somebody commits in between of loses nothing of theirs (case 37)', async () => {
    const chunks = local()
    const first = await firstSync(chunks)
    const log = { ...IDS, logId: 9n }
    await writeDeleteLog(chunks, 'deletes', deletes([3n, 99n]), log)
    let others = 0
    const busy = beforeWriting(chunks, METADATA, async () => {
      others += 1
      if (others > 1) return
      const theirs = await ManifestTransaction.open({ chunkManager: chunks, basePath: BASE })
      theirs.addDeltaLog({ path: 'deletes', type: 'primaryKey', numEntries: 1 })
      theirs.updateStatistics('text_index.103', { paths: ['a/text'], metadata: {} })
      await theirs.commit()
    })
    const pack = bare().withInsertData(someBooks(6))
    const logs = await write(pack, busy, { manifestPath: first.manifestPath })
    expect(others).toBeGreaterThan(1)
    expect(versionOf(logs)).toBe(3)
    expect(await idsIn(chunks, logs)).toEqual([1n, 2n, 4n, 5n, 6n])
    const manifest = await manifestOf(chunks, logs)
    expect(manifest.stats['text_index.103']?.paths).toEqual(['a/text'])
    expect(manifest.stats[BLOOM]?.paths).toHaveLength(2)
  })

  test.each([
    ['PermissionDenied', METADATA],
    ['MetadataCorrupted', METADATA],
    ['PermissionDenied', `${BASE}/_stats/`],
    ['Encryption', `${BASE}/_stats/`],
    ['Internal', `${BASE}/_stats/`],
  ] as const)(
    'that fails for good (%s below %s) is the only one (case 37)',
    async (code, prefix) => {
      const chunks = local()
      const first = await firstSync(chunks)
      const before = await keysOf(chunks)
      const allocator = new CountingAllocator()
      const failing = failingWrites(chunks, [new PackedError(code, 'no')], prefix)
      const pack = bare().withInsertData(someBooks(6))
      const { manifestPath } = first
      const error = await rejection(() => write(pack, failing, { allocator, manifestPath }))
      expect(error).toMatchObject({ code, message: 'no' })
      expect(allocator.calls).toEqual([1])
      expect(await keysOf(chunks)).toEqual(before)
      expect(pack.insertData).toHaveLength(1)
    },
  )

  test('whose commit failed in the end leaves the manifest as it was', async () => {
    const chunks = local()
    const first = await firstSync(chunks)
    const failures = Array.from({ length: 3 }, conflict)
    const failing = failingWrites(chunks, failures, METADATA)
    const pack = bare().withInsertData(someBooks(6))
    const { manifestPath } = first
    const error = await rejection(() => write(pack, failing, { manifestPath }))
    expect(error.code).toBe('Conflict')
    expect(failures).toEqual([])
    expect(await new ManifestStore(chunks, BASE).versions()).toEqual([1])
    expect(namedBy(await manifestOf(chunks, first))).toEqual(await filesIn(chunks))
  })

  test('whose answer was lost counts once', async () => {
    const chunks = local()
    const first = await firstSync(chunks)
    let lost = false
    const forgetful = new Proxy(chunks, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'write') return value.bind(target)
        return async (path: string, content: Uint8Array, options?: ChunkWriteOptions) => {
          await target.write(path, content, options)
          if (!path.startsWith(METADATA) || lost) return
          lost = true
          throw new PackedError('Network', 'reset by peer')
        }
      },
    })
    const { manifestPath } = first
    const logs = await write(bare().withInsertData(someBooks(6)), forgetful, { manifestPath })
    expect([lost, versionOf(logs)]).toEqual([true, 2])
    expect(await idsIn(chunks, logs)).toEqual([1n, 2n, 3n, 4n, 5n, 6n])
  })

  test('that was aborted leaves nothing', async () => {
    const chunks = local()
    const controller = new AbortController()
    const reason = new Error('enough')
    const stopped = beforeWriting(chunks, `${BASE}/_stats/`, async () => controller.abort(reason))
    const writer = new BulkPackWriterV3(targetAt(stopped))
    const work = writer.write(bare().withInsertData(twoChunks()), GROUPS, controller.signal)
    await expect(work).rejects.toBe(reason)
    expect(await keysOf(chunks)).toEqual([])
  })

  test('whose files cannot be removed names them', async () => {
    const chunks = local()
    const failing = failingWrites(chunks, [new PackedError('PermissionDenied', 'no')], METADATA)
    failing.multiRemove = () => Promise.reject(new PackedError('Network', 'reset by peer'))
    const writer = new BulkPackWriterV3(targetAt(failing))
    await rejection(() => writer.write(bare().withInsertData(twoChunks()), GROUPS))
    expect([...writer.orphans].sort()).toEqual(await filesIn(chunks))
    expect(writer.orphans).toHaveLength(4)
  })
})

describe('versions that the metadata does not name', () => {
  test('and that have more rows are superseded: the rows come again', async () => {
    const chunks = local()
    const { manifestPath } = await firstSync(chunks)
    const lost = bare()
      .withInsertData(someBooks(6, 7))
      .withDeleteData(deletes([1n, 60n]))
    await write(lost, chunks, { manifestPath })
    const logs = await write(bare().withInsertData(someBooks(6, 7, 8)), chunks, { manifestPath })
    expect(versionOf(logs)).toBe(3)
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 8n])
    expect((await manifestOf(chunks, logs)).stats[BLOOM]?.paths).toHaveLength(2)
    const next = await write(bare().withInsertData(someBooks(9)), chunks, {
      manifestPath: logs.manifestPath!,
    })
    expect(versionOf(next)).toBe(4)
    expect(await idsIn(chunks, next)).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n])
  })

  test('are superseded before anything was saved, too, by rows or by deletes', async () => {
    const chunks = local()
    const bm25 = new Map([[104n, new Bm25Stats()]])
    await write(bare().withInsertData(twoChunks()).withBm25Stats(bm25), chunks)
    const deleted = await write(bare().withDeleteData(deletes([1n, 60n])), chunks)
    expect(versionOf(deleted)).toBe(2)
    expect(await idsIn(chunks, deleted)).toEqual([])
    expect((await manifestOf(chunks, deleted)).stats[BLOOM]?.paths).toEqual([])
    expect((await manifestOf(chunks, deleted)).stats['bm25.104']?.paths).toEqual([])
    const { manifestPath } = deleted
    const logs = await write(bare().withInsertData(twoChunks()), chunks, {
      manifestPath: manifestPath!,
    })
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n])
  })

  test('and that have no more rows are built on: columns and indexes of others stay', async () => {
    const chunks = local()
    const { manifestPath } = await firstSync(chunks)
    const theirs = await ManifestTransaction.open({ chunkManager: chunks, basePath: BASE })
    const [file] = theirs.manifest.columnGroups[1]!.files
    theirs.addColumnGroup({ columns: ['110'], files: [file!], format: 'parquet' })
    theirs.addIndex(INDEX)
    await theirs.commit()
    const pack = bare().withDeleteData(deletes([1n, 60n]))
    const manifest = await manifestOf(chunks, await write(pack, chunks, { manifestPath }))
    expect(manifest.columnGroups.map(({ columns }) => columns.join())).toContain('110')
    expect(manifest.indexes).toEqual([INDEX])
    expect(manifest.deltaLogs).toHaveLength(1)
  })

  test('and that have more rows keep no index that they made, but the saved ones', async () => {
    const chunks = local()
    await firstSync(chunks)
    const theirs = await ManifestTransaction.open({ chunkManager: chunks, basePath: BASE })
    const { version } = await theirs.addIndex(INDEX).commit()
    const indexed = { manifestPath: `{"ver":${version},"base_path":"${BASE}"}` }
    await write(bare().withInsertData(someBooks(6)), chunks, indexed)
    const pack = bare().withDeleteData(deletes([1n, 60n]))
    const logs = await write(pack, chunks, indexed)
    expect((await manifestOf(chunks, logs)).indexes).toEqual([INDEX])
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n])
  })

  test('and that have the files of this very pack are what it committed', async () => {
    const chunks = local()
    const { manifestPath } = await firstSync(chunks)
    const writer = new BulkPackWriterV3(targetAt(chunks, { manifestPath }))
    const staged = await writer.stage(bare().withInsertData(someBooks(6)), GROUPS)
    const target = targetAt(chunks, { manifestPath })
    const once = await commitPack(target, staged, undefined, undefined)
    const twice = await commitPack(target, staged, undefined, undefined)
    expect([once.manifestPath, twice]).toEqual([`{"ver":2,"base_path":"${BASE}"}`, once])
    expect(await new ManifestStore(chunks, BASE).versions()).toEqual([1, 2])
  })

  test('but one that it names and that is not there is an error', async () => {
    const chunks = local()
    await firstSync(chunks)
    const manifestPath = `{"ver":5,"base_path":"${BASE}"}`
    const pack = bare().withInsertData(someBooks(6))
    const error = await rejection(() => write(pack, chunks, { manifestPath }))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: BASE })
  })
})

test('two packs that are staged at a time become versions one after the other', async () => {
  const chunks = local()
  const target = targetAt(chunks)
  const writer = new BulkPackWriterV3(target)
  const [one, two] = await Promise.all(
    [twoChunks(), someBooks(6)].map((rows) => writer.stage(bare().withInsertData(rows), GROUPS)),
  )
  expect(await new ManifestStore(chunks, BASE).versions()).toEqual([])
  const { manifestPath } = await commitPack(target, one!, undefined, undefined)
  const last = await commitPack({ ...target, manifestPath }, two!, undefined, undefined)
  expect(await idsIn(chunks, { ...two!, manifestPath: last.manifestPath })).toEqual([
    ...[1n, 2n, 3n, 4n, 5n, 6n],
  ])
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
