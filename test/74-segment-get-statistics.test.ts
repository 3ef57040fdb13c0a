/** Statistics of segments that cannot be relied on, and rows by primary key beside them. */
import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FieldBinlog } from '../lib/binlog/index.js'
import { SegmentReader, type SegmentRowsByKey } from '../lib/segment/index.js'
import { STORAGE_VERSIONS, segmentPlace, threeChunks } from './support/segment-places.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-get-statistics')
let count = 0
const fresh = (): string => join(directory, `segment-${count++}`)

const place = (version: 0 | 2 | 3) => segmentPlace(fresh(), version, threeChunks())

const idsOf = ({ table }: SegmentRowsByKey): number[] =>
  [...(table.getChild('id')?.toArray() ?? [])].map(Number)

describe('statistics that cannot be relied on never lose a row', () => {
  const statisticsBelow = (root: string): string[] =>
    filesBelow(root).filter((path) => path.includes('stats_log'))

  test.each(STORAGE_VERSIONS)('damaged and missing ones of StorageV%d', async (version) => {
    for (const [spoil, problems] of [
      [(path: string) => truncate(path, 20), true],
      [(path: string) => truncate(path, 0), false],
      [(path: string) => rm(path), true],
      [(path: string) => writeFile(path, '{"fieldID":9,"pkType":5}'), true],
    ] as const) {
      const root = fresh()
      const options = await segmentPlace(root, version, threeChunks())
      await using reader = await SegmentReader.open(options)
      await Promise.all(statisticsBelow(root).map(spoil))
      const found = await reader.get([8n, 0n, 1000n])
      expect(idsOf(found)).toEqual([8, 0])
      expect(found.stats).toMatchObject({ keysByStatistics: 0, chunksSkipped: 0 })
      expect(found.problems.length > 0).toBe(problems)
      if (problems) {
        expect(found.problems[0]).toMatchObject({ rule: 'statistics', field: 'id' })
        expect(found.problems[0]!.path).toContain('stats_log')
      }
      const { problems: ignored } = await reader.get([8n], { statistics: false })
      expect(ignored).toEqual([])
    }
  })

  test('the merged file stands in for single ones, and these for it', async () => {
    for (const isMerged of [true, false]) {
      const root = fresh()
      const options = await segmentPlace(root, 2, threeChunks())
      await using reader = await SegmentReader.open(options)
      const gone = statisticsBelow(root).filter((path) => path.endsWith('/1') === isMerged)
      await Promise.all(gone.map((path) => rm(path)))
      const { stats, problems } = await reader.get([4n, 1000n])
      expect(stats).toMatchObject({ keysByStatistics: 1, chunksRead: isMerged ? 1 : 3 })
      expect(problems.map(({ path }) => path)).toHaveLength(isMerged ? 1 : 3)
    }
  })

  test('those that do not tell of every row rule nothing out', async () => {
    const options = await place(2)
    const [{ binlogs, ...list }] = options.statslogs as [FieldBinlog]
    const single = binlogs.filter(({ logId }) => logId !== 1n)
    for (const logs of [
      single.slice(1),
      single.map((log) => ({ ...log, entriesNum: 0 })).slice(1),
    ]) {
      await using reader = await SegmentReader.open({
        ...options,
        statslogs: [{ ...list, binlogs: logs }],
      })
      const { stats, positions } = await reader.get([0n, 1000n])
      expect(positions).toEqual([0])
      expect(stats).toMatchObject({ keysByStatistics: 0, chunksSkipped: 0 })
    }
  })

  test('those in another order than the chunks do not speak for single chunks', async () => {
    const options = await place(2)
    const [{ binlogs, ...list }] = options.statslogs as [FieldBinlog]
    const reversed = [{ ...list, binlogs: [...binlogs].reverse() }]
    await using reader = await SegmentReader.open({ ...options, statslogs: reversed })
    const { stats, positions } = await reader.get([0n, 8n, 1000n])
    expect(positions).toEqual([0, 8])
    expect(stats).toMatchObject({ keysByStatistics: 1, chunksSkipped: 0, chunksRead: 3 })
  })

  test('a reader that is told of none looks at every chunk', async () => {
    const { statslogs: _, ...options } = await place(2)
    await using reader = await SegmentReader.open(options)
    const { stats, positions } = await reader.get([8n, 1000n])
    expect([positions, stats.chunksRead, stats.statisticsRead]).toEqual([[8], 3, 0])
  })
})
