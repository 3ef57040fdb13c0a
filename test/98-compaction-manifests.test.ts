/** Compactions to segments with a manifest, in buckets, and what pyarrow reads of them. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ManifestStore } from '../lib/manifest/index.js'
import { listsOfManifest, manifestOfSegment } from '../lib/segment/index.js'
import { collectGarbage, type SegmentMeta } from '../lib/sync/index.js'
import { CompactionPlace } from './support/compaction.js'
import type { Row } from './support/every-type.js'
import { noServers, startVersitygw, storageAt } from './support/object-servers.js'
import { describeWithPyarrow, pythonEnvironment } from './support/python.js'
import { BOOKS, book, chunk, deletes, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('compaction')
let places = 0
let place: CompactionPlace

beforeEach(async () => {
  place = await CompactionPlace.open(join(directory, String(places++)))
})
afterEach(() => place.close())

const books = (first: number, count: number) =>
  chunk(
    BOOKS,
    Array.from({ length: count }, (_, i) => book(first + i, (first + i) * 10)),
  )
const ids = (rows: readonly Row[]) => rows.map(({ id }) => Number(id))
const keys = () => filesBelow(join(place.directory, 'segments'))
const only = async (): Promise<SegmentMeta> => {
  const segments = await place.segments('Flushed')
  expect(segments).toHaveLength(1)
  return segments[0]!
}

describe('segments with a manifest', () => {
  const nothing = { dryRun: false, olderThanMs: 0, workersStopped: true }

  test('are made and read: one version that names rows, statistics and later deletes', async () => {
    await place.addRows(twoChunks(), { deletes: deletes([1n, 60], [2n, 90]) })
    await place.addRows([books(6, 3)])
    const [at60, now] = [await place.rows(60), await place.rows()]
    const { groups } = await place.compact({ storageVersion: 3, sort: true, readTimestamp: 60 })
    expect(groups[0]!.to.map(({ rows }) => rows)).toEqual([3, 4])
    expect([await place.rows(60), await place.rows()].map(ids)).toEqual(
      [at60, now].map((rows) => expect.arrayContaining(ids(rows))),
    )
    for (const target of groups[0]!.to) {
      const segment = (await place.catalog.segment(target.segmentId))!
      const { collectionId, partitionId, segmentId, numRows } = segment
      const base = `insert_log/${collectionId}/${partitionId}/${segmentId}`
      expect(segment).toMatchObject({
        storageVersion: 3,
        state: 'Flushed',
        manifestPath: JSON.stringify({ ver: 1, base_path: base }),
      })
      const times = segment.binlogs.map(({ binlogs: [log] }) => [
        log!.timestampFrom,
        log!.entriesNum,
      ])
      expect(new Set(times.map(([, rows]) => rows))).toEqual(new Set([numRows]))
      const store = new ManifestStore(place.chunkManager, base)
      const manifest = await store.read(1)
      expect(await store.latest()).toBe(1)
      expect(Object.keys(manifest.stats)).toEqual(['bloom_filter.100'])
      expect(manifest.columnGroups.flatMap(({ columns }) => columns).sort()).toEqual([
        '0',
        '1',
        '100',
        '101',
        '102',
        '103',
      ])
      expect(target.bytes).toBe(
        manifest.columnGroups
          .flatMap(({ files }) => files)
          .reduce((sum, { properties }) => sum + Number(properties.file_size), 0),
      )
      expect(manifest.deltaLogs.map(({ numEntries }) => numEntries)).toEqual(
        numRows === 4 ? [1] : [],
      )
      expect(await place.verify(segmentId)).toMatchObject({ ok: true, rows: numRows, problems: [] })
    }
    // Old ones of both kinds become one of the newer kind.
    await place.addRows([books(20, 2)])
    await place.compact({ sort: true })
    expect(ids(await place.rows())).toEqual([3, 4, 5, 6, 7, 8, 20, 21])
    expect((await only()).storageVersion).toBe(3)
    await collectGarbage({ catalog: place.catalog, chunkManager: place.chunkManager, ...nothing })
    expect(ids(await place.rows())).toEqual([3, 4, 5, 6, 7, 8, 20, 21])
    const { segmentId } = await only()
    expect(keys().every((file) => file.includes(`/${segmentId}`))).toBe(true)
  })

  test('a failure before the swap leaves nothing, one in it leaves garbage', async () => {
    await place.addRows([books(1, 3)])
    await place.addRows([books(4, 3)])
    const files = keys()
    const stop = new Error('stop')
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === 'swapping') throw stop
    }
    await expect(place.compact({ storageVersion: 3, onProgress })).rejects.toBe(stop)
    expect(keys()).toEqual(files)
    const really = place.store.commit.bind(place.store)
    const commit = jest.spyOn(place.store, 'commit')
    commit.mockImplementation(async (transaction, options) => {
      // Ids are one key, a segment that is made known two.
      if (transaction.put!.length > 2) throw stop
      return really(transaction, options)
    })
    await expect(place.compact({ storageVersion: 3 })).rejects.toBe(stop)
    commit.mockRestore()
    expect(keys().length).toBeGreaterThan(files.length)
    const { objects } = await collectGarbage({
      catalog: place.catalog,
      chunkManager: place.chunkManager,
      ...nothing,
    })
    expect(objects.length).toBeGreaterThan(4)
    expect(
      objects.map(({ path }) => path).filter((path) => path.includes('_metadata')),
    ).toHaveLength(1)
    expect(keys()).toEqual(files)
    const remove = new AbortController()
    const aborting = ({ rowsWritten }: { rowsWritten: number }): void => {
      if (rowsWritten === 6) remove.abort(stop)
    }
    const { signal } = remove
    const segmentIds = (await place.segments('Flushed')).map(({ segmentId }) => segmentId)
    const bounds = { storageVersion: 3, segmentIds, maxRows: 4 } as const
    const aborted = place.compact({ ...bounds, signal, onProgress: aborting })
    await expect(aborted).rejects.toBe(stop)
    expect(keys()).toEqual(files)
    expect(ids(await place.rows())).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describeWithPyarrow('pyarrow', () => {
  test.each([2, 3] as const)(
    'reads the rows of a compacted segment of StorageV%i',
    async (version) => {
      await place.addRows([chunk(BOOKS, [book(3, 10), book(1, 20)])])
      await place.addRows([books(4, 2)], { deletes: deletes([4n, 99]) })
      await place.compact({ sort: true, storageVersion: version })
      const { manifest } = (await manifestOfSegment(await only(), place.chunkManager)) ?? {}
      const { binlogs } = manifest === undefined ? await only() : listsOfManifest(manifest)
      const root = join(place.directory, 'segments')
      const paths = binlogs.flatMap((list) =>
        list.binlogs.map(({ logPath }) => join(root, logPath)),
      )
      const script = `
import json, sys
import pyarrow.parquet as pq
columns = {}
for path in sys.argv[1:]:
    table = pq.ParquetFile(path).read()
    for field, column in zip(table.schema, table.columns):
        id = field.metadata[b"PARQUET:field_id"].decode()
        columns[id] = [v.hex() if isinstance(v, bytes) else v for v in column.to_pylist()]
print(json.dumps(columns))
`
      const output = execFileSync('python3', ['-c', script, ...paths], {
        env: pythonEnvironment(),
        encoding: 'utf8',
      })
      const floats = (id: number) =>
        Buffer.from(Float32Array.of(id, id + 0.25, -id, 1).buffer).toString('hex')
      expect(JSON.parse(output)).toEqual({
        0: [1, 3, 5],
        1: [20, 10, 50],
        100: [1, 3, 5],
        101: [1, 3, 5].map(floats),
        102: [10, null, 50],
        103: ['title 1', 'title 3', 'title 5'],
      })
    },
  )
})

if (noServers !== undefined) console.warn(`NOT RUN (${noServers}): compaction in a bucket`)
;(noServers ? test.skip : test)(
  'in a bucket, to either storage version',
  async () => {
    const server = await startVersitygw(join(directory, 'store'))
    try {
      const storage = storageAt(server.port, { rootPath: 'compaction/ä' })
      const remote = await CompactionPlace.open(join(directory, String(places++)), BOOKS, storage)
      for (const storageVersion of [2, 3] as const) {
        const first = storageVersion * 100
        await remote.addRows([books(first, 3)], { deletes: deletes([BigInt(first), 99_999]) })
        await remote.addRows([books(first + 3, 2)])
        const before = await remote.rows()
        await remote.compact({ storageVersion, sort: true })
        const after = await remote.rows()
        expect(after).toHaveLength(before.length)
        expect(after).toEqual(expect.arrayContaining(before))
      }
      const [segment, ...others] = await remote.segments('Flushed')
      expect(others).toEqual([])
      expect(await remote.verify(segment!.segmentId)).toMatchObject({ ok: true, rows: 8 })
      const { catalog, chunkManager } = remote
      await collectGarbage({
        catalog,
        chunkManager,
        dryRun: false,
        olderThanMs: 0,
        workersStopped: true,
      })
      const keysLeft: string[] = []
      for await (const { path } of chunkManager.walk('')) keysLeft.push(path)
      expect(keysLeft.filter((key) => !key.includes(`/${segment!.segmentId}`))).toEqual([])
      expect(await remote.rows()).toHaveLength(8)
      await remote.close()
    } finally {
      await server.stop()
    }
  },
  60_000,
)
