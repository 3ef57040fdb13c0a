/**
 * A worker that is killed between the commit of a manifest and that of the metadata: what the
 * metadata names is what counts, before and after the next worker has written the rows again.
 */
import { join } from 'node:path'
import { parseManifestPath } from '../../lib/binlog/index.js'
import { ManifestStore, rowsOfManifest } from '../../lib/manifest/index.js'
import { SegmentReader } from '../../lib/segment/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import {
  LocalMetaStore,
  MetaCatalog,
  type SegmentMeta,
  type SegmentToRead,
} from '../../lib/sync/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { rowsAfter } from '../support/numbered-stream.cjs'
import { temporaryDirectory } from '../support/temporary.js'

const MESSAGES = 300
const CHILD_TIMEOUT_MS = 60_000
/** So small that a segment takes several syncs. */
const SMALL = {
  insertBufferBytes: 8 << 10,
  deleteBufferBytes: 256,
  segmentRows: 1000,
  syncPeriodMs: 300,
  fsync: 'always',
  storageVersion: 3,
}

const directory = temporaryDirectory('manifest-sync-killed')

async function run(home: string, plan: { stage?: string; hit?: number }) {
  const options = { ...SMALL, ...plan, directory: home, end: MESSAGES }
  const child = startScript('ingest-until-killed.cjs', [JSON.stringify(options)])
  return outcomeOf(child, CHILD_TIMEOUT_MS)
}

async function catalogOf<T>(home: string, ask: (catalog: MetaCatalog) => Promise<T>): Promise<T> {
  const store = await LocalMetaStore.open(join(home, 'meta'))
  try {
    return await ask(new MetaCatalog(store))
  } finally {
    await store.close()
  }
}

const segmentsOf = (home: string): Promise<SegmentToRead[]> =>
  catalogOf(home, async (catalog) => {
    const [collection] = await catalog.collections()
    return catalog.segmentsToRead(collection!.collectionId)
  })

const knownSegments = (home: string): Promise<SegmentMeta[]> =>
  catalogOf(home, (catalog) => catalog.segments())

async function keysOf(home: string, segments: readonly SegmentToRead[]): Promise<number[]> {
  const chunkManager = new LocalChunkManager({ rootPath: join(home, 'segments') })
  const keys: number[] = []
  for (const { schema, manifestPath, l0Deltalogs } of segments) {
    const given = { schema, manifestPath, l0Deltalogs, chunkManager, columns: ['id'] }
    await using reader = await SegmentReader.open(given)
    for await (const batch of reader) keys.push(...[...batch.getChild('id')!].map(Number))
  }
  return keys.sort((left, right) => left - right)
}

/**
 * Of all segments, those without rows and of deletes as well: how many have a manifest that is newer
 * than what the metadata names, and the rows of the newest ones and of those that are named.
 */
async function manifestRows(home: string) {
  const chunkManager = new LocalChunkManager({ rootPath: join(home, 'segments') })
  const bases = new Map<bigint, string>()
  for await (const { path } of chunkManager.walk('')) {
    const [, base, id] = /^(.*\/(\d+))\/_metadata\//.exec(path) ?? []
    if (base !== undefined) bases.set(BigInt(id!), base)
  }
  let [newest, named, ahead] = [0, 0, 0]
  for (const { segmentId, numRows, manifestPath } of await knownSegments(home)) {
    const base = bases.get(segmentId)
    if (base === undefined) continue
    const store = new ManifestStore(chunkManager, base)
    const latest = await store.open()
    const version = parseManifestPath(manifestPath ?? '')?.version ?? 0
    const rows = rowsOfManifest(await store.read(version)) ?? 0
    expect(rows).toBe(numRows)
    newest += rowsOfManifest(latest.manifest) ?? 0
    named += rows
    ahead += latest.version > version ? 1 : 0
  }
  return { newest, named, ahead }
}

/** A worker that died with rows in a manifest that the metadata does not name. */
async function killedAhead(stage: string, firstHit: number) {
  for (let hit = firstHit; hit < firstHit + 4; hit++) {
    const home = join(directory, `${stage}-${firstHit}-${hit}`)
    expect((await run(home, { stage, hit })).signal).toBe('SIGKILL')
    const rows = await manifestRows(home)
    // Another segment may be syncing at the same time.
    expect(rows.ahead).toBeGreaterThanOrEqual(1)
    // Which sync comes when depends on the time; those of deletes have no rows.
    if (rows.newest > rows.named) return { home, named: rows.named }
  }
  throw new Error(`Expected a sync of rows among 4 from number ${firstHit}`)
}

test.each([
  ['sync.manifest.after', 1],
  ['sync.manifest.after', 2],
  ['sync.manifest.after', 3],
  ['sync.manifest.after', 7],
])(
  'killed at %s, the %i. time: rows of a manifest that nobody saved count once',
  async (stage, hit) => {
    const { home, named } = await killedAhead(stage, hit)
    const before = await keysOf(home, await segmentsOf(home))
    expect(new Set(before).size).toBeLessThanOrEqual(named)

    expect(await run(home, {})).toMatchObject({
      code: 0,
      lines: expect.arrayContaining([{ done: true }]),
    })
    const after = await keysOf(home, await segmentsOf(home))
    expect(after).toEqual([...rowsAfter(MESSAGES).keys()].sort((a, b) => a - b))
    const rows = await manifestRows(home)
    expect([rows.ahead, rows.newest]).toEqual([0, rows.named])
  },
  120_000,
)
