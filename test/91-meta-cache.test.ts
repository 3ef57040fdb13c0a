/** What a worker knows of the segments of its channel. */

import type { PrimaryKeyStats } from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import {
  abortSyncing,
  type CachedSegmentInit,
  type ChannelPosition,
  finishSyncing,
  MetaCache,
  mergeActions,
  mergeBm25Stats,
  notSyncing,
  rollStats,
  type SegmentFilter,
  type SegmentMeta,
  setStartPositionIfNil,
  setStartPosRecorded,
  startPosNotRecorded,
  startSyncing,
  updateBinlogs,
  updateBufferedRows,
  updateCheckpoint,
  updateCurrentSplit,
  updateManifestPath,
  updateNumOfRows,
  updateState,
  withIds,
  withLevel,
  withPartition,
  withState,
} from '../lib/sync/index.js'
import { BOOKS } from './support/segments.js'

const position = (messageId: bigint): ChannelPosition => ({
  channelName: 'books',
  messageId,
  timestamp: messageId * 10n,
})

const segment = (segmentId: bigint, init: Partial<CachedSegmentInit> = {}): CachedSegmentInit => ({
  segmentId,
  partitionId: 7n,
  level: 'L1',
  storageVersion: 2,
  ...init,
})

function cacheOf(...segments: CachedSegmentInit[]): MetaCache {
  const cache = new MetaCache({ collectionId: 1n, channelName: 'books', schema: BOOKS })
  for (const init of segments) cache.addSegment(init)
  return cache
}

const META: SegmentMeta = {
  collectionId: 1n,
  partitionId: 7n,
  segmentId: 9n,
  storageVersion: 2,
  schema: BOOKS,
  numRows: 12,
  binlogs: [{ fieldId: 0n, binlogs: [], childFields: [0n, 1n], format: 'parquet' }],
  statslogs: [],
  bm25logs: [],
  deltalogs: [],
  channelName: 'books',
  state: 'Sealed',
  level: 'L1',
  startPosition: position(3n),
  checkpoint: position(5n),
  currentSplit: [{ id: 0n, fieldIds: [0n, 1n], columns: [0, 1] }],
  manifestPath: '',
}

/** Statistics of `rows` documents of one token each, as their file has them. */
function bm25(token: number, rows: number): Bm25Stats {
  const bytes = new DataView(new ArrayBuffer(28))
  bytes.setBigInt64(4, BigInt(rows), true)
  bytes.setBigInt64(12, BigInt(rows), true)
  bytes.setUint32(20, token, true)
  bytes.setInt32(24, rows, true)
  return Bm25Stats.deserialize(new Uint8Array(bytes.buffer))
}

describe('rows', () => {
  test('go from the buffer into a sync and into files; a sync that fails gives them back', () => {
    const cache = cacheOf(segment(1n))
    const counts = () => {
      const { bufferRows, syncingRows, flushedRows, syncingTasks, numOfRows } =
        cache.getSegment(1n)!
      return [bufferRows, syncingRows, flushedRows, syncingTasks, numOfRows]
    }
    cache.updateSegments(updateBufferedRows(10))
    expect(counts()).toEqual([10, 0, 0, 0, 10])
    cache.updateSegments(startSyncing(6))
    cache.updateSegments(startSyncing(4))
    expect(counts()).toEqual([0, 10, 0, 2, 10])
    cache.updateSegments(finishSyncing(6))
    expect(counts()).toEqual([0, 4, 6, 1, 10])
    cache.updateSegments(abortSyncing(4))
    expect(counts()).toEqual([4, 0, 6, 0, 10])
    cache.updateSegments(updateBufferedRows(1))
    expect(counts()).toEqual([1, 0, 6, 0, 7])
    cache.updateSegments(updateNumOfRows(20))
    expect(counts()).toEqual([1, 0, 20, 0, 21])
  })

  test('that were never there are refused, and no segment is changed then', () => {
    const cache = cacheOf(segment(1n), segment(2n))
    cache.updateSegments(updateBufferedRows(5), withIds(1n))
    expect(() => cache.updateSegments([updateState('Sealed'), startSyncing(5)])).toThrow(
      expect.objectContaining({
        code: 'Internal',
        message: 'Expected 0 or more for bufferRows of segment 2 but received -5',
      }),
    )
    expect(cache.getSegment(1n)).toMatchObject({ bufferRows: 5, state: 'Growing' })
  })
})

test('every other action sets what it is named for', () => {
  const cache = cacheOf(segment(1n))
  const split = [{ id: 0n, fieldIds: [0n], columns: [0] }]
  const stats = { binlogs: META.binlogs }
  cache.updateSegments([
    updateState('Flushing'),
    updateCheckpoint(position(4n)),
    updateBinlogs(stats),
    updateManifestPath('m'),
    updateCurrentSplit(split),
    setStartPositionIfNil(position(2n)),
    setStartPositionIfNil(position(3n)),
    mergeActions(setStartPosRecorded()),
  ])
  expect(cache.getSegment(1n)).toMatchObject({
    state: 'Flushing',
    checkpoint: position(4n),
    binlogs: META.binlogs,
    statslogs: [],
    manifestPath: 'm',
    currentSplit: split,
    startPosition: position(2n),
    startPosRecorded: true,
  })
})

test('statistics add up, those of the caller stay as they are', () => {
  const cache = cacheOf(segment(1n))
  const [one, two] = [bm25(5, 2), bm25(5, 3)]
  cache.updateSegments(mergeBm25Stats(new Map([[101n, one]])))
  cache.updateSegments(mergeBm25Stats(new Map([[101n, two]])))
  const sum = cache.getSegment(1n)!.bm25Stats.get(101n)!
  expect([sum.numRow, sum.rowsWithToken.get(5), one.numRow, two.numRow]).toEqual([5, 5, 2, 3])
  const [first, second] = [{}, {}] as unknown as [PrimaryKeyStats, PrimaryKeyStats]
  cache.updateSegments(rollStats(first))
  cache.updateSegments(rollStats(second))
  expect(cache.getSegment(1n)!.pkStats).toEqual([first, second])
})

describe('filters', () => {
  const cache = cacheOf(
    segment(1n),
    segment(2n, { state: 'Sealed', startPosition: position(1n) }),
    segment(3n, {
      level: 'L0',
      partitionId: 8n,
      startPosition: position(1n),
      startPosRecorded: true,
    }),
  )
  cache.updateSegments(updateBufferedRows(1), withIds(1n))
  cache.updateSegments(startSyncing(1), withIds(1n))
  test.each<[string, SegmentFilter[], bigint[]]>([
    ['none', [], [1n, 2n, 3n]],
    ['an id', [withIds(2n)], [2n]],
    ['ids, one unknown', [withIds(3n, 1n, 99n)], [1n, 3n]],
    ['no id', [withIds()], []],
    ['states', [withState('Sealed', 'Flushing')], [2n]],
    ['a level', [withLevel('L0')], [3n]],
    ['a partition', [withPartition(7n)], [1n, 2n]],
    ['a start that is not recorded', [startPosNotRecorded()], [2n]],
    ['no sync under way', [notSyncing()], [2n, 3n]],
    ['several at once', [withPartition(7n), notSyncing()], [2n]],
  ])('%s', (_, filters, expected) => {
    expect(cache.getSegments(...filters).map(({ segmentId }) => segmentId)).toEqual(expected)
  })

  test('say which segments are forgotten', () => {
    const forgetful = cacheOf(segment(1n), segment(2n))
    expect(forgetful.removeSegments(withIds(2n, 3n))).toEqual([2n])
    expect(forgetful.removeSegments(withIds(2n))).toEqual([])
    expect(forgetful.getSegment(2n)).toBeUndefined()
    expect(forgetful.getSegments()).toHaveLength(1)
  })
})

describe('segments', () => {
  test('of the metadata store begin with what it says, their start recorded', () => {
    const options = { collectionId: 1n, channelName: 'books', schema: BOOKS, segments: [META] }
    const found = new MetaCache(options).getSegment(9n)
    expect(found).toMatchObject({
      ...{ flushedRows: 12, numOfRows: 12, syncingTasks: 0, state: 'Sealed' },
      ...{ startPosition: position(3n), startPosRecorded: true, checkpoint: position(5n) },
      ...{ binlogs: META.binlogs, currentSplit: META.currentSplit, pkStats: [] },
    })
    expect(found).not.toHaveProperty('schema')
  })

  test('are snapshots: a change makes another one', () => {
    const cache = cacheOf(segment(1n))
    const before = cache.getSegment(1n)!
    cache.updateSegments(updateState('Dropped'))
    expect([before.state, cache.getSegment(1n)!.state]).toEqual(['Growing', 'Dropped'])
  })

  test('are there once', () => {
    const cache = cacheOf(segment(1n))
    expect(() => cache.addSegment(segment(1n))).toThrow(
      expect.objectContaining({ code: 'AlreadyExists' }),
    )
  })

  test('get the column groups of whoever asks first', () => {
    const cache = cacheOf(segment(1n))
    const [mine, theirs] = [META.currentSplit!, [{ id: 5n, fieldIds: [5n], columns: [0] }]]
    expect(cache.setCurrentSplitIfNil(1n, mine)).toBe(mine)
    expect(cache.setCurrentSplitIfNil(1n, theirs)).toBe(mine)
    expect(cache.getSegment(1n)!.currentSplit).toBe(mine)
    expect(() => cache.setCurrentSplitIfNil(2n, mine)).toThrow(
      expect.objectContaining({ code: 'NotFound', message: expect.stringContaining('id 2') }),
    )
  })
})

test('the schema is the newest one, whatever a replay brings', () => {
  const cache = cacheOf()
  const newer = { ...BOOKS, version: BOOKS.version + 1 }
  cache.updateSchema(newer)
  cache.updateSchema(BOOKS)
  expect(cache.schema).toBe(newer)
  const same = { ...newer, description: 'amended' }
  cache.updateSchema(same)
  expect(cache.schema).toBe(same)
})

test('misspelled and bad options are refused', () => {
  const options = { collectionId: 1n, channelName: 'books', schema: BOOKS }
  const wrong = [{ collection: 1n }, { channelName: '' }, { collectionId: -1n }, { schema: {} }]
  for (const change of wrong) {
    const given = { ...options, ...change } as typeof options
    expect(() => new MetaCache(given)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  }
})
