/** `packed segment compact` over what a worker left, while it goes on, and what it refuses. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { progressText } from '../lib/cli/compaction-progress.js'
import { parseExact, stringifyExact } from '../lib/config/index.js'
import { InsertData } from '../lib/data/index.js'
import { IngestWorker } from '../lib/ingest/index.js'
import { collectionSchemaToJson } from '../lib/schema/index.js'
import { SegmentReader } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { compactSegments, LocalMetaStore, MetaCatalog } from '../lib/sync/index.js'
import { packed, packedOutput } from './support/command.js'
import { BOOKS, book } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('compact-command')
let workers = 0

/** Rows of {@link BOOKS} without system fields. */
function rows(...ids: number[]): InsertData {
  const values = ids.map((id) => {
    const { RowID: _row, Timestamp: _time, ...own } = book(id, 0)
    return own
  })
  return InsertData.fromRows(BOOKS, values)
}

/** Three flushed segments with keys 6 to 1, of which 5 and 2 are deleted. */
async function ingested(useManifest = false): Promise<{ dir: string; worker: IngestWorker }> {
  const dir = join(directory, `worker-${workers++}`)
  const worker = await IngestWorker.open({
    ...{ directory: dir, schema: BOOKS, segmentRows: 2, useManifest },
  })
  await worker.write({ source: 'test', sequence: 1, rows: rows(6, 5) })
  await worker.write({ source: 'test', sequence: 2, rows: rows(4, 3) })
  await worker.write({ source: 'test', sequence: 3, rows: rows(2, 1) })
  await worker.write({ source: 'test', sequence: 4, deletes: [5, 2] })
  return { dir, worker }
}

async function closed(useManifest = false): Promise<string> {
  const { dir, worker } = await ingested(useManifest)
  await worker.close()
  return dir
}

async function keysIn(dir: string): Promise<number[]> {
  const store = await LocalMetaStore.open(join(dir, 'meta'))
  try {
    const catalog = new MetaCatalog(store)
    const [collection] = await catalog.collections()
    const chunkManager = new LocalChunkManager({ rootPath: join(dir, 'segments') })
    const found: number[] = []
    for (const segment of await catalog.segmentsToRead(collection!.collectionId)) {
      const { schema, binlogs, deltalogs, l0Deltalogs, manifestPath } = segment
      const options = { schema, binlogs, deltalogs, l0Deltalogs, manifestPath, chunkManager }
      for await (const batch of await SegmentReader.open({ ...options, columns: ['id'] })) {
        for (const row of batch) found.push(Number(row.id))
      }
    }
    return found
  } finally {
    await store.close()
  }
}

const compact = (...args: string[]) => packedOutput(['segment', 'compact', ...args])

test('says what it would do, does it, and has nothing to do after that', async () => {
  const dir = await closed()
  const before = filesBelow(dir)
  const plan = await compact('--dir', dir, '--dry-run')
  expect(plan).toMatch(
    /^partition \d+, channel .*: would compact 3 segments, 6 rows before, 4 after$/m,
  )
  expect(plan).toMatch(/^ +segment +rows +logs +bytes +why$/m)
  expect(plan.match(/^old +\d+ +2 +\d+ +[\d,]+ +small, deletes$/gm)).toHaveLength(3)
  expect(filesBelow(dir).filter((file) => file.includes('/segments/'))).toEqual(
    before.filter((file) => file.includes('/segments/')),
  )
  const done = await compact('--dir', dir, '--sort')
  expect(done).toMatch(
    /: 3 segments became 1, 6 rows before, 4 after, 1 segment of deletes dropped$/m,
  )
  expect(done).toMatch(/^new +\d+ +4 +\d+ +[\d,]+$/m)
  expect(await keysIn(dir)).toEqual([1, 3, 4, 6])
  expect(await compact('--dir', dir, '--sort')).toBe('nothing to compact\n')
  const gone = await packedOutput([
    'gc',
    '--dir',
    dir,
    '--delete',
    '--older-than',
    '0s',
    '--workers-stopped',
  ])
  expect(gone).toMatch(/^dropped /m)
  expect(await keysIn(dir)).toEqual([1, 3, 4, 6])
  const id = /^new +(\d+)/m.exec(done)![1]!
  const root = join(dir, 'segments')
  expect(await packedOutput(['segment', 'verify', id, '--root', root])).toMatch(/^OK: .* 4 rows/)
})

test('by names and ids, as JSON, bounded', async () => {
  const dir = await closed()
  const listed = parseExact(await packedOutput(['segments', '--dir', dir, '--json'])) as {
    segmentID: bigint
    level: string
  }[]
  const segments = listed.filter(({ level }) => level === 'L1').map(({ segmentID }) => segmentID)
  const report = parseExact(
    await compact(
      ...['--meta', join(dir, 'meta'), '--out', join(dir, 'segments'), '--collection', 'books'],
      ...['--partition', '_default', '--segments', segments.slice(0, 2).join(), '--max-rows', '2'],
      '--json',
    ),
  ) as { groups: { from: { segmentId: bigint; reasons: string[] }[]; to: { rows: number }[] }[] }
  expect(report).toMatchObject({ dryRun: false, groups: [{ rowsBefore: 4, rowsAfter: 3 }] })
  const [group] = report.groups
  expect(group!.from.map(({ segmentId }) => segmentId)).toEqual(segments.slice(0, 2))
  expect(group!.from[0]!.reasons).toContain('given')
  expect(group!.to.map((segment) => segment.rows)).toEqual([2, 1])
  expect((await keysIn(dir)).sort()).toEqual([1, 3, 4, 6])
})

test('segments of a worker that writes manifests', async () => {
  const dir = await closed(true)
  expect((await keysIn(dir)).sort()).toEqual([1, 3, 4, 6])
  expect(await compact('--dir', dir, '--dry-run')).toMatch(
    /^old +\d+ +2 +[2-9] +\d[\d,]+ +small, deletes$/m,
  )
  expect(await compact('--dir', dir, '--sort')).toMatch(
    /: 3 segments became 1, 6 rows before, 4 after, 1 segment of deletes dropped$/m,
  )
  expect(await keysIn(dir)).toEqual([1, 3, 4, 6])
  const now = ['--delete', '--older-than', '0s', '--workers-stopped']
  expect(await packedOutput(['gc', '--dir', dir, ...now])).toMatch(/^dropped .*_metadata\//m)
  expect(await keysIn(dir)).toEqual([1, 3, 4, 6])
  const again = await IngestWorker.open({ directory: dir })
  await again.write({ source: 'test', sequence: 5, rows: rows(9), deletes: [1] })
  await again.close()
  expect((await keysIn(dir)).sort()).toEqual([3, 4, 6, 9])
  await compact('--dir', dir, '--sort')
  expect(await keysIn(dir)).toEqual([3, 4, 6, 9])
})

test('deletes after the read timestamp stay', async () => {
  const dir = await closed()
  expect(await compact('--dir', dir, '--read-ts', '1')).toMatch(/ 6 rows before, 6 after$/m)
  expect((await keysIn(dir)).sort()).toEqual([1, 3, 4, 6])
})

test('a worker goes on meanwhile: its open segments are left alone, its later deletes count', async () => {
  const { dir, worker } = await ingested()
  try {
    await worker.write({ source: 'test', sequence: 5, rows: rows(7) })
    const flushed = (): number => worker.status().segments.flushed
    while (flushed() < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await compact('--dir', dir)).toMatch(/: \d segments became 1, /)
    await worker.write({ source: 'test', sequence: 6, rows: rows(8), deletes: [6] })
  } finally {
    await worker.close()
  }
  expect((await keysIn(dir)).sort()).toEqual([1, 3, 4, 7, 8])
  // The worker's own log was read again with old segments gone.
  const again = await IngestWorker.open({ directory: dir })
  await again.close()
  expect((await keysIn(dir)).sort()).toEqual([1, 3, 4, 7, 8])
  await compact('--dir', dir, '--sort')
  expect(await keysIn(dir)).toEqual([1, 3, 4, 7, 8])
})

test('the line of the terminal', () => {
  const at = { phase: 'writing', group: 0, groups: 1, rows: 12_000, rowsWritten: 4000 } as const
  expect(progressText(at)).toBe('writing | 4,000 of 12,000 rows')
  expect(progressText({ ...at, phase: 'sorting', groups: 3 })).toBe(
    'partition 1 of 3 | sorting | 4,000 of 12,000 rows',
  )
})

describe('one clear error', () => {
  let dir = ''
  beforeAll(async () => {
    dir = await closed()
  })

  test.each<[string[], number, RegExp]>([
    [[], 2, /Expected --dir <dir> or --meta <dir>|Expected --dir, --out or --storage/],
    [['--dir', 'nowhere'], 1, /NotFound: Expected the metadata store of a worker/],
    [['--dir', '@', '--collection', 'x'], 1, /NotFound: Expected a collection .*\(books\)/],
    [['--dir', '@', '--partition', 'x'], 1, /NotFound: Expected a partition .*\(_default\)/],
    [['--dir', '@', '--segments', '7'], 1, /NotFound: Expected a segment 7 /],
    [['--dir', '@', '--segments', 'a'], 2, /Expected a whole number/],
    [['--dir', '@', '--max-rows', '0'], 1, /InvalidArgument: .* >= 1 for maxRows/],
    [
      ['--dir', '@', '--sort', '--sort-memory', '64'],
      1,
      /NotSupported: Expected keys that 32 bytes/,
    ],
    [['--dir', '@', '--sorted'], 2, /unknown option '--sorted' \(Did you mean --sort\?\)/],
  ])('packed segment compact %j', async (args, code, message) => {
    const ran = await packed([
      'segment',
      'compact',
      ...args.map((arg) => (arg === '@' ? dir : arg)),
    ])
    expect({ code: ran.code, stdout: String(ran.stdout) }).toEqual({ code, stdout: '' })
    expect(ran.stderr).toMatch(message)
    expect(ran.stderr.split('\n')).toHaveLength(2)
  })
})

test('a segment that only has a manifest', async () => {
  const dir = await closed()
  const store = await LocalMetaStore.open(join(dir, 'meta'))
  const catalog = new MetaCatalog(store)
  const out = join(dir, 'segments')
  const chunkManager = new LocalChunkManager({ rootPath: out })
  const [collection] = await catalog.collections()
  const { collectionId } = collection!
  await compactSegments({ catalog, chunkManager, collectionId, storageVersion: 3 })
  const [segment] = await catalog.segments({ collectionId, states: ['Flushed'] })
  await store.close()
  const { base_path: base } = JSON.parse(segment!.manifestPath) as { base_path: string }
  const schema = join(dir, 'schema.json')
  writeFileSync(schema, stringifyExact(collectionSchemaToJson(collection!.schema)))
  const of = ['--out', out, '--base', base]
  expect(await compact(...of, '--schema', schema, '--sort')).toMatch(
    /^old +1 +4 +\d+ +[\d,]+\nnew +2 +4 +\d+ +[\d,]+$/m,
  )
  expect(JSON.parse(await compact(...of, '--schema', schema, '--json'))).toMatchObject({
    from: { version: 2, rows: 4 },
    to: { version: 3, rows: 4 },
  })
  const ran = await packed(['segment', 'compact', ...of, '--max-rows', '3'])
  expect([ran.code, ran.stderr]).toEqual([
    2,
    'packed: usage: Expected --base without --max-rows, which is for a metadata store\n',
  ])
  expect((await packed(['segment', 'compact', ...of])).stderr).toMatch(/usage: Expected --schema/)
})
