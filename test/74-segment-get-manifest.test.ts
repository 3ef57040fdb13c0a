/** Which statistics of a manifest rows are looked up by, and that none of them loses a row. */
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { PrimaryKeyStats, serializePrimaryKeyStats } from '../lib/binlog/index.js'
import { buildRecord } from '../lib/data/index.js'
import {
  type Manifest,
  ManifestTransaction,
  PackedRecordManifestWriter,
} from '../lib/manifest/index.js'
import { DataType, withSystemFields } from '../lib/schema/index.js'
import { createManifest, SegmentReader } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { compactManifest } from '../lib/sync/index.js'
import { BOOKS, deletes, segmentIn, twoChunks } from './support/segments.js'
import { bare } from './support/sync.js'
import { temporaryDirectory } from './support/temporary.js'
import { BASE, BLOOM, firstSync, GROUPS, someBooks, write } from './support/v3-packs.js'

const SCHEMA = withSystemFields(BOOKS)
const directory = temporaryDirectory('segment-get-manifest')
let trees = 0
let chunkManager: LocalChunkManager

function freshTree(): void {
  chunkManager = new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
}
beforeEach(freshTree)

const transaction = () => ManifestTransaction.open({ chunkManager, basePath: BASE })

/** Files with rows of these keys, which no manifest names. */
async function filesOf(...ids: number[]): Promise<Manifest['columnGroups']> {
  const columns = GROUPS.map(({ fieldIds }) => fieldIds.map(String))
  const writer = await PackedRecordManifestWriter.open({
    ...{ schema: SCHEMA, chunkManager, basePath: BASE, columnNames: 'fieldId' },
    policy: { kind: 'columns', columns },
  })
  await writer.write(buildRecord(SCHEMA, someBooks(...ids)))
  await writer.close()
  return writer.getWrittenManifest().columnGroups
}

/** One more version, with rows that no statistics tell of. */
async function append(...ids: number[]): Promise<void> {
  await (await transaction()).appendFiles(await filesOf(...ids)).commit()
}

/** Another version, with statistics as `change` makes them. */
async function restate(
  change: (known: Manifest['stats'][string]) => Manifest['stats'][string],
): Promise<void> {
  const open = await transaction()
  await open.updateStatistics(BLOOM, change(open.manifest.stats[BLOOM]!)).commit()
}

/** One more sync, over the latest version. */
async function sync(...ids: number[]): Promise<void> {
  const { readVersion } = await transaction()
  const manifestPath = JSON.stringify({ ver: readVersion, base_path: BASE })
  await write(bare().withInsertData(someBooks(...ids)), chunkManager, { manifestPath })
}

/** Positions of some keys in the latest version, and what was read. */
async function lookUp(keys: readonly number[], base = BASE, chunks = chunkManager) {
  await using reader = await SegmentReader.open({
    ...{ schema: BOOKS, chunkManager: chunks, basePath: base },
  })
  const { positions, stats, problems } = await reader.get(keys)
  expect(problems).toEqual([])
  const { keysByStatistics, statisticsRead, filesRead, filesSkipped } = stats
  return { positions, keysByStatistics, statisticsRead, filesRead, filesSkipped }
}

/** What a lookup of the keys 1, 6 and -1 finds by row groups alone, with keys 1 to 5 and 6 to 7. */
const BY_ROW_GROUPS = {
  ...{ positions: [0, 5], keysByStatistics: 0, statisticsRead: 0, filesRead: 2, filesSkipped: 0 },
}

test('rows that were appended without statistics are found beside a file that has two', async () => {
  await append(1, 2, 3, 4, 5)
  const paths = await Promise.all(
    [
      [7, 1n, 2n],
      [8, 3n, 4n, 5n],
    ].map(async ([logId, ...keys]) => {
      const path = `${BASE}/_stats/${BLOOM}/${logId}`
      const stats = await PrimaryKeyStats.build({
        ...{ fieldId: 100, pkType: DataType.Int64 },
        keys: [BigInt64Array.from(keys as bigint[])],
      })
      await chunkManager.write(path, serializePrimaryKeyStats(stats))
      return path
    }),
  )
  const open = await transaction()
  await open.updateStatistics(BLOOM, { paths, metadata: { memory_size: '1' } }).commit()
  await append(6, 7)
  expect(await lookUp([1, 6, -1])).toEqual(BY_ROW_GROUPS)
})

describe('a segment of syncs', () => {
  beforeEach(() => firstSync(chunkManager))

  test('has its keys ruled out by the statistics of all of them', async () => {
    expect(await lookUp([1, -1])).toMatchObject({ positions: [0], keysByStatistics: 1 })
    await sync(6, 7)
    const whole = { ...BY_ROW_GROUPS, keysByStatistics: 1, statisticsRead: 2 }
    expect(await lookUp([1, 6, -1])).toEqual(whole)
    expect(await lookUp([-1, 99])).toEqual({
      ...{ positions: [], keysByStatistics: 2, statisticsRead: 2, filesRead: 0, filesSkipped: 2 },
    })
    // The same files below another root.
    const above = new LocalChunkManager({ rootPath: directory })
    const base = `${trees - 1}/${BASE}`
    expect(await lookUp([1, 6, -1], base, above)).toEqual(whole)
  })

  test('is looked up without them when somebody appended rows and no statistics', async () => {
    await append(6, 7)
    expect(await lookUp([1, 6, -1])).toEqual(BY_ROW_GROUPS)
    // A later sync does not know of these rows, either.
    await sync(8)
    expect((await lookUp([6, 8, -1])).positions).toEqual([5, 7])
    expect(await lookUp([1, 6, -1])).toMatchObject({ keysByStatistics: 0, positions: [0, 5] })
  })

  test('is looked up without them when somebody listed others, or fewer', async () => {
    await sync(6, 7)
    const { stats } = (await transaction()).manifest
    for (const change of [
      // As Milvus does that, with all of the metadata its own.
      { ...stats[BLOOM]!, metadata: { memory_size: '9' } },
      { ...stats[BLOOM]!, paths: stats[BLOOM]!.paths.slice(0, 1) },
      { ...stats[BLOOM]!, paths: [...stats[BLOOM]!.paths].reverse() },
    ]) {
      await restate(() => change)
      expect(await lookUp([1, 6, -1])).toEqual(BY_ROW_GROUPS)
    }
    await restate(() => stats[BLOOM]!)
    expect(await lookUp([1, 6, -1])).toMatchObject({ keysByStatistics: 1 })
  })

  test('is looked up without them when somebody wrote as many rows anew', async () => {
    const open = await transaction()
    for (const name of open.manifest.columnGroups.flatMap(({ columns }) => columns)) {
      open.dropColumn(name)
    }
    for (const group of await filesOf(11, 12, 13, 14, 15)) open.addColumnGroup(group)
    await open.commit()
    expect(await lookUp([11, 15])).toMatchObject({ positions: [0, 4], keysByStatistics: 0 })
  })

  test('keeps them with deletes and without other columns, and gets them again by a compaction', async () => {
    const whole = { keysByStatistics: 1, statisticsRead: 1, filesRead: 1 }
    const pack = bare().withDeleteData(deletes([2n, 99n]))
    await write(pack, chunkManager, { manifestPath: `{"ver":1,"base_path":"${BASE}"}` })
    expect(await lookUp([1, 2, -1])).toMatchObject({ ...whole, positions: [0] })
    await append(6)
    expect(await lookUp([6, -1])).toMatchObject({ keysByStatistics: 0, positions: [5] })
    await compactManifest({ chunkManager, basePath: BASE, schema: BOOKS, sort: true })
    expect(await lookUp([6, -1])).toMatchObject({ ...whole, positions: [4] })
    await (await transaction()).dropColumn('102').commit()
    expect(await lookUp([6, -1])).toMatchObject({ ...whole, positions: [4] })
  })
})

describe('a segment that got a manifest', () => {
  test('has its keys ruled out by the merged file', async () => {
    const { info } = await segmentIn(chunkManager.rootPath, twoChunks())
    await createManifest({ chunkManager, segment: info })
    const whole = { keysByStatistics: 1, statisticsRead: 1, filesRead: 2 }
    expect(await lookUp([1, 5, -1])).toMatchObject({ ...whole, positions: [0, 4] })
  })

  test('is looked up without statistics where its lists did not count every row', async () => {
    const { info } = await segmentIn(chunkManager.rootPath, twoChunks())
    const [{ binlogs, ...list }] = info.statslogs as [(typeof info.statslogs)[0]]
    const statslogs = [{ ...list, binlogs: binlogs.slice(0, 1) }]
    await createManifest({ chunkManager, segment: { ...info, statslogs } })
    expect(await lookUp([1, 5, -1])).toMatchObject({ positions: [0, 4], keysByStatistics: 0 })
  })
})

describe('lists of logs', () => {
  type Logs = Awaited<ReturnType<typeof segmentIn>>['info']['statslogs'][0]['binlogs']

  /**
   * A lookup by single files of statistics alone, of two chunks with keys 1 to 3 and 4 to 5:
   * positions, and keys that are ruled out.
   */
  async function bySingle(
    change: { statistics?: (logs: Logs) => Logs; inserts?: (logs: Logs) => Logs } = {},
    spoil: (logs: Logs) => Promise<void> = async () => {},
  ) {
    const { statistics = (logs) => logs, inserts = (logs) => logs } = change
    freshTree()
    const { info } = await segmentIn(chunkManager.rootPath, twoChunks())
    const [list] = info.statslogs
    const single = list!.binlogs.filter(({ logId }) => logId !== 1n)
    await spoil(single)
    await using reader = await SegmentReader.open({
      ...{ schema: BOOKS, chunkManager },
      binlogs: info.binlogs.map((group) => ({ ...group, binlogs: inserts(group.binlogs) })),
      statslogs: [{ ...list!, binlogs: statistics(single) }],
    })
    const { positions, stats } = await reader.get([1, 5, -1])
    return [positions, stats.keysByStatistics]
  }

  const uncounted = (from: number) => (logs: Logs) =>
    logs.map((log, chunk) => (chunk < from ? log : { ...log, entriesNum: 0 }))

  test('that count every row rule keys out', async () => {
    expect(await bySingle()).toEqual([[0, 4], 1])
  })

  test('that do not, or have a file that is empty, rule nothing out', async () => {
    const nothing = [[0, 4], 0]
    expect(await bySingle({ statistics: uncounted(0) })).toEqual(nothing)
    expect(await bySingle({ statistics: uncounted(0), inserts: uncounted(0) })).toEqual(nothing)
    // 3 rows are counted on both sides.
    expect(
      await bySingle({ statistics: (logs) => logs.slice(0, 1), inserts: uncounted(1) }),
    ).toEqual(nothing)
    expect(await bySingle({ statistics: ([log]) => [log!, { ...log!, entriesNum: 2 }] })).toEqual(
      nothing,
    )
    const empty = (logs: Logs) => truncate(join(chunkManager.rootPath, logs[1]!.logPath), 0)
    expect(await bySingle({}, empty)).toEqual(nothing)
  })
})
