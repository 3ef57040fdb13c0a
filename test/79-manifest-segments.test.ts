/** Segments whose manifest names their files: read, found and verified as all others are. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { rowsOf } from '../lib/data/index.js'
import { ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  splitByDefaultPolicies,
  withSystemFields,
} from '../lib/schema/index.js'
import {
  convertSegment,
  createManifest,
  deriveSchema,
  type LocatedSegment,
  locateSegment,
  readSidecar,
  type SegmentInfo,
  SegmentReader,
  type SegmentReaderOptions,
  segmentStats,
  verifySegment,
  writeSidecar,
} from '../lib/segment/index.js'
import { type ChunkManager, LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import { BulkPackWriterV3 } from '../lib/sync/index.js'
import { inputOf, segmentCase, visibleRows } from './support/arbitrary-segment.js'
import { FIXTURES } from './support/fixtures.js'
import { notes, openWorker } from './support/ingest.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  book,
  chunk,
  columnOf,
  counter,
  deletes,
  IDS,
  rowsOfSegment,
  segmentIn,
  twoChunks,
} from './support/segments.js'
import { bare, CountingAllocator, targetAt } from './support/sync.js'
import { temporaryDirectory } from './support/temporary.js'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260131)
const directory = temporaryDirectory('manifest-segments')
let trees = 0
const tree = () => join(directory, String(trees++))
const BASE = 'insert_log/1/2/3'
const NO_TREE = { root: '', layout: 'milvus', source: 'sidecar', l0Deltalogs: [] } as const
const DELETES: [bigint, number][] = [
  [1n, 15],
  [2n, 20],
  [4n, 90],
]

/** The two chunks of keys 1 to 5, one sync each, with deletes in the second. */
async function manifestSegment(
  chunkManager: ChunkManager = new LocalChunkManager({ rootPath: tree() }),
) {
  const groups = splitByDefaultPolicies(withSystemFields(BOOKS))
  const allocator = new CountingAllocator()
  let manifestPath = ''
  for (const [index, rows] of twoChunks().entries()) {
    const pack = bare().withInsertData([rows])
    if (index === 1) pack.withDeleteData(deletes(...DELETES)).withFlush()
    const target = targetAt(chunkManager, { allocator, manifestPath })
    manifestPath = (await new BulkPackWriterV3(target).write(pack, groups)).manifestPath!
  }
  return { chunkManager, manifestPath, source: { schema: BOOKS, chunkManager, manifestPath } }
}

/** The same rows and deletes as StorageV2. */
async function sameAsV2() {
  const given = { deletes: deletes(...DELETES) }
  const { chunkManager, info } = await segmentIn(tree(), twoChunks(), given)
  const { binlogs, deltalogs } = info
  return { chunkManager, info, source: { schema: BOOKS, chunkManager, binlogs, deltalogs } }
}

describe('a segment with a manifest reads as one of StorageV2', () => {
  const views: Record<string, Partial<SegmentReaderOptions>> = {
    'as it is': {},
    'row by row': { batchRows: 1 },
    'with system fields': { systemFields: true },
    'some columns, in their order': { columns: ['title', 100] },
    'one column that is not in the first group': { columns: ['embedding'] },
    'before the deletes': { readTimestamp: 14 },
    'between the deletes': { readTimestamp: 45n },
    'before every row': { readTimestamp: 1 },
    'without a bound': { readTimestamp: 2n ** 64n - 1n },
    'with deletes up to a time': { deletesUpTo: 20 },
  }
  test.each(Object.entries(views))('%s', async (_, view) => {
    const [v2, v3] = [await sameAsV2(), await manifestSegment()]
    const expected = await rowsOfSegment({ ...v2.source, ...view })
    expect(await rowsOfSegment({ ...v3.source, ...view })).toEqual(expected)
    const [left, right] = await Promise.all(
      [v2, v3].map(({ source }) => SegmentReader.open({ ...source, ...view })),
    )
    expect(right!.schema).toEqual(left!.schema)
    expect([right!.numRows, right!.deletedKeys]).toEqual([left!.numRows, left!.deletedKeys])
    await Promise.all([left!.close(), right!.close()])
  })

  test('with deletes of L0 segments', async () => {
    const [v2, v3] = [await sameAsV2(), await manifestSegment()]
    const { chunkManager, info } = await segmentIn(tree(), [], { deletes: deletes([5n, 99]) })
    const name = 'delta_log/1/2/9/77'
    const bytes = await chunkManager.read(info.deltalogs[0]!.binlogs[0]!.logPath)
    const read = async ({ source }: typeof v2 | typeof v3) => {
      await source.chunkManager.write(name, bytes)
      const binlogs = [{ ...info.deltalogs[0]!.binlogs[0]!, logPath: name }]
      const l0Deltalogs = [{ ...info.deltalogs[0]!, binlogs }]
      return columnOf('id', { ...source, l0Deltalogs })
    }
    expect(await read(v3)).toEqual([2n, 3n])
    expect(await read(v2)).toEqual(await read(v3))
  })

  test('with fields that were added later, and without those that were dropped', async () => {
    const schema = createCollectionSchema({
      name: 'books',
      fields: [
        ...BOOKS.fields.filter(({ name }) => name !== 'pages'),
        { name: 'shelf', dataType: 'Int32', nullable: true, fieldId: 110n },
        { name: 'lang', dataType: 'VarChar', maxLength: 9, defaultValue: 'de', fieldId: 111n },
      ] as never,
    })
    const [v2, v3] = [await sameAsV2(), await manifestSegment()]
    const rows = await rowsOfSegment({ ...v3.source, schema })
    expect(rows.map(({ id, shelf, lang, pages }) => [id, shelf, lang, pages])).toEqual(
      [2n, 3n, 5n].map((id) => [id, null, 'de', undefined]),
    )
    expect(rows).toEqual(await rowsOfSegment({ ...v2.source, schema }))
    const added = { schema, columns: ['shelf', 'lang'] }
    expect(await rowsOfSegment({ ...v3.source, ...added })).toEqual(
      Array(3).fill({ shelf: null, lang: 'de' }),
    )
  })
})

describe('which manifest is read', () => {
  test('a version, or the latest, by path or by base', async () => {
    const { chunkManager, source } = await manifestSegment()
    const read = (which: Partial<SegmentReaderOptions>) =>
      columnOf('id', { schema: BOOKS, chunkManager, ...which })
    const path = (ver: number) => `{"ver":${ver},"base_path":"${BASE}"}`
    expect(await read({ manifestPath: path(1) })).toEqual([1n, 2n, 3n])
    expect(await read({ basePath: BASE, version: 1 })).toEqual([1n, 2n, 3n])
    expect(await read({ basePath: BASE })).toEqual([2n, 3n, 5n])
    expect(await read({ manifestPath: path(-1) })).toEqual([2n, 3n, 5n])
    expect(await read({ manifestPath: path(0) })).toEqual([])
    expect(await read({ ...source, binlogs: [], deltalogs: [] })).toEqual([2n, 3n, 5n])
    expect(await read({ ...source, manifestDeletes: false })).toEqual([1n, 2n, 3n, 4n, 5n])
  })

  test('wrong ones are said', async () => {
    const { chunkManager, manifestPath } = await manifestSegment()
    const code = async (which: object) => {
      const open = () => SegmentReader.open({ schema: BOOKS, chunkManager, ...which })
      return (await rejection(open)).code
    }
    expect(await code({ basePath: BASE, version: 9 })).toBe('NotFound')
    expect(await code({ basePath: BASE, manifestPath })).toBe('InvalidArgument')
    expect(await code({ version: 1 })).toBe('InvalidArgument')
    expect(await code({ manifestPath: 'latest' })).toBe('MetadataCorrupted')
    expect(await code({ manifestPath: '' })).toBe('InvalidArgument')
    await chunkManager.write(`${BASE}/_metadata/manifest-3.avro`, Buffer.from('no manifest'))
    expect(await code({ basePath: BASE })).toBe('MetadataCorrupted')
  })

  test('deletes that are not by primary key are not supported', async () => {
    const { chunkManager, source } = await manifestSegment()
    const transaction = await ManifestTransaction.open({ chunkManager, basePath: BASE })
    transaction.addDeltaLog({ path: `${BASE}/_delta/9`, type: 'positional', numEntries: 1 })
    await transaction.commit()
    const open = () => SegmentReader.open({ schema: BOOKS, chunkManager, basePath: BASE })
    expect(await rejection(open)).toMatchObject({ code: 'NotSupported', path: `${BASE}/_delta/9` })
    expect(await columnOf('id', source)).toEqual([2n, 3n, 5n])
  })

  test('an aborted signal ends the opening', async () => {
    const { source } = await manifestSegment()
    const reason = new Error('enough')
    const opening = SegmentReader.open({ ...source, signal: AbortSignal.abort(reason) })
    await expect(opening).rejects.toBe(reason)
  })
})

test("Milvus's own files are read by the names of their columns", async () => {
  const chunkManager = new LocalChunkManager({ rootPath: join(FIXTURES, 'loon') })
  const schema = createCollectionSchema({
    name: 'loon',
    fields: [
      { name: 'pk', dataType: 'Int64', isPrimaryKey: true, fieldId: 100n },
      { name: 's', dataType: 'VarChar', maxLength: 999, fieldId: 101n },
    ] as never,
  })
  const read = {
    schema,
    chunkManager,
    basePath: 'seg',
    manifestDeletes: false,
    columns: ['pk', 's'],
  }
  for (const [version, rows] of [
    [1, 3000],
    [2, 3200],
  ] as const) {
    await using reader = await SegmentReader.open({ ...read, version })
    expect(reader.numRows).toBe(rows)
    const table = await reader.toTable()
    expect(table.numRows).toBe(rows)
    expect(new Set([...table.getChild('pk')!]).size).toBeGreaterThan(1)
  }
})

/** Calls that ask the store for something, data of column groups aside. */
function counting(chunks: ChunkManager): { chunkManager: ChunkManager; asked: string[] } {
  const asked: string[] = []
  const chunkManager = new Proxy(chunks, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        asked.push(`${String(name)} ${String(given[0])}`)
        return Reflect.apply(value, target, given)
      }
    },
  })
  return { chunkManager, asked }
}

test('an opening takes one request beyond the data, and two for the latest', async () => {
  const { chunkManager: chunks, manifestPath } = await manifestSegment()
  for (const [which, requests] of [
    [{ manifestPath }, 1],
    [{ basePath: BASE }, 2],
  ] as const) {
    const { chunkManager, asked } = counting(chunks)
    const given = { schema: BOOKS, chunkManager, manifestDeletes: false, storage: chunks.storage! }
    await (await SegmentReader.open({ ...given, ...which })).close()
    expect(asked).toHaveLength(requests)
  }
})

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

describe('createManifest', () => {
  test('names the files of a StorageV2 segment, and none of them changes', async () => {
    const { chunkManager, info, source } = await sameAsV2()
    const paths = [...info.binlogs, ...info.statslogs, ...info.deltalogs].flatMap(({ binlogs }) =>
      binlogs.map(({ logPath }) => logPath),
    )
    const before = paths.map((path) => readFileSync(join(chunkManager.rootPath, path), 'hex'))
    const made = await createManifest({ chunkManager, segment: info })
    const manifestPath = `{"ver":1,"base_path":"${BASE}"}`
    expect(made).toEqual({ ...info, storageVersion: 3, manifestPath })
    expect(paths.map((path) => readFileSync(join(chunkManager.rootPath, path), 'hex'))).toEqual(
      before,
    )
    const manifest = await new ManifestStore(chunkManager, BASE).read(1)
    expect(
      manifest.columnGroups.flatMap(({ files }) => files.map(({ path }) => path)).sort(),
    ).toEqual(info.binlogs.flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath)).sort())
    expect(manifest.columnGroups[0]!.columns).toEqual(['RowID', 'Timestamp', 'id'])
    expect(manifest.columnGroups[0]!.files).toMatchObject([
      { startIndex: 0, endIndex: 3 },
      { startIndex: 0, endIndex: 2 },
    ])
    expect(manifest.deltaLogs).toMatchObject([{ type: 'primaryKey', numEntries: 3 }])
    expect(manifest.stats['bloom_filter.100']!.paths).toEqual(
      info.statslogs[0]!.binlogs.map(({ logPath }) => logPath),
    )
    for (const readTimestamp of [undefined, 5, 14, 19, 20, 45, 90]) {
      const bound = readTimestamp === undefined ? {} : { readTimestamp }
      const expected = await rowsOfSegment({ ...source, ...bound })
      const read = { schema: BOOKS, chunkManager, manifestPath, ...bound }
      expect(await rowsOfSegment(read)).toEqual(expected)
      expect(await rowsOfSegment({ ...source, ...bound })).toEqual(expected)
    }
    const segment = await locateSegment({ chunkManager, segmentId: 3 })
    expect(segment).toMatchObject({ source: 'sidecar', storageVersion: 3, manifestPath })
    expect(await verifySegment({ chunkManager, segment })).toMatchObject({ ok: true, rows: 5 })
    const files = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
    expect(files).toMatchObject({ storageVersion: 3, numRows: 5 })
    expect(files.binlogs.map(({ childFields }) => childFields)).toEqual(
      info.binlogs.map(({ childFields }) => childFields),
    )
    const derived = await deriveSchema(files, { chunkManager })
    const stored = withSystemFields(BOOKS).fields
    expect(derived.fields.map(({ name }) => name)).toEqual(stored.map(({ name }) => name))
  })

  test('is done once; other segments are refused', async () => {
    const { chunkManager, info } = await sameAsV2()
    const segment = await createManifest({ chunkManager, segment: info })
    const code = async (given: SegmentInfo, where = chunkManager) =>
      (await rejection(() => createManifest({ chunkManager: where, segment: given }))).code
    expect(await code(segment)).toBe('Conflict')
    expect(await code(info)).toBe('Conflict')
    expect(await new ManifestStore(chunkManager, BASE).versions()).toEqual([1])
    const v1 = await segmentIn(tree(), twoChunks(), { storageVersion: 0 })
    expect(await code(v1.info, v1.chunkManager)).toBe('NotSupported')
    const wrong = await sameAsV2()
    const binlogs = wrong.info.binlogs.map((list) => ({
      ...list,
      binlogs: list.binlogs.map((log) => ({ ...log, entriesNum: log.entriesNum + 1 })),
    }))
    expect(await code({ ...wrong.info, binlogs }, wrong.chunkManager)).toBe('MetadataCorrupted')
    expect(await new ManifestStore(wrong.chunkManager, BASE).versions()).toEqual([])
  })

  test('refuses files of one group with different columns, until they are converted', async () => {
    const later = createCollectionSchema({
      name: 'books',
      fields: [...BOOKS.fields, { name: 'shelf', dataType: 'Int32', nullable: true }] as never,
    })
    const first = await segmentIn(tree(), twoChunks())
    const row = { ...book(6, 60), shelf: 66 }
    const second = await segmentIn(tree(), [chunk(later, [row])], {
      schema: later,
      allocateId: counter(5000n),
      groups: [
        ...splitByDefaultPolicies(withSystemFields(BOOKS)).map((group) => ({
          ...group,
          columns: [],
          fieldIds: group.id === 1n ? [...group.fieldIds, 104n] : group.fieldIds,
        })),
      ],
    })
    const binlogs = second.info.binlogs.map((list, index) => ({
      ...list,
      binlogs: [...first.info.binlogs[index]!.binlogs, ...list.binlogs],
    }))
    const segment = {
      ...second.info,
      ...{ binlogs, statslogs: first.info.statslogs, numRows: 6 },
    }
    const { chunkManager } = first
    for (const { logPath } of second.info.binlogs.flatMap(({ binlogs }) => binlogs)) {
      await chunkManager.write(logPath, await second.chunkManager.read(logPath))
    }
    const error = await rejection(() => createManifest({ chunkManager, segment }))
    const path = second.info.binlogs[1]!.binlogs[0]!.logPath
    expect(error).toMatchObject({ code: 'NotSupported', field: 'shelf', path })
    const target = new LocalChunkManager({ rootPath: tree() })
    const converted = await convertSegment({
      source: { chunkManager, segment: { ...segment, ...NO_TREE } },
      target: { chunkManager: target },
    })
    const made = await createManifest({ chunkManager: target, segment: converted })
    const source = { schema: later, chunkManager: target, manifestPath: made.manifestPath! }
    const rows = await columnOf('shelf', source)
    expect(rows).toEqual([null, null, null, null, null, 66])
  })

  test('a segment with a manifest becomes one of StorageV2 or V1 again', async () => {
    const { chunkManager } = await manifestSegment()
    const segment = await locateSegment({ chunkManager, segmentId: 3 })
    for (const storageVersion of [0, 2] as const) {
      const target = new LocalChunkManager({ rootPath: tree() })
      const info = await convertSegment({
        ...{ source: { chunkManager, segment }, schema: BOOKS, storageVersion },
        target: { chunkManager: target },
      })
      const { binlogs, deltalogs } = info
      expect(info).toMatchObject({ storageVersion, numRows: 5 })
      const read = { schema: BOOKS, chunkManager: target, binlogs, deltalogs }
      expect(await columnOf('id', read)).toEqual([2n, 3n, 5n])
    }
  })
})

test('rows of every type, deletes and read timestamps, before and after', async () => {
  const property = fc.asyncProperty(segmentCase, async (given) => {
    const { schema, readTimestamp, batchRows } = given
    const { chunkManager, info } = await segmentIn(tree(), [], { schema, ...inputOf(given) })
    const { manifestPath = '' } = await createManifest({ chunkManager, segment: info })
    const bound = readTimestamp === undefined ? {} : { readTimestamp }
    const options = { schema, chunkManager, manifestPath, systemFields: true, batchRows, ...bound }
    await using reader = await SegmentReader.open(options)
    const rows: unknown[] = []
    for await (const batch of reader) {
      rows.push(...rowsOf(batch, schema as CollectionSchema, { copy: true }))
    }
    expect(rows).toEqual(visibleRows(given))
    const segment = await locateSegment({ chunkManager, segmentId: 3 })
    expect((await verifySegment({ chunkManager, segment })).problems).toEqual([])
  })
  await fc.assert(property, { numRuns: 30, seed: SEED })
}, 120_000)

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

test('version 0 is a segment without rows', async () => {
  const { chunkManager, source } = await manifestSegment()
  const read = { ...source, manifestPath: `{"ver":0,"base_path":"${BASE}"}` }
  await using reader = await SegmentReader.open({ ...read, chunkManager })
  expect([reader.numRows, await reader.readNext(), await reader.readNext()]).toEqual([
    0,
    null,
    null,
  ])
})
