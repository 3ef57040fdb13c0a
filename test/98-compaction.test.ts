import { utimesSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parsePrimaryKeyStats } from '../lib/binlog/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { collectGarbage, type SegmentMeta } from '../lib/sync/index.js'
import { CHANNEL, CompactionPlace, position } from './support/compaction.js'
import type { Row } from './support/every-type.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('compaction')
let places = 0
let place: CompactionPlace

beforeEach(async () => {
  place = await CompactionPlace.open(join(directory, String(places++)))
})
afterEach(() => place.close())

const books = (first: number, count: number) =>
  chunk(
    BOOKS,
    Array.from({ length: count }, (_, i) => book(first + i, (first + i) * 10)),
  )
const ids = (rows: readonly Row[]) => rows.map(({ id }) => Number(id))
const keys = () => filesBelow(join(place.directory, 'segments'))
const only = async (): Promise<SegmentMeta> => {
  const segments = await place.segments('Flushed')
  expect(segments).toHaveLength(1)
  return segments[0]!
}

test('small segments become one, with the same rows, new ids and where they are from', async () => {
  const first = await place.addRows(twoChunks(), { checkpoint: position(7) })
  const second = await place.addRows([books(6, 3)], { startPosition: position(3) })
  const third = await place.addRows([books(9, 2)], { storageVersion: 0, checkpoint: position(9) })
  const before = await place.rows()
  const report = await place.compact()
  expect(await place.rows()).toEqual(before)
  const segment = await only()
  expect(report).toEqual({
    dryRun: false,
    groups: [
      {
        collectionId: place.collectionId,
        partitionId: place.partitionId,
        channelName: CHANNEL,
        from: [
          expect.objectContaining({ segmentId: first, rows: 5, reasons: ['small', 'logs'] }),
          expect.objectContaining({ segmentId: second, rows: 3, reasons: ['small'] }),
          expect.objectContaining({ segmentId: third, rows: 2, reasons: ['small'] }),
        ],
        to: [expect.objectContaining({ segmentId: segment.segmentId, rows: 10 })],
        rowsBefore: 10,
        rowsAfter: 10,
        droppedDeletes: [],
      },
    ],
  })
  expect(segment).toMatchObject({
    storageVersion: 2,
    level: 'L1',
    channelName: CHANNEL,
    numRows: 10,
    isSorted: false,
    compactionFrom: [first, second, third],
    startPosition: position(3),
    checkpoint: position(9),
  })
  expect(segment.binlogs.every(({ binlogs }) => binlogs.length === 1)).toBe(true)
  const dropped = await place.segments('Dropped')
  expect(dropped.map(({ segmentId }) => segmentId)).toEqual([first, second, third])
  expect(Date.now() - dropped[0]!.droppedAtMs!).toBeLessThan(60_000)
  expect(await place.verify(segment.segmentId)).toMatchObject({ ok: true, rows: 10, problems: [] })
})

test('statistics are made anew, of the rows that are left', async () => {
  await place.addRows(twoChunks(), { deletes: deletes([5n, 99], [1n, 99]) })
  await place.addRows([books(6, 1)])
  await place.compact()
  const { statslogs } = await only()
  expect(statslogs).toHaveLength(1)
  for (const { logPath, entriesNum } of statslogs[0]!.binlogs) {
    expect(entriesNum).toBe(4)
    const [stats] = parsePrimaryKeyStats(await place.chunkManager.read(logPath))
    expect([stats!.min, stats!.max]).toEqual([2n, 6n])
    expect([...(await stats!.mayContain(BigInt64Array.of(2n, 3n, 4n, 6n)))]).toEqual([1, 1, 1, 1])
    expect([...(await stats!.mayContain(BigInt64Array.of(1n, 5n)))]).toEqual([0, 0])
  }
})

test('a second compaction finds nothing to do', async () => {
  await place.addRows(twoChunks(), { deletes: deletes([2n, 99]) })
  await place.addDeletes(deletes([3n, 99]))
  expect((await place.compact()).groups).toHaveLength(1)
  const { segmentId } = await only()
  expect((await place.compact()).groups).toEqual([])
  expect((await place.compact({ sort: true })).groups).toHaveLength(1)
  expect((await only()).compactionFrom).toEqual([segmentId])
  expect((await place.compact({ sort: true })).groups).toEqual([])
  const again = await place.compact({ segmentIds: [(await only()).segmentId] })
  expect(again.groups[0]!.from[0]!.reasons).toContain('given')
})

test('one small segment alone, an empty collection: nothing', async () => {
  expect(await place.compact()).toEqual({ dryRun: false, groups: [] })
  await place.addRows([books(1, 3)])
  expect((await place.compact()).groups).toEqual([])
  await place.addRows([books(4, 3)])
  // Together they are more than a segment may have.
  expect((await place.compact({ maxRows: 5 })).groups).toEqual([])
})

test('partitions and channels stay apart', async () => {
  const { collectionId } = place
  const other = await place.catalog.createPartition({ collectionId, name: 'other' })
  const elsewhere = { channelName: 'channel-2' }
  await place.catalog.createChannel({ ...elsewhere, collectionId })
  for (const meta of [{}, { partitionId: other.partitionId }, elsewhere]) {
    await place.addRows([books(1, 2)], meta)
    await place.addRows([books(3, 2)], meta)
  }
  const { groups } = await place.compact({ partitionId: place.partitionId })
  expect(groups.map(({ channelName, rowsAfter }) => [channelName, rowsAfter])).toEqual([
    [CHANNEL, 4],
    ['channel-2', 4],
  ])
  expect((await place.compact()).groups).toMatchObject([{ partitionId: other.partitionId }])
  expect(await place.segments('Flushed')).toHaveLength(3)
})

describe('order', () => {
  const shuffled = [7, -3, 9, 1, 2 ** 20, -(2 ** 20), 0, 5, 8, 2, 6]

  test.each([
    ['in one go', 1 << 20],
    ['a few rows at a time', 900],
  ])('by key, %s', async (_, sortBytes) => {
    const values = (list: number[], time: number) =>
      chunk(
        BOOKS,
        list.map((id, i) => book(id, time + i)),
      )
    await place.addRows([values(shuffled.slice(0, 4), 10), values(shuffled.slice(4, 7), 20)])
    await place.addRows([values(shuffled.slice(7), 30), values([5], 5)])
    await place.addDeletes(deletes([9n, 99]))
    const before = await place.rows()
    await place.compact({ sort: true, sortBytes })
    const sorted = shuffled.filter((id) => id !== 9).sort((left, right) => left - right)
    sorted.splice(sorted.indexOf(5), 0, 5)
    const after = await place.rows()
    expect(ids(after)).toEqual(sorted)
    expect(after).toHaveLength(before.length)
    expect(after).toEqual(expect.arrayContaining(before))
    // Equal keys stay in the order they came in.
    expect(after.filter(({ id }) => id === 5n).map(({ Timestamp }) => Timestamp)).toEqual([30n, 5n])
    const segment = await only()
    expect(segment.isSorted).toBe(true)
    expect(await place.verify(segment.segmentId)).toMatchObject({ ok: true, problems: [] })
  })

  test('keys that half of sortBytes does not hold are refused, and nothing is changed', async () => {
    await place.addRows([books(1, 3)])
    await place.addRows([books(4, 3)])
    const files = keys()
    const error = await rejection(() => place.compact({ sort: true, sortBytes: 100 }))
    expect(error.code).toBe('NotSupported')
    expect(error.message).toMatch(/raise sortBytes/)
    expect(keys()).toEqual(files)
    expect(await place.segments('Flushed')).toHaveLength(2)
  })
})

describe('bounds', () => {
  test('of rows: segments of at most so many', async () => {
    await place.addRows([books(1, 4)], { deletes: deletes([1n, 99]) })
    await place.addRows([books(5, 4)])
    await place.addRows([books(9, 3)])
    const before = await place.rows()
    const segmentIds = (await place.segments()).map(({ segmentId }) => segmentId)
    await place.compact({ segmentIds, maxRows: 4 })
    expect((await place.rowsBySegment()).map(ids)).toEqual([
      [2, 3, 4, 5],
      [6, 7, 8, 9],
      [10, 11],
    ])
    expect(await place.rows()).toEqual(before)
    for (const { segmentId, compactionFrom } of await place.segments('Flushed')) {
      expect(compactionFrom).toEqual(segmentIds)
      expect(await place.verify(segmentId)).toMatchObject({ ok: true, problems: [] })
    }
  })

  test('of bytes: at least one row each', async () => {
    await place.addRows([books(1, 4)])
    const [{ segmentId }] = (await place.segments()) as [SegmentMeta]
    await place.compact({ segmentIds: [segmentId], maxBytes: 120 })
    const sizes = (await place.rowsBySegment()).map(({ length }) => length)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(4)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2)
    expect(sizes.length).toBeGreaterThan(1)
    await place.compact({
      segmentIds: [(await place.segments('Flushed'))[0]!.segmentId],
      maxBytes: 1,
    })
    expect(await place.rows()).toHaveLength(4)
  })

  test('of a log: several of them', async () => {
    await place.addRows([books(1, 4)])
    await place.addRows([books(5, 4)])
    await place.compact({ chunkBytes: 1 })
    const { binlogs, segmentId } = await only()
    expect(binlogs[0]!.binlogs).toHaveLength(2)
    expect(await place.verify(segmentId)).toMatchObject({ ok: true, problems: [] })
  })
})

test('fields that were added come with what readers gave for them', async () => {
  await place.addRows([books(1, 2)])
  const withLanguage = createCollectionSchema({
    ...BOOKS,
    version: BOOKS.version + 1,
    fields: [
      ...BOOKS.fields,
      { name: 'language', dataType: 'VarChar', maxLength: 8, nullable: true, defaultValue: 'en' },
      { name: 'year', dataType: 'Int16', nullable: true },
    ],
  } as never)
  await place.catalog.updateSchema(place.collectionId, withLanguage)
  await place.addRows([books(3, 2)])
  const before = await place.rows()
  expect(before[0]).toMatchObject({ language: 'en', year: null })
  await place.compact({ sort: true })
  expect(await place.rows()).toEqual(before)
  expect((await only()).binlogs.flatMap(({ childFields }) => childFields)).toHaveLength(8)
})

test('a dry run says what would be done, and changes nothing', async () => {
  await place.addRows([books(1, 3)], { deletes: deletes([1n, 99]) })
  await place.addRows([books(4, 3)])
  await place.addDeletes(deletes([5n, 99]))
  const before = { files: keys(), segments: await place.segments() }
  const report = await place.compact({ dryRun: true })
  expect(report).toMatchObject({
    dryRun: true,
    groups: [{ to: [], rowsBefore: 6, rowsAfter: 4, droppedDeletes: [] }],
  })
  const bytes = report.groups[0]!.from.map((source) => source.bytes)
  expect(Math.min(...bytes)).toBeGreaterThan(100)
  expect({ files: keys(), segments: await place.segments() }).toEqual(before)
})

test('files of old segments stay for those who read them, until they are as old as gc is told', async () => {
  await place.addRows([books(1, 3)])
  await place.addRows([books(4, 3)])
  const old = keys()
  const long = new Date(Date.now() - 48 * 3_600_000)
  for (const file of old) utimesSync(file, long, long)
  const before = await place.rows()
  await place.compact()
  const { catalog, chunkManager } = place
  const kept = await collectGarbage({ catalog, chunkManager, dryRun: false })
  expect(kept).toMatchObject({ objects: [], removed: 0 })
  expect(keys()).toEqual(expect.arrayContaining(old))
  const options = { catalog, chunkManager, dryRun: false, olderThanMs: 0, workersStopped: true }
  const { objects } = await collectGarbage(options)
  const root = join(place.directory, 'segments')
  expect(objects.map(({ path }) => path).sort()).toEqual(
    old.map((file) => relative(root, file)).sort(),
  )
  expect(await place.rows()).toEqual(before)
})

describe('what goes wrong changes nothing', () => {
  async function two(): Promise<{ rows: Row[]; files: string[]; segments: SegmentMeta[] }> {
    await place.addRows([books(1, 3)])
    await place.addRows([books(4, 3)])
    return { rows: await place.rows(), files: keys(), segments: await place.segments() }
  }

  test('a segment that was dropped between reading and the swap: Conflict', async () => {
    const { files, segments } = await two()
    const [first] = segments as [SegmentMeta]
    const { SEGMENT } = await import('../lib/sync/meta-json.js')
    const { KEYS } = await import('../lib/sync/meta-records.js')
    const drop = async (): Promise<void> => {
      const key = KEYS.segment(first.collectionId, first.segmentId)
      const value = SEGMENT.encode({ ...first, state: 'Dropped' })
      await place.store.commit({ put: [{ key, value }] })
    }
    let dropping: Promise<void> | undefined
    const exist = jest.spyOn(place.chunkManager, 'exist')
    exist.mockImplementation(async (path) => {
      // Before anything is written, sidecars are looked for.
      if (path.startsWith('_segment/')) return false
      dropping ??= drop()
      await dropping
      return true
    })
    const error = await rejection(() => place.compact())
    exist.mockRestore()
    expect(error.code).toBe('Conflict')
    expect(error.message).toMatch(new RegExp(`Expected segment ${first.segmentId} as `))
    expect(keys()).toEqual(files)
    expect(ids(await place.rows())).toEqual([4, 5, 6])
  })

  test('two compactions of the same at once: one of them has its way', async () => {
    const { rows } = await two()
    const tried = await Promise.allSettled([place.compact(), place.compact()])
    expect(tried.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const lost = tried.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(lost.reason).toMatchObject({ code: 'Conflict' })
    expect(await place.rows()).toEqual(rows)
    const { segmentId } = await only()
    const written = keys().filter((file) => file.includes(`/${segmentId}/`))
    const { catalog, chunkManager } = place
    const options = { catalog, chunkManager, dryRun: false, olderThanMs: 0, workersStopped: true }
    await collectGarbage(options)
    expect(keys().filter((file) => !file.includes('_segment'))).toEqual(written)
  })

  test('an aborted signal, before and in the middle', async () => {
    const { files, segments } = await two()
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(place.compact({ signal: aborted })).rejects.toBe(reason)
    for (const phase of ['reading', 'sorting', 'writing'] as const) {
      const controller = new AbortController()
      const compaction = place.compact({
        sort: phase === 'sorting',
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.phase === phase) controller.abort(reason)
        },
      })
      await expect(compaction).rejects.toBe(reason)
      expect(keys()).toEqual(files)
    }
    expect(await place.segments()).toEqual(segments)
  })

  test('a store that fails may have done it: the new files stay, for gc to judge', async () => {
    const { rows, files, segments } = await two()
    const failure = new Error('the disk of the store')
    const really = place.store.commit.bind(place.store)
    const commit = jest.spyOn(place.store, 'commit')
    commit.mockImplementation(async (transaction, options) => {
      // One key is the counter of ids.
      if (transaction.put?.length === 1) return really(transaction, options)
      throw failure
    })
    await expect(place.compact()).rejects.toBe(failure)
    commit.mockRestore()
    expect(keys().length).toBeGreaterThan(files.length)
    expect(await place.segments()).toEqual(segments)
    expect(await place.rows()).toEqual(rows)
    await place.compact()
    expect(await place.rows()).toEqual(rows)
  })
})
