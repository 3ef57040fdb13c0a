/**
 * A worker that is killed between the commit of a manifest and that of the metadata: what the
 * metadata names is what counts, before and after the next worker has written the rows again.
 */
import { join } from 'node:path'
import { ManifestStore, rowsOfManifest } from '../../lib/manifest/index.js'
import { manifestOfSegment, SegmentReader } from '../../lib/segment/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { LocalMetaStore, MetaCatalog, type SegmentToRead } from '../../lib/sync/index.js'
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

async function segmentsOf(home: string): Promise<SegmentToRead[]> {
  const store = await LocalMetaStore.open(join(home, 'meta'))
  try {
    const catalog = new MetaCatalog(store)
    const [collection] = await catalog.collections()
    return await catalog.segmentsToRead(collection!.collectionId)
  } finally {
    await store.close()
  }
}

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

/** Rows in the newest manifests, and in those that the metadata names. */
async function manifestRows(home: string, segments: readonly SegmentToRead[]) {
  const chunkManager = new LocalChunkManager({ rootPath: join(home, 'segments') })
  let [newest, named, ahead] = [0, 0, 0]
  for (const segment of segments) {
    const found = (await manifestOfSegment(segment, chunkManager))!
    const latest = await new ManifestStore(chunkManager, found.basePath).open()
    newest += rowsOfManifest(latest.manifest)!
    named += rowsOfManifest(found.manifest)!
    ahead += latest.version > found.version ? 1 : 0
    expect(rowsOfManifest(found.manifest)).toBe(segment.numRows)
  }
  return { newest, named, ahead }
}

test.each([
  ['sync.manifest.after', 2],
  ['sync.manifest.after', 3],
  ['sync.manifest.after', 7],
])(
  'killed at %s, the %i. time: rows of a manifest that nobody saved count once',
  async (stage, hit) => {
    const home = join(directory, `${stage}-${hit}`)
    expect((await run(home, { stage, hit })).signal).toBe('SIGKILL')
    const before = await segmentsOf(home)
    const { newest, named, ahead } = await manifestRows(home, before)
    // What this is about: a version with rows that the metadata does not have.
    expect([ahead, newest > named]).toEqual([1, true])
    expect(new Set(await keysOf(home, before)).size).toBeLessThanOrEqual(named)

    expect(await run(home, {})).toMatchObject({
      code: 0,
      lines: expect.arrayContaining([{ done: true }]),
    })
    const after = await segmentsOf(home)
    expect(await keysOf(home, after)).toEqual([...rowsAfter(MESSAGES).keys()].sort((a, b) => a - b))
    const rows = await manifestRows(home, after)
    expect([rows.ahead, rows.newest]).toEqual([0, rows.named])
  },
  120_000,
)
