/** Manifests for segments that were written without one, and the way back. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { rowsOf } from '../lib/data/index.js'
import { ManifestStore } from '../lib/manifest/index.js'
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
  locateSegment,
  type SegmentInfo,
  SegmentReader,
  verifySegment,
} from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { inputOf, segmentCase, visibleRows } from './support/arbitrary-segment.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  book,
  chunk,
  columnOf,
  counter,
  rowsOfSegment,
  segmentIn,
  twoChunks,
} from './support/segments.js'
import { BASE, syncedSegments } from './support/synced-segments.js'
import { freshTrees } from './support/trees.js'

const { tree } = freshTrees('manifest-segments-create')
const { manifestSegment, sameAsV2 } = syncedSegments(tree)

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260131)
const NO_TREE = { root: '', layout: 'milvus', source: 'sidecar', l0Deltalogs: [] } as const

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
