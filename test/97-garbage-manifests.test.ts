/** Files of manifest segments: what a live version names stays, all else goes when it is old. */
import { once } from 'node:events'
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import {
  expireManifests,
  ManifestStore,
  manifestKey,
  verifyManifest,
} from '../lib/manifest/index.js'
import { LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import { collectGarbage } from '../lib/sync/index.js'
import { startScript } from './support/child.js'
import { baseOf, ManifestGarbage, manifestsOf, pathsOf } from './support/manifest-garbage.js'
import { deltaLogOf, groupOf, indexOf } from './support/manifest-parts.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { segmentIn, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('garbage-manifests')
let trees = 0
const tree = () => new ManifestGarbage(join(directory, String(trees++)))
const BASE = baseOf(3)
const at = (name: string, base = BASE) => `${base}/_data/${name}.parquet`

/** Segment 3 with one file in every folder, and as many that nobody names. */
async function oneOfEach(): Promise<{ place: ManifestGarbage; kept: string[]; garbage: string[] }> {
  const place = tree()
  place.know(3)
  const named = [
    at('a'),
    `${BASE}/_delta/1`,
    `${BASE}/_stats/bloom_filter.100/1`,
    `${BASE}/_index/7/HNSW`,
    `${BASE}/_index/8/flat_0`,
    'insert_log/1/2/lobs/101/_data/x.vx',
  ]
  const garbage = [
    at('b'),
    `${BASE}/_delta/2`,
    `${BASE}/_stats/bloom_filter.100/2`,
    `${BASE}/_index/9/HNSW`,
    'insert_log/1/2/lobs/101/_data/y.vx',
  ].sort()
  await place.write(...named, ...garbage)
  await place.commit(BASE, (transaction) =>
    transaction
      .appendFiles([groupOf('id', { a: 10 }, BASE)])
      .addDeltaLog(deltaLogOf('1', 1, BASE))
      .updateStatistics('bloom_filter.100', { paths: [named[2]!], metadata: {} })
      .addIndex(indexOf('id', 7n, { path: `${BASE}/_index/7`, indexFileKeys: [] }))
      .addIndex(indexOf('id', 8n, { path: '', indexFileKeys: ['8/flat_0'] }))
      .addLobFile({
        path: named[5]!,
        fieldId: 101n,
        totalRows: 1,
        validRows: 1,
        fileSizeBytes: 10,
      }),
  )
  return { place, kept: [...named, manifestKey(BASE, 1)].sort(), garbage }
}

test('what no version names is found in every folder, and removed when that is asked for', async () => {
  const { place, kept, garbage } = await oneOfEach()
  const others = [`${BASE}/readme`, `${BASE}/_other/x`, `${BASE}/_metadata/notes`].sort()
  await place.write(...others)
  place.age()
  await place.write(at('young'))
  const dry = await place.gc({ dryRun: true })
  expect(pathsOf(dry)).toEqual(garbage)
  expect(dry).toMatchObject({ removed: 0, failed: [], unknown: [] })
  expect(new Set(dry.objects.map(({ reason }) => reason))).toEqual(new Set(['orphan']))
  expect(await place.gc()).toMatchObject({ removed: 5, failed: [] })
  expect(place.keys).toEqual([...kept, ...others, at('young')].sort())
  expect(await place.gc()).toMatchObject({ objects: [], removed: 0 })
})

test('every version that is there counts, not only the latest; expired ones do not', async () => {
  const place = tree()
  place.know(3)
  await place.write(at('a'), at('b'))
  await place.commit(BASE, (one) => one.addColumnGroup(groupOf('id old', { a: 10 }, BASE)))
  await place.commit(BASE, (one) =>
    one
      .dropColumn('id')
      .dropColumn('old')
      .addColumnGroup(groupOf('id', { b: 10 }, BASE)),
  )
  place.age()
  expect(await place.gc()).toMatchObject({ objects: [] })
  const { chunkManager } = place
  const expired = await expireManifests({ chunkManager, basePath: BASE, keep: 1, dryRun: false })
  expect(expired).toMatchObject({ unreferenced: [at('a')], kept: [2] })
  expect(pathsOf(await place.gc())).toEqual([at('a')])
  expect(place.keys).toEqual([at('b'), manifestKey(BASE, 2)].sort())
})

test('insert logs of StorageV2 that a manifest names where they are stay', async () => {
  const place = tree()
  const { info } = await segmentIn(place.root, twoChunks(), { sidecar: false })
  const logs = info.binlogs.map(({ binlogs }) => binlogs[0]!.logPath)
  place.know(3)
  await place.commit(BASE, (one) => {
    for (const [index, path] of logs.entries()) {
      const file = { path, startIndex: 0, endIndex: 3, properties: {} }
      one.addColumnGroup({ columns: [`c${index}`], files: [file], format: 'parquet' })
    }
  })
  place.age()
  const second = info.binlogs.map(({ binlogs }) => binlogs[1]!.logPath)
  expect(pathsOf(await place.gc())).toEqual(expect.arrayContaining(second))
  const left = place.keys.filter((key) => key.startsWith('insert_log/'))
  expect(left).toEqual([...logs, manifestKey(BASE, 1)].sort())
})

test('everything of a dropped segment goes, manifests first, but what another one names', async () => {
  const { place } = await oneOfEach()
  place.know(4)
  const shared = `${BASE}/_delta/1`
  const lob = 'insert_log/1/2/lobs/101/_data/x.vx'
  await place.commit(baseOf(4), (one) =>
    one.addDeltaLog({ path: shared, type: 'primaryKey', numEntries: 1 }).addLobFile({
      path: lob,
      fieldId: 101n,
      totalRows: 1,
      validRows: 1,
      fileSizeBytes: 10,
    }),
  )
  await place.write(`${BASE}/manifest.json`)
  place.age()
  place.setState(3, 'Dropped')
  const remove = jest.spyOn(place.chunkManager, 'remove')
  const report = await place.gc()
  const order = remove.mock.calls.map(([path]) => path)
  expect(order.slice(0, 2).sort()).toEqual([
    `${BASE}/_metadata/manifest-1.avro`,
    `${BASE}/manifest.json`,
  ])
  expect(report.objects.find(({ path }) => path === at('a'))).toMatchObject({ reason: 'dropped' })
  expect(place.keys).toEqual([shared, manifestKey(baseOf(4), 1), lob].sort())
})

test('a segment that a compaction dropped lately still counts', async () => {
  const { place, kept } = await oneOfEach()
  place.age()
  place.know(3, { state: 'Dropped', droppedAtMs: Date.now() - 1000 })
  await place.gc()
  expect(place.keys).toEqual(kept)
})

test('nothing of a partition goes while a manifest of it cannot be read, and that is told', async () => {
  const { place } = await oneOfEach()
  place.know(4)
  const stray = at('stray', baseOf(4))
  const elsewhere = at('stray', baseOf(5, 7))
  await place.write(stray, elsewhere)
  const broken = manifestKey(BASE, 1)
  truncateSync(join(place.root, broken), 40)
  place.age()
  const before = place.keys
  for (const dryRun of [true, false]) {
    const report = await new ManifestGarbage(place.root).gc({ catalog: place.catalog, dryRun })
    expect(pathsOf(report)).toEqual([elsewhere])
    expect(report.failed).toMatchObject([{ path: broken, error: { code: 'MetadataCorrupted' } }])
    expect(report.removed).toBe(dryRun ? 0 : 1)
  }
  expect(place.keys).toEqual(before.filter((key) => key !== elsewhere))
})

test.each([
  [
    'a version that is not there',
    JSON.stringify({ ver: 2, base_path: BASE }),
    /version 2 of a manifest/,
  ],
  ['no JSON', 'manifest', /JSON for a manifest path/],
])('a segment of which the metadata names %s is left alone', async (_, manifestPath, message) => {
  const { place } = await oneOfEach()
  place.know(3, { manifestPath })
  place.age()
  const before = place.keys
  const report = await place.gc()
  expect(report).toMatchObject({ objects: [], removed: 0 })
  expect((report.failed[0]!.error as Error).message).toMatch(message)
  expect(place.keys).toEqual(before)
})

test('a segment whose manifests are lost keeps its files', async () => {
  const { place } = await oneOfEach()
  place.know(3, { manifestPath: JSON.stringify({ ver: 1, base_path: BASE }) })
  rmSync(join(place.root, BASE, '_metadata'), { recursive: true })
  place.age()
  const before = place.keys
  const report = await new ManifestGarbage(place.root).gc({ catalog: place.catalog })
  expect(report).toMatchObject({ objects: [], failed: [{ error: { code: 'NotFound' } }] })
  expect(place.keys).toEqual(before)
})

test('a readable copy that is all there is counts as well', async () => {
  const { place, garbage } = await oneOfEach()
  await place.commit(BASE, (one) => one.updateStatistics('x', { paths: [], metadata: {} }), {
    json: true,
  })
  rmSync(join(place.root, BASE, '_metadata'), { recursive: true })
  place.age()
  const report = await new ManifestGarbage(place.root).gc({ catalog: place.catalog })
  expect(pathsOf(report)).toEqual(garbage)
})

test('a segment that the store does not know keeps what its manifest names, and is told', async () => {
  const { place, garbage } = await oneOfEach()
  place.segments.clear()
  place.age()
  const report = await place.gc()
  expect(pathsOf(report)).toEqual(garbage)
  expect(report.unknown).toEqual([BASE])
})

test('a commit that is made while files are listed keeps its files', async () => {
  const place = tree()
  place.know(3)
  await place.write(at('a'), at('b'))
  await place.commit(BASE, (one) => one.appendFiles([groupOf('id', { a: 1 }, BASE)]))
  place.age()
  const other = new LocalChunkManager({ rootPath: place.root })
  const walk = jest.spyOn(place.chunkManager, 'walk')
  walk.mockImplementationOnce(async function* (prefix, options) {
    walk.mockRestore()
    yield* place.chunkManager.walk(prefix, options)
    await place.commit(BASE, (one) => one.appendFiles([groupOf('id', { b: 1 }, BASE)]), {
      chunkManager: other,
    })
  })
  const report = await place.gc()
  expect(walk).toBeDefined()
  expect(report).toMatchObject({ objects: [], failed: [] })
  expect(await new ManifestStore(other, BASE).latest()).toBe(2)
})

test('a version that is expired between listing and reading is no failure', async () => {
  const place = tree()
  place.know(3)
  await place.write(at('a'), at('b'), at('c'))
  for (const name of ['a', 'b']) {
    await place.commit(BASE, (one) => one.appendFiles([groupOf('id', { [name]: 1 }, BASE)]))
  }
  place.age()
  const fresh = new LocalChunkManager({ rootPath: place.root })
  const read = fresh.read.bind(fresh)
  jest.spyOn(fresh, 'read').mockImplementation((path, options) => {
    if (path.endsWith('manifest-1.avro')) rmSync(join(place.root, path), { force: true })
    return read(path, options)
  })
  const report = await place.gc({ chunkManager: fresh })
  expect(pathsOf(report)).toEqual([at('c')])
  expect(report.failed).toEqual([])
})

test('an aborted signal ends it while manifests are read', async () => {
  const { place } = await oneOfEach()
  place.age()
  const before = place.keys
  const controller = new AbortController()
  const fresh = new LocalChunkManager({ rootPath: place.root })
  const read = fresh.read.bind(fresh)
  jest.spyOn(fresh, 'read').mockImplementation((path, options) => {
    controller.abort(new Error('enough'))
    return read(path, options)
  })
  const { signal } = controller
  await expect(place.gc({ chunkManager: fresh, signal })).rejects.toThrow('enough')
  expect(place.keys).toEqual(before)
})

test('files of a process that was killed between data and commit are found', async () => {
  const place = tree()
  place.know(3)
  const child = startScript('commit-until-killed.cjs', [place.root, BASE])
  const ended = once(child, 'close')
  let text = ''
  const third = new Promise<void>((resolve) => {
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if ((text.match(/written/g) ?? []).length >= 3) resolve()
    })
  })
  await Promise.race([third, ended])
  child.kill('SIGKILL')
  await ended
  const { chunkManager } = place
  const store = new ManifestStore(chunkManager, BASE)
  const { manifest, version } = await store.open()
  expect(version).toBe(2)
  const named = manifest.columnGroups.flatMap(({ files }) => files.map(({ path }) => path))
  const orphans = place.keys.filter((key) => key.includes('/_data/') && !named.includes(key))
  expect(orphans.length).toBeGreaterThan(0)
  expect(await place.gc()).toMatchObject({ objects: [] })
  expect(pathsOf(await place.gcNow())).toEqual(orphans)
  expect(place.keys).toEqual([...named, ...manifestsOf(BASE, 1, 2)].sort())
  expect(await verifyManifest({ store, deep: true })).toMatchObject({
    ok: true,
    rows: 2000,
    problems: [],
    notChecked: [],
  })
}, 60_000)

describeWithServers('in a bucket', () => {
  test('names with bucket, root or scheme in front are names', async () => {
    const server = await startVersitygw(join(directory, String(trees++)))
    try {
      const storage = storageAt(server.port, { rootPath: 'files' })
      const chunkManager = await openChunkManager(storage)
      const place = tree()
      const base = `segments/files/${BASE}`
      place.know(3, { manifestPath: JSON.stringify({ ver: 1, base_path: base }) })
      const paths = [1, 2, 3, 4].map((log) => `insert_log/1/2/3/0/${log}`)
      for (const path of [...paths, 'insert_log/1/2/3/0/5', at('a')]) {
        await chunkManager.write(path, new Uint8Array(1))
      }
      const fronts = ['', 'segments/files/', 's3://segments/files/', '/segments/files/']
      await place.commit(
        BASE,
        (one) => {
          for (const [index, path] of paths.entries()) {
            one.addDeltaLog({ path: fronts[index]! + path, type: 'primaryKey', numEntries: 1 })
          }
        },
        { chunkManager },
      )
      const now = { olderThanMs: 0, workersStopped: true, dryRun: false }
      const report = await collectGarbage({ catalog: place.catalog, chunkManager, ...now })
      expect(report.failed).toEqual([])
      expect(pathsOf(report)).toEqual([at('a'), 'insert_log/1/2/3/0/5'].sort())
      for (const path of paths) expect(await chunkManager.exist(path)).toBe(true)
    } finally {
      await server.stop()
    }
  })
})
