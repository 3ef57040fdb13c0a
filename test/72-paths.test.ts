import {
  buildBm25LogPath,
  buildDeltaLogPath,
  buildInsertLogPath,
  buildJsonStatsPath,
  buildManifestDeltaPath,
  buildSegmentBasePath,
  buildStatsLogPath,
  buildTextIndexPath,
  parseBm25LogPath,
  parseDeltaLogPath,
  parseInsertLogPath,
  parseStatsLogPath,
} from '../lib/binlog/index.js'
import { rejection } from './support/rejection'

const PARTS = {
  root: 'files',
  collectionId: 1n,
  partitionId: 2n,
  segmentId: 3n,
  fieldId: 0n,
  logId: 9n,
}
const DELTA = { ...PARTS, fieldId: undefined }
const LAST_ID = 2n ** 63n - 1n

describe("Milvus's layout", () => {
  test('has a folder of every kind of log, and parses back (case 35)', () => {
    expect(buildInsertLogPath('files', 1, 2, 3, 0, 9)).toBe('files/insert_log/1/2/3/0/9')
    expect(buildStatsLogPath('files', 1n, 2, 3n, 0, 9)).toBe('files/stats_log/1/2/3/0/9')
    expect(buildBm25LogPath('files', 1, 2, 3, 0, 9)).toBe('files/bm25_stats/1/2/3/0/9')
    expect(buildDeltaLogPath('files', 1, 2, 3, 9)).toBe('files/delta_log/1/2/3/9')
    expect(parseInsertLogPath('files/insert_log/1/2/3/0/9')).toEqual(PARTS)
    expect(parseStatsLogPath('files/stats_log/1/2/3/0/9')).toEqual(PARTS)
    expect(parseBm25LogPath('files/bm25_stats/1/2/3/0/9')).toEqual(PARTS)
    expect(parseDeltaLogPath('files/delta_log/1/2/3/9')).toEqual(DELTA)
  })

  test('cleans the root, and takes one that is empty, absolute or has several parts', () => {
    const path = (root: string) => buildInsertLogPath(root, 1, 2, 3, 0, LAST_ID)
    expect(path('')).toBe(`insert_log/1/2/3/0/${LAST_ID}`)
    expect(path('a//b/')).toBe(`a/b/insert_log/1/2/3/0/${LAST_ID}`)
    expect(path('./a/.')).toBe(`a/insert_log/1/2/3/0/${LAST_ID}`)
    expect(path('//data/x')).toBe(`/data/x/insert_log/1/2/3/0/${LAST_ID}`)
    expect(path('/')).toBe(`/insert_log/1/2/3/0/${LAST_ID}`)
    expect(parseInsertLogPath(path('//data/x'))).toMatchObject({ root: '/data/x', logId: LAST_ID })
    expect(parseInsertLogPath(path(''))).toMatchObject({ root: '', segmentId: 3n })
  })

  test('takes -1 for all partitions, and for nothing else', async () => {
    const path = buildDeltaLogPath('files', 1, -1, 3, 9)
    expect(path).toBe('files/delta_log/1/-1/3/9')
    expect(parseDeltaLogPath(path)).toMatchObject({ partitionId: -1n })
    expect(parseDeltaLogPath('files/delta_log/-1/2/3/9')).toBeUndefined()
    expect((await rejection(() => buildDeltaLogPath('files', -1, 2, 3, 9))).message).toMatch(
      /collectionId but received -1/,
    )
  })

  test('has further files of a segment', () => {
    const ids = {
      buildId: 7,
      version: 1,
      collectionId: 1,
      partitionId: 2,
      segmentId: 3,
      fieldId: 4,
    }
    expect(buildTextIndexPath('files', ids)).toBe('files/text_log/7/1/1/2/3/4')
    expect(buildJsonStatsPath('files', 2, ids)).toBe('files/json_stats/2/7/1/1/2/3/4')
    const base = buildSegmentBasePath('files', 1, 2, 3)
    expect(base).toBe('files/insert_log/1/2/3')
    expect(buildManifestDeltaPath(base, 5)).toBe('files/insert_log/1/2/3/_delta/5')
  })

  test.each([
    'insert_log/1/2',
    '1/2/3/0/9',
    '',
    'files/insert_log/1/2/3/0/9.parquet',
    'files/insert_log/1/2/3/x/9',
    'files/insert_log/1/2/3//9',
    'files/insert_log/1/2/3/0/9223372036854775808',
    'files/insert_log/1/2/3/-4/9',
    'files/insert_log/1/-2/3/0/9',
    'files/insert_log/1/2/3/0/ 9',
  ])('does not parse "%s"', (path) => {
    expect(parseInsertLogPath(path)).toBeUndefined()
  })

  test('is not told from its name by the parser, as in Milvus', () => {
    expect(parseInsertLogPath('x/1/2/3/0/9')).toEqual({ ...PARTS, root: '' })
  })
})

describe('the layout by segments', () => {
  const layout = 'segmentFirst'

  test('has the segment above its logs, and parses back', () => {
    const insert = buildInsertLogPath('files', 1, 2, 3, 0, 9, { layout })
    expect(insert).toBe('files/1/2/3/insert_log/0/9.parquet')
    expect(parseInsertLogPath(insert, { layout })).toEqual(PARTS)
    const stats = buildStatsLogPath('files', 1, 2, 3, 0, 9, { layout })
    expect(stats).toBe('files/1/2/3/stats_log/0/9')
    expect(parseStatsLogPath(stats, { layout })).toEqual(PARTS)
    const bm25 = buildBm25LogPath('', 1, 2, 3, 0, 9, { layout })
    expect(bm25).toBe('1/2/3/bm25_stats/0/9')
    expect(parseBm25LogPath(bm25, { layout })).toEqual({ ...PARTS, root: '' })
    const delta = buildDeltaLogPath('files', 1, 2, 3, 9, { layout })
    expect(delta).toBe('files/1/2/3/delta_log/9')
    expect(parseDeltaLogPath(delta, { layout })).toEqual(DELTA)
  })

  test.each([
    'files/insert_log/1/2/3/0/9',
    'files/1/2/3/insert_log/0/9',
    'files/1/2/3/stats_log/0/9.parquet',
  ])('does not parse "%s"', (path) => {
    expect(parseInsertLogPath(path, { layout })).toBeUndefined()
  })
})

describe('nothing leaves the root', () => {
  test.each(['..', 'a/../b', '/../etc', 'a\\b', 'a\0b'])('with the root %j', async (root) => {
    const error = await rejection(() => buildInsertLogPath(root, 1, 2, 3, 0, 9))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toMatch(/for root but received/)
  })

  test.each([
    ['text', '../1'],
    ['a rounded number', 2 ** 53],
    ['half a number', 1.5],
    ['65 bits', 2n ** 63n],
    ['nothing', undefined],
    ['minus one', -1],
  ])('with %s for an id', async (_, id) => {
    const error = await rejection(() => buildInsertLogPath('files', 1, 2, id as bigint, 0, 9))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toMatch(/for segmentId but received/)
  })

  test('with a layout that there is not', async () => {
    const options = { layout: 'flat' as 'milvus' }
    const error = await rejection(() => buildInsertLogPath('files', 1, 2, 3, 0, 9, options))
    expect(error.message).toMatch(/'milvus' \| 'segmentFirst' for layout/)
  })
})
