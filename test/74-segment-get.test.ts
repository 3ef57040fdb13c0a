/** Rows of segments by primary key: which row a key has, and what is not read for it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  SegmentReader,
  type SegmentReaderOptions,
  type SegmentRowsByKey,
} from '../lib/segment/index.js'
import type { LocalChunkManager } from '../lib/storage/index.js'
import { CODES, codesOf, DECODED } from './support/quantized-rows.js'
import { rejection } from './support/rejection.js'
import { STORAGE_VERSIONS, segmentPlace, threeChunks } from './support/segment-places.js'
import { BOOKS, book, chunk, deletes, segmentIn, TITLES } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-get')
let count = 0
const fresh = (): string => join(directory, `segment-${count++}`)

const place = (version: 0 | 2 | 3, options: Parameters<typeof segmentPlace>[3] = {}) =>
  segmentPlace(fresh(), version, threeChunks(), options)

const pathOf = ({ chunkManager }: SegmentReaderOptions, key: string): string =>
  join((chunkManager as LocalChunkManager).rootPath, key)

const idsOf = ({ table }: SegmentRowsByKey): number[] =>
  [...(table.getChild('id')?.toArray() ?? [])].map(Number)

describe.each(STORAGE_VERSIONS)('StorageV%d', (version) => {
  test('rows come in the order of the keys, and missing keys are told', async () => {
    await using reader = await SegmentReader.open(await place(version))
    const found = await reader.get([8n, 77n, 0, 4n, 8n, -1n])
    expect(idsOf(found)).toEqual([8, 0, 4, 8])
    expect([...found.rows]).toEqual([0, -1, 1, 2, 3, -1])
    expect(found.positions).toEqual([8, 0, 4, 8])
    expect(found.missing).toEqual([77n, -1n])
    expect(found.problems).toEqual([])
    expect(found.stats).toMatchObject({ keys: 5, keysByStatistics: 2, rowsFound: 3, rowsHidden: 0 })
    expect(found.table.toArray().map((row) => row?.title)).toEqual(
      [8, 0, 4, 8].map((id) => `title ${id}`),
    )
    const again = await reader.get(BigInt64Array.of(3n), { columns: ['title', 102] })
    expect(again.table.toArray().map((row) => row?.toJSON())).toEqual([
      { title: 'title 3', pages: null },
    ])
    // What statistics say is kept by the reader.
    expect(again.stats.statisticsRead).toBe(0)
  })

  test('the newest visible row of a key, at any timestamp', async () => {
    const data = [
      chunk(BOOKS, [book(1, 10), { ...book(1, 30), title: 'thirty' }, book(2, 5)]),
      chunk(BOOKS, [
        { ...book(1, 20), title: 'twenty' },
        { ...book(2, 5), title: 'later' },
      ]),
    ]
    const options = await segmentPlace(fresh(), version, data, {
      deletes: deletes([1n, 25], [2n, 50]),
    })
    const titleAt = async (key: number, readTs?: number | bigint) => {
      await using reader = await SegmentReader.open({ ...options, readTimestamp: 45 })
      const { table } = await reader.get([key], readTs === undefined ? {} : { readTs })
      return table.getChild('title')!.toArray()[0]
    }
    expect(await titleAt(1)).toBe('thirty')
    expect(await titleAt(1, 29)).toBeUndefined()
    expect(await titleAt(1, 24)).toBe('twenty')
    expect(await titleAt(1, 19)).toBe('title 1')
    expect(await titleAt(1, 9)).toBeUndefined()
    // Of rows of one timestamp the one that is stored last.
    expect(await titleAt(2)).toBe('later')
    expect(await titleAt(2, 50)).toBeUndefined()
    expect(await titleAt(2, 2n ** 64n - 1n)).toBeUndefined()
    await using reader = await SegmentReader.open({ ...options, readTimestamp: 24 })
    const { stats } = await reader.get([1n, 2n], { readTs: 50 })
    expect(stats).toMatchObject({ rowsFound: 5, rowsHidden: 4 })
    expect(reader.hiddenRows).toBe(0)
  })

  test('a reader without a bound still sees the deletes', async () => {
    const options = await place(version, { deletes: deletes([3n, 99]) })
    await using reader = await SegmentReader.open({ ...options, readTimestamp: 60 })
    expect(idsOf(await reader.get([3n]))).toEqual([3])
    expect(idsOf(await reader.get([3n], { readTs: 2n ** 64n - 1n }))).toEqual([])
    expect(idsOf(await reader.get([3n, 8n], { readTs: 98 }))).toEqual([3, 8])
  })

  test('no keys, keys twice, and keys that are none', async () => {
    await using reader = await SegmentReader.open(await place(version))
    const none = await reader.get([])
    expect(none.table.numRows).toBe(0)
    expect(none.table.schema.fields).toHaveLength(BOOKS.fields.length)
    expect([none.rows.length, none.missing, none.stats.keys]).toEqual([0, [], 0])
    const twice = await reader.get([6, 6n, 6])
    expect([idsOf(twice), [...twice.rows], twice.stats.keys]).toEqual([[6, 6, 6], [0, 1, 2], 1])
    for (const key of [null, undefined, '6', 0.5, 2n ** 63n, 2 ** 60, {}, Number.NaN]) {
      const error = await rejection(() => reader.get([1n, key as bigint]))
      expect(error).toMatchObject({ code: 'InvalidArgument' })
      expect(error.message).toContain('keys[1]')
    }
    for (const [keys, options, named] of [
      [7n, {}, 'keys'],
      [[1n], { column: ['id'] }, 'column'],
      [[1n], { columns: ['nobody'] }, 'nobody'],
      [[1n], { readTs: 'now' }, 'readTs'],
      [[1n], { statistics: 1 }, 'statistics'],
    ] as const) {
      const error = await rejection(() => reader.get(keys as never, options as never))
      expect(error).toMatchObject({ code: 'InvalidArgument' })
      expect(error.message).toContain(named)
    }
  })

  test('text keys', async () => {
    const rows = ['b', '', 'ä', 'long '.repeat(20), 'B'].map((title, index) => ({
      ...{ RowID: BigInt(index), Timestamp: BigInt(index + 1), title },
      embedding: Float32Array.of(index, 0, 0, 0),
    }))
    const data = [chunk(TITLES, rows.slice(0, 3)), chunk(TITLES, rows.slice(3))]
    const options = await segmentPlace(fresh(), version, data, {
      schema: TITLES,
      deletes: deletes(['ä', 99]),
    })
    await using reader = await SegmentReader.open(options)
    const found = await reader.get(['B', 'ä', 'long '.repeat(20), 'nobody', ''], {
      columns: ['title'],
    })
    expect(found.table.toArray().map((row) => row?.title)).toEqual(['B', 'long '.repeat(20), ''])
    expect([found.missing, found.positions]).toEqual([
      ['ä', 'nobody'],
      [4, 3, 1],
    ])
    const error = await rejection(() => reader.get([1n]))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
  })

  test('in turn with reading; closed; aborted', async () => {
    const options = await place(version)
    const reader = await SegmentReader.open(options)
    const [batch, found, taken] = await Promise.all([
      reader.readNext(),
      reader.get([5n]),
      reader.take([2]),
    ])
    expect([batch!.numRows > 0, idsOf(found), taken.numRows]).toEqual([true, [5], 1])
    const pending = reader.get([7n])
    await reader.close()
    expect(idsOf(await pending)).toEqual([7])
    expect(await rejection(() => reader.get([7n]))).toMatchObject({ code: 'Closed' })
    const controller = new AbortController()
    const aborted = await SegmentReader.open({ ...options, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(aborted.get([1n])).rejects.toThrow('enough')
    await aborted.close()
  })
})

describe('what is not read', () => {
  /** The reader of a segment of which only some insert logs are left. */
  async function without(version: 0 | 2, chunks: number[]) {
    const options = await place(version)
    const reader = await SegmentReader.open(options)
    for (const { binlogs } of options.binlogs!) {
      for (const chunk of chunks) await rm(pathOf(options, binlogs[chunk]!.logPath))
    }
    return reader
  }

  test('keys that no filter has cost no file', async () => {
    for (const version of [0, 2] as const) {
      await using reader = await without(version, [0, 1, 2])
      const { stats, missing } = await reader.get([-5n, 1000n])
      expect(missing).toEqual([-5n, 1000n])
      expect(stats).toMatchObject({ keysByStatistics: 2, filesRead: 0, filesSkipped: 3 })
      expect(stats).toMatchObject({ chunksSkipped: 3, chunksRead: 0, rowGroupsRead: 0 })
      expect(stats.statisticsRead).toBe(1)
    }
  })

  test('chunks whose own statistics rule a key out are not opened', async () => {
    for (const version of [0, 2] as const) {
      await using reader = await without(version, [0, 2])
      const found = await reader.get([4n])
      expect(idsOf(found)).toEqual([4])
      expect(found.stats).toMatchObject({
        ...{ keysByStatistics: 0, statisticsRead: 4 },
        ...{ chunksRead: 1, chunksSkipped: 2, filesRead: 1, filesSkipped: 2 },
      })
      // Without statistics every chunk is looked at.
      const error = await rejection(() => reader.get([4n], { statistics: false }))
      expect(error).toMatchObject({ code: 'NotFound' })
    }
  })

  test('row groups whose statistics rule a key out are not read', async () => {
    // Row groups end at 1 MiB of what the group of the keys has.
    const rows = Array.from({ length: 100_000 }, (_, id) => book(id, 1))
    for (const version of [2, 3] as const) {
      const options = await segmentPlace(fresh(), version, [chunk(BOOKS, rows)])
      for (const statistics of [true, false]) {
        await using reader = await SegmentReader.open(options)
        const { stats, positions } = await reader.get([60_000n, 60_001n], { statistics })
        expect(positions).toEqual([60_000, 60_001])
        expect(stats).toMatchObject({ rowGroupsRead: 1, filesRead: 1 })
        expect(stats.rowGroupsSkipped).toBeGreaterThanOrEqual(2)
      }
      await using reader = await SegmentReader.open(options)
      const { stats } = await reader.get([100_000n], { statistics: false })
      expect(stats).toMatchObject({ rowGroupsRead: 0, filesRead: 0, filesSkipped: 1 })
    }
  })
})

test('a segment without rows has no keys', async () => {
  const { chunkManager } = await place(2)
  await using reader = await SegmentReader.open({
    ...{ schema: BOOKS, binlogs: [] },
    chunkManager: chunkManager!,
  })
  const { table, missing, stats } = await reader.get([1n, 2n])
  expect([table.numRows, missing, stats.keysByStatistics]).toEqual([0, [1n, 2n], 0])
})

test.each([2, 3] as const)('encrypted column groups of StorageV%d', async (version) => {
  const key = Uint8Array.from({ length: 16 }, (_, index) => index)
  const options = await place(version, { encryption: { key, keyMetadata: 'zone' } })
  for (const statistics of [true, false]) {
    await using reader = await SegmentReader.open(options)
    expect(idsOf(await reader.get([4n, 99n, 0n], { statistics }))).toEqual([4, 0])
  }
})

test('quantized vectors come out as they are read', async () => {
  const { data, quantized } = await codesOf([3, 1, 2, 5, 4])
  const { chunkManager, info } = await segmentIn(fresh(), [data], { schema: CODES, quantized })
  const { binlogs, statslogs } = info
  await using reader = await SegmentReader.open({
    schema: DECODED,
    chunkManager,
    binlogs,
    statslogs,
  })
  const whole = await reader.toTable()
  const ids = [...whole.getChild('id')!.toArray()] as bigint[]
  const order = [ids[3]!, ids[0]!]
  const { table } = await reader.get(order)
  const taken = await reader.take([3, 0])
  for (const name of ['v8', 'w8']) {
    const expected = [3, 0].map((row) => [...whole.getChild(name)!.get(row)])
    for (const rows of [table, taken]) {
      expect([0, 1].map((row) => [...rows.getChild(name)!.get(row)])).toEqual(expected)
    }
  }
})
