/** What failed attempts, killed writers and dropped segments left goes; what a segment names stays. */
import { once } from 'node:events'
import { utimesSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SegmentInfo } from '../lib/segment/index.js'
import { locateSegment, verifySegment, writeSidecar } from '../lib/segment/index.js'
import { LocalChunkManager, openChunkManager, openObjectStore } from '../lib/storage/index.js'
import { collectGarbage, type SegmentMeta, type SegmentState } from '../lib/sync/index.js'
import { startScript } from './support/child.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { deletes, IDS, segmentIn, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('garbage')
let trees = 0
const tree = () => join(directory, String(trees++))
const DAYS_AGO = new Date(Date.now() - 48 * 3_600_000)
const CONTENT = new Uint8Array(10)
const TEMPORARY = '.1000.4711-0123456789abcdef'

function metaOf(info: SegmentInfo, state: SegmentState = 'Flushed'): SegmentMeta {
  return {
    ...info,
    channelName: 'channel',
    state,
    level: 'L1',
    startPosition: undefined,
    checkpoint: undefined,
    currentSplit: undefined,
    manifestPath: '',
  }
}

/** Collection 1 with these segments: what a store would say. */
const catalogOf = (...segments: SegmentMeta[]) => ({
  collections: async () => [{ collectionId: 1n }],
  segments: async () => segments,
})

const keysBelow = (root: string) => filesBelow(root).map((file) => relative(root, file))

function age(root: string, keys: readonly string[] = keysBelow(root)): void {
  for (const key of keys) utimesSync(join(root, key), DAYS_AGO, DAYS_AGO)
}

/** Empty objects that look like what syncs leave. */
async function litter(chunkManager: LocalChunkManager, keys: readonly string[]): Promise<void> {
  for (const path of keys) await chunkManager.write(path, CONTENT)
}

const pathsOf = (objects: readonly { path: string }[]) => objects.map(({ path }) => path).sort()

describe.each(['milvus', 'segmentFirst'] as const)('layout %s', (layout) => {
  test('what no segment names is found first, and removed when that is asked for', async () => {
    const root = tree()
    const { chunkManager, info } = await segmentIn(root, twoChunks(), {
      layout,
      root: 'files',
      deletes: deletes([2n, 99]),
    })
    const kept = keysBelow(root)
    const log = (kind: string, ...ids: number[]) =>
      layout === 'milvus'
        ? `files/${kind}/1/2/${ids.join('/')}`
        : `files/1/2/${ids[0]}/${kind}/${ids.slice(1).join('/')}${kind === 'insert_log' ? '.parquet' : ''}`
    const garbage = [
      log('insert_log', 3, 0, 77),
      log('insert_log', 9, 101, 78),
      log('stats_log', 9, 100, 1),
      log('bm25_stats', 3, 101, 79),
      log('delta_log', 9, 80),
      'files/_segment/1/2/9.json',
      `${log('insert_log', 3, 0, 77).replace(/[^/]+$/, '')}${TEMPORARY}.partial`,
    ].sort()
    const others = [
      'insert_log/1/2/3/0/77',
      'files/insert_log/2/2/5/0/77',
      'files/insert_log/1/2/3/0/readme',
      'files/index_files/1/2/3',
      `${log('insert_log', 3, 0, 77).replace(/[^/]+$/, '')}${TEMPORARY}.backup`,
    ]
    await litter(chunkManager, [...garbage, ...others])
    age(root)
    const young = log('insert_log', 3, 0, 90)
    await litter(chunkManager, [young])
    const options = { catalog: catalogOf(metaOf(info)), chunkManager, root: 'files/' }

    const dry = await collectGarbage(options)
    expect(pathsOf(dry.objects)).toEqual(garbage)
    expect(dry).toMatchObject({ dryRun: true, bytes: 70, removed: 0, failed: [], uploads: [] })
    expect(keysBelow(root).sort()).toEqual([...kept, ...garbage, ...others, young].sort())

    const done = await collectGarbage({ ...options, dryRun: false })
    expect(pathsOf(done.objects)).toEqual(garbage)
    expect(done).toMatchObject({ dryRun: false, bytes: 70, removed: 7, failed: [] })
    expect(keysBelow(root).sort()).toEqual([...kept, ...others, young].sort())
    const again = await collectGarbage({ ...options, dryRun: false })
    expect(again).toMatchObject({ objects: [], removed: 0 })
    const segment = await locateSegment({ chunkManager, root: 'files', layout, segmentId: 3 })
    expect(await verifySegment({ chunkManager, segment })).toMatchObject({ rows: 5 })
  })
})

test('files of a dropped segment go, those of one that grows stay', async () => {
  const root = tree()
  const dropped = await segmentIn(root, twoChunks())
  await writeSidecar(dropped.chunkManager, '', dropped.info)
  const growing = await segmentIn(root, twoChunks(), { ids: { ...IDS, segmentId: 4n } })
  age(root)
  const { chunkManager } = growing
  const catalog = catalogOf(metaOf(dropped.info, 'Dropped'), metaOf(growing.info, 'Growing'))
  const report = await collectGarbage({ catalog, chunkManager, dryRun: false })
  expect(new Set(report.objects.map(({ reason }) => reason))).toEqual(new Set(['dropped']))
  expect(report.objects.map(({ path }) => path)).toContain('_segment/1/2/3.json')
  const segments = new Set(keysBelow(root).map((key) => /1\/2\/(\d+)/.exec(key)?.[1]))
  expect(segments).toEqual(new Set(['4']))
})

test('merged statistics of a live segment stay, named or not: the next attempt writes them again', async () => {
  const root = tree()
  const { chunkManager, info } = await segmentIn(root, twoChunks())
  age(root)
  const statslogs = info.statslogs.map((list) => ({
    ...list,
    binlogs: list.binlogs.filter(({ logPath }) => !logPath.endsWith('/1')),
  }))
  const catalog = catalogOf(metaOf({ ...info, statslogs }, 'Growing'))
  expect(await collectGarbage({ catalog, chunkManager })).toMatchObject({ objects: [] })
  expect(keysBelow(root)).toContain('stats_log/1/2/3/100/1')
})

test('a segment that is saved while files are listed keeps them', async () => {
  const root = tree()
  const { chunkManager, info } = await segmentIn(root, twoChunks())
  age(root)
  const segments: SegmentMeta[] = []
  const catalog = { ...catalogOf(), segments: async () => segments }
  const walk = jest.spyOn(chunkManager, 'walk')
  walk.mockImplementationOnce(async function* (prefix, options) {
    walk.mockRestore()
    for await (const entry of chunkManager.walk(prefix, options)) {
      yield entry
      segments[0] = metaOf(info)
    }
  })
  const report = await collectGarbage({ catalog, chunkManager, dryRun: false })
  expect(report.objects).toEqual([])
  const segment = await locateSegment({ chunkManager, segmentId: 3 })
  expect(await verifySegment({ chunkManager, segment })).toMatchObject({ ok: true, rows: 5 })
})

test('a writer that was killed leaves nothing but its finished segments', async () => {
  const root = tree()
  for (let attempt = 0; ; attempt++) {
    const first = String(attempt * 1000 + 1)
    const child = startScript('segments-until-killed.cjs', [root, first, '2000'])
    const ended = once(child, 'close')
    await Promise.race([once(child.stdout!, 'data'), ended])
    await sleep(200 + 37 * (attempt % 8))
    child.kill('SIGKILL')
    await ended
    const names = keysBelow(root).map((key) => key.split('/').at(-1)!)
    const partial = names.some((name) => name.endsWith('.partial'))
    if (partial && names.some((name) => name.endsWith('.json'))) break
    if (attempt === 40) throw new Error('Expected a kill in the middle of a file, and one segment')
  }
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const sidecars = keysBelow(root).filter((key) => /^_segment\/1\/2\/\d+\.json$/.test(key))
  const finished = sidecars.map((key) => Number(/(\d+)\.json/.exec(key)![1]))
  const located = await Promise.all(
    finished.map((segmentId) => locateSegment({ chunkManager, segmentId })),
  )
  const options = {
    catalog: catalogOf(...located.map((segment) => metaOf(segment))),
    chunkManager,
    dryRun: false,
  }
  expect(await collectGarbage(options)).toMatchObject({ objects: [] })
  const report = await collectGarbage({ ...options, olderThanMs: 0, workersStopped: true })
  expect(report.objects.some(({ reason }) => reason === 'unfinished')).toBe(true)
  const named = located.flatMap(({ binlogs, statslogs, deltalogs }) =>
    [binlogs, statslogs, deltalogs].flat().flatMap((list) => pathsOf(list.binlogs.map(toPath))),
  )
  expect(keysBelow(root).sort()).toEqual([...named, ...sidecars].sort())
}, 60_000)

const toPath = ({ logPath }: { logPath: string }) => ({ path: logPath })

test('what cannot be removed is named, and does not keep the others', async () => {
  const root = tree()
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const keys = ['insert_log/1/2/3/0/10', 'insert_log/1/2/3/0/11', 'insert_log/1/2/3/0/12']
  await litter(chunkManager, keys)
  age(root)
  const refusal = new Error('held')
  const remove = chunkManager.remove.bind(chunkManager)
  jest
    .spyOn(chunkManager, 'remove')
    .mockImplementation((path, options) =>
      path === keys[1] ? Promise.reject(refusal) : remove(path, options),
    )
  const report = await collectGarbage({ catalog: catalogOf(), chunkManager, dryRun: false })
  expect(report).toMatchObject({ removed: 2, failed: [{ path: keys[1], error: refusal }] })
  expect(keysBelow(root)).toEqual([keys[1]])
})

test('an aborted signal ends it before anything is removed', async () => {
  const root = tree()
  const chunkManager = new LocalChunkManager({ rootPath: root })
  await litter(chunkManager, ['insert_log/1/2/3/0/10'])
  age(root)
  const controller = new AbortController()
  const { signal } = controller
  const reason = new Error('enough')
  const catalog = {
    ...catalogOf(),
    segments: async () => {
      controller.abort(reason)
      return []
    },
  }
  const options = { catalog, chunkManager, dryRun: false, signal }
  await expect(collectGarbage(options)).rejects.toBe(reason)
  expect(keysBelow(root)).toHaveLength(1)
})

test('a tree that is not there holds nothing', async () => {
  const chunkManager = new LocalChunkManager({ rootPath: tree() })
  const report = await collectGarbage({ catalog: catalogOf(), chunkManager, dryRun: false })
  expect(report).toMatchObject({ objects: [], uploads: [], bytes: 0, removed: 0 })
})

test.each([
  [{ olderThanMs: 59_999 }, /an integer >= 60000 for olderThanMs/],
  [{ olderThanMs: -1, workersStopped: true }, /an integer >= 0 for olderThanMs/],
  [{ dryrun: false }, /Did you mean "dryRun"/],
  [{ catalog: undefined }, /an object for catalog/],
  [{ root: 1 }, /a key prefix for root/],
  [{ chunkManager: undefined }, /an object for chunkManager/],
])('%j cannot be meant', async (wrong, message) => {
  const chunkManager = new LocalChunkManager({ rootPath: tree() })
  const options = { catalog: catalogOf(), chunkManager, ...wrong }
  expect(await rejection(() => collectGarbage(options as never))).toMatchObject({
    code: 'InvalidArgument',
    message: expect.stringMatching(message),
  })
})

describeWithServers('in a bucket', () => {
  test('unfinished uploads go as well', async () => {
    const server = await startVersitygw(tree())
    try {
      const storage = storageAt(server.port, { rootPath: 'files' })
      const chunkManager = await openChunkManager(storage)
      const store = await openObjectStore(storage)
      await chunkManager.write('insert_log/1/2/3/0/10', CONTENT)
      await store.create('files/insert_log/1/2/3/0/11')
      await store.create('files/insert_log/2/2/3/0/11')
      const options = { catalog: catalogOf(), storage, dryRun: false }
      expect(await collectGarbage(options)).toMatchObject({ objects: [], uploads: [], removed: 0 })
      const all = { ...options, olderThanMs: 0, workersStopped: true }
      expect(await collectGarbage({ ...all, dryRun: true })).toMatchObject({
        objects: [{ path: 'insert_log/1/2/3/0/10', sizeBytes: 10, reason: 'orphan' }],
        uploads: [{ key: 'files/insert_log/1/2/3/0/11' }],
      })
      expect(await collectGarbage(all)).toMatchObject({ removed: 2, failed: [] })
      expect(await chunkManager.exist('insert_log/1/2/3/0/10')).toBe(false)
      const left: string[] = []
      for await (const { key } of store.listUploads('files/')) left.push(key)
      expect(left).toEqual(['files/insert_log/2/2/3/0/11'])
    } finally {
      await server.stop()
    }
  })
})
