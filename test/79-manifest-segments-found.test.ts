/** Segments whose manifest names their files are found and verified as all others are. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { splitByDefaultPolicies, withSystemFields } from '../lib/schema/index.js'
import {
  deriveSchema,
  type LocatedSegment,
  locateSegment,
  readSidecar,
  type SegmentInfo,
  segmentStats,
  verifySegment,
  writeSidecar,
} from '../lib/segment/index.js'
import { type ChunkManager, LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import { BulkPackWriterV3 } from '../lib/sync/index.js'
import { notes, openWorker } from './support/ingest.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { BOOKS, columnOf, IDS, twoChunks } from './support/segments.js'
import { bare, targetAt } from './support/sync.js'
import { BASE, syncedSegments } from './support/synced-segments.js'
import { freshTrees } from './support/trees.js'

const { directory, tree } = freshTrees('manifest-segments-found')
const { manifestSegment } = syncedSegments(tree)

describe('locateSegment', () => {
  test('finds it by its manifest, with the files as lists', async () => {
    const { chunkManager, manifestPath } = await manifestSegment()
    const segment = await locateSegment({ chunkManager, segmentId: 3 })
    expect(segment).toMatchObject({
      ...{ ...IDS, storageVersion: 3, source: 'files', numRows: 5, manifestPath },
    })
    expect(segment.binlogs.map(({ fieldId, childFields }) => [fieldId, childFields])).toEqual([
      [0n, [0n, 1n, 100n]],
      [1n, [102n, 103n]],
      [101n, [101n]],
    ])
    for (const { logPath, logSize } of segment.binlogs.flatMap(({ binlogs }) => binlogs)) {
      expect(await chunkManager.size(logPath)).toBe(logSize)
    }
    expect(segment.statslogs[0]!.binlogs.map(({ logId }) => logId > 1n)).toEqual([
      true,
      true,
      false,
    ])
    expect(segment.deltalogs[0]!.binlogs).toMatchObject([{ entriesNum: 3 }])
    const stats = segmentStats(segment)
    expect(stats).toMatchObject({ storageVersion: 3, rows: 5, deletes: { logs: 1, entries: 3 } })
    expect(stats.groups.map(({ id, logs, entries }) => [id, logs, entries])).toEqual([
      [0n, 2, 5],
      [1n, 2, 5],
      [101n, 2, 5],
    ])
    const schema = await deriveSchema(segment, { chunkManager })
    expect(schema.fields.map(({ fieldId, isPrimaryKey }) => [fieldId, isPrimaryKey])).toEqual(
      [0n, 1n, 100n, 101n, 102n, 103n].map((id) => [id, id === 100n]),
    )
  })

  test('takes the version that the sidecar says, below any root', async () => {
    const chunkManager = new LocalChunkManager({ rootPath: tree() })
    const groups = splitByDefaultPolicies(withSystemFields(BOOKS))
    const target = targetAt(chunkManager, { root: 'files' })
    const write = (manifestPath: string) =>
      new BulkPackWriterV3({ ...target, manifestPath }).write(
        bare().withInsertData(twoChunks()),
        groups,
      )
    const { manifestPath = '', inserts } = await write('')
    await write(manifestPath)
    const info: SegmentInfo = {
      ...{ ...IDS, storageVersion: 3, schema: BOOKS, numRows: 5, manifestPath },
      ...{ binlogs: [...inserts.values()], statslogs: [], bm25logs: [], deltalogs: [] },
    }
    await writeSidecar(chunkManager, 'files', info)
    expect(await readSidecar(chunkManager, 'files', IDS)).toEqual(info)
    const found = (sidecar: boolean) =>
      locateSegment({ chunkManager, segmentId: 3, root: 'files', sidecar })
    const [named, latest] = [await found(true), await found(false)]
    expect(named).toMatchObject({ source: 'sidecar', manifestPath, numRows: 5 })
    expect(named.binlogs[0]!.binlogs).toMatchObject([{ timestampFrom: 10n, timestampTo: 50n }])
    expect(latest).toMatchObject({ source: 'files', numRows: 10 })
    // Moved elsewhere, the tree is as readable.
    const moved = new LocalChunkManager({ rootPath: join(chunkManager.rootPath, 'files') })
    const there = await locateSegment({ chunkManager: moved, segmentId: 3 })
    expect(there).toMatchObject({ source: 'sidecar', numRows: 5 })
    const rows = { schema: BOOKS, chunkManager: moved, manifestPath: there.manifestPath! }
    expect(await columnOf('id', rows)).toEqual([1n, 2n, 3n, 4n, 5n])
  })
})

describe('verifySegment', () => {
  const rulesOf = async (chunkManager: ChunkManager, segment: LocatedSegment) => {
    const { problems } = await verifySegment({ chunkManager, segment, schema: BOOKS })
    return problems.map(({ rule }) => rule)
  }
  const sound = async () => {
    const { chunkManager } = await manifestSegment()
    const segment = await locateSegment({ chunkManager, segmentId: 3 })
    const file = (path: string) => join(chunkManager.rootPath, path)
    return { chunkManager, segment, file }
  }

  test('finds nothing wrong with what a sync wrote', async () => {
    const { chunkManager, segment } = await sound()
    const result = await verifySegment({ chunkManager, segment, schema: BOOKS })
    expect(result).toMatchObject({ ok: true, rows: 5, problems: [], logs: 10 })
  })

  test('finds nothing wrong with what a worker wrote, times and nulls included', async () => {
    const home = tree()
    const worker = await openWorker(home, { useManifest: true })
    for (const [at, first] of [0, 10].entries()) {
      await worker.write({ source: 's', sequence: at, rows: notes(first, 10), deletes: [3] })
    }
    await worker.close()
    const chunkManager = new LocalChunkManager({ rootPath: join(home, 'segments') })
    const { segmentId } = await firstSegment(chunkManager)
    const segment = await locateSegment({ chunkManager, segmentId })
    expect(segment).toMatchObject({ source: 'sidecar', storageVersion: 3, numRows: 20 })
    const result = await verifySegment({ chunkManager, segment })
    expect(result).toMatchObject({ ok: true, rows: 20, notChecked: [] })
    const [log] = segment.binlogs[0]!.binlogs
    const wrong = [{ ...log!, timestampFrom: 1n, fieldNullCounts: new Map([[100n, 7]]) }]
    const binlogs = [{ ...segment.binlogs[0]!, binlogs: wrong }, ...segment.binlogs.slice(1)]
    const { problems } = await verifySegment({ chunkManager, segment: { ...segment, binlogs } })
    expect(problems.map(({ rule }) => rule)).toEqual(['fieldNullCounts', 'timestampFrom'])
  })

  test('says what is missing, damaged, or not as the metadata has it', async () => {
    const missing = await sound()
    await missing.chunkManager.remove(missing.segment.binlogs[0]!.binlogs[0]!.logPath)
    expect(await rulesOf(missing.chunkManager, missing.segment)).toEqual(['exists'])

    const short = await sound()
    const path = short.file(short.segment.binlogs[1]!.binlogs[0]!.logPath)
    writeFileSync(path, readFileSync(path).subarray(0, -20))
    expect(await rulesOf(short.chunkManager, short.segment)).toEqual(['fileSize', 'footer'])

    const rows = await sound()
    const more = { ...rows.segment, numRows: 6 }
    expect(await rulesOf(rows.chunkManager, more)).toEqual(['numRows'])

    const stats = await sound()
    await stats.chunkManager.write(
      stats.segment.statslogs[0]!.binlogs[0]!.logPath,
      Buffer.from('{'),
    )
    expect(await rulesOf(stats.chunkManager, stats.segment)).toContain('statistics')

    const keys = await sound()
    const [first, second] = keys.segment.statslogs[0]!.binlogs
    const others = await keys.chunkManager.read(second!.logPath)
    await keys.chunkManager.write(first!.logPath, others)
    expect(await rulesOf(keys.chunkManager, keys.segment)).toContain('bloomFilter')

    const gone = await sound()
    const manifestPath = `{"ver":7,"base_path":"${BASE}"}`
    expect(await rulesOf(gone.chunkManager, { ...gone.segment, manifestPath })).toContain(
      'manifest',
    )

    const entries = await sound()
    const [list] = entries.segment.deltalogs
    const deltalogs = [{ ...list!, binlogs: [{ ...list!.binlogs[0]!, entriesNum: 4 }] }]
    expect(await rulesOf(entries.chunkManager, { ...entries.segment, deltalogs })).toEqual([
      'entries',
    ])
  })
})

async function firstSegment(chunkManager: LocalChunkManager): Promise<{ segmentId: bigint }> {
  for await (const { path } of chunkManager.walk('insert_log/', { recursive: true })) {
    return { segmentId: BigInt(path.split('/')[3]!) }
  }
  throw new Error('Expected a segment but found none')
}

describeWithServers('in a bucket', () => {
  test('a segment is found, verified and read, also with the bucket in its path', async () => {
    const server = await startVersitygw(join(directory, 'gateway'))
    try {
      const storage = storageAt(server.port, { rootPath: '' })
      const chunkManager = await openChunkManager(storage)
      const { source } = await manifestSegment(chunkManager)
      expect(await columnOf('id', source)).toEqual([2n, 3n, 5n])
      const manifestPath = JSON.stringify({ ver: 2, base_path: `${storage.bucketName}/${BASE}` })
      expect(await columnOf('id', { ...source, manifestPath })).toEqual([2n, 3n, 5n])
      const segment = await locateSegment({ chunkManager, segmentId: 3 })
      expect(await verifySegment({ chunkManager, segment, schema: BOOKS })).toMatchObject({
        ...{ ok: true, rows: 5 },
      })
    } finally {
      await server.stop()
    }
  })
})
