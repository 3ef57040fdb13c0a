import { join } from 'node:path'
import type { SegmentMeta } from '../lib/sync/index.js'
import { CHANNEL, CompactionPlace, position } from './support/compaction.js'
import type { Row } from './support/every-type.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes, TITLES } from './support/segments.js'
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

describe('deletes', () => {
  test('are applied, and an L0 segment goes when no row is left that it may delete', async () => {
    await place.addRows([books(1, 3)], { deletes: deletes([1n, 99]) })
    await place.addRows([books(4, 3)])
    const l0 = await place.addDeletes(deletes([5n, 60], [2n, 15], [77n, 99]))
    const before = await place.rows()
    expect(ids(before)).toEqual([2, 3, 4, 6])
    const { groups } = await place.compact()
    expect(groups).toMatchObject([{ rowsBefore: 6, rowsAfter: 4, droppedDeletes: [l0] }])
    expect(await place.rows()).toEqual(before)
    expect(await only()).toMatchObject({ numRows: 4, deltalogs: [], appliedDeletes: [l0] })
  })

  test('stay while a segment that was not compacted may have rows for them', async () => {
    const first = await place.addRows([books(1, 3)])
    const second = await place.addRows([books(4, 3)])
    const l0 = await place.addDeletes(deletes([2n, 99], [5n, 99]))
    const before = await place.rows()
    expect((await place.compact({ segmentIds: [first] })).groups).toMatchObject([
      { rowsAfter: 2, droppedDeletes: [] },
    ])
    expect(await place.rows()).toEqual(expect.arrayContaining(before))
    expect(await place.rows()).toHaveLength(4)
    expect((await place.compact({ segmentIds: [second] })).groups).toMatchObject([
      { rowsAfter: 2, droppedDeletes: [l0] },
    ])
    expect(ids(await place.rows()).sort()).toEqual([1, 3, 4, 6])
  })

  test.each([
    ['a growing segment', { state: 'Growing' as const }],
    ['a sealed one', { state: 'Sealed' as const }],
  ])('stay for the rows of %s, which is not compacted', async (_, state) => {
    await place.addRows([books(1, 3)])
    const open = await place.addRows([books(4, 3)], state)
    await place.addDeletes(deletes([2n, 99], [5n, 99]))
    const { groups } = await place.compact()
    expect(groups).toMatchObject([{ rowsBefore: 3, rowsAfter: 2, droppedDeletes: [] }])
    expect(ids(await place.rows()).sort()).toEqual([1, 3, 4, 6])
    const error = await rejection(() => place.compact({ segmentIds: [open] }))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(error.message).toMatch(/it may still get rows/)
  })

  test('stay while rows from before them may still be on their way', async () => {
    await place.addRows([books(1, 3)])
    const l0 = await place.addDeletes(deletes([2n, 99]), { checkpoint: position(8) })
    expect((await place.compact()).groups).toMatchObject([{ droppedDeletes: [] }])
    // Rows of message 5 come to a segment after all.
    await place.addRows([chunk(BOOKS, [book(2, 50)])])
    expect(ids(await place.rows()).sort()).toEqual([1, 3])
    const { records } = place.catalog
    const { CHANNEL: codec } = await import('../lib/sync/meta-json.js')
    const { key, record } = await records.channel(CHANNEL)
    const value = codec.encode({ ...record!, checkpoint: position(8) })
    await place.store.commit({ put: [{ key, value }] })
    expect((await place.compact()).groups).toMatchObject([{ droppedDeletes: [l0] }])
    expect(ids(await place.rows()).sort()).toEqual([1, 3])
  })

  test('of an L0 segment that may get more, or of all partitions, are kept as long', async () => {
    const { collectionId } = place
    const other = await place.catalog.createPartition({ collectionId, name: 'other' })
    const { partitionId } = other
    await place.addRows([books(1, 2)])
    await place.addRows([books(3, 2)], { partitionId })
    const everywhere = await place.addDeletes(deletes([1n, 99], [4n, 99]), { partitionId: -1n })
    const open = await place.addDeletes(deletes([2n, 99]), { state: 'Growing', partitionId: -1n })
    const { groups } = await place.compact()
    expect(groups.map(({ droppedDeletes }) => droppedDeletes)).toEqual([[], [everywhere]])
    expect(ids(await place.rows())).toEqual([3])
    expect((await place.segments('Growing')).map(({ segmentId }) => segmentId)).toEqual([open])
    // What comes to it later counts for the new segments as well.
    const before = (await place.catalog.segment(open))!
    await place.addDeletes(deletes([3n, 99]), { partitionId })
    const later = (await place.segments('Flushed')).find(({ level }) => level === 'L0')!
    const deltalogs = [...before.deltalogs, ...later.deltalogs]
    const { KEYS } = await import('../lib/sync/meta-records.js')
    const { SEGMENT } = await import('../lib/sync/meta-json.js')
    await place.store.commit({
      put: [
        {
          key: KEYS.segment(collectionId, open),
          value: SEGMENT.encode({ ...before, partitionId: -1n, deltalogs }),
        },
      ],
      remove: [KEYS.segment(collectionId, later.segmentId)],
    })
    expect(ids(await place.rows())).toEqual([])
  })

  test('after the read timestamp stay, those of a segment with its rows alone', async () => {
    await place.addRows([books(1, 3)], { deletes: deletes([1n, 50], [2n, 90]) })
    // A row with the key of a later delete that is another segment's own.
    await place.addRows([chunk(BOOKS, [book(2, 15), book(3, 70), book(9, 80)])])
    await place.addDeletes(deletes([3n, 95], [9n, 85]))
    const times = [60, 70, 84, 85, 89, 90, 95, 100] as const
    const sorted = (rows: Row[]) => rows.sort((a, b) => Number(a.Timestamp) - Number(b.Timestamp))
    const before = await Promise.all(times.map((time) => place.rows(time)))
    const { groups } = await place.compact({ readTimestamp: 60 })
    expect(groups).toMatchObject([{ rowsBefore: 6, rowsAfter: 5, droppedDeletes: [] }])
    for (const [index, time] of times.entries()) {
      expect(sorted(await place.rows(time))).toEqual(sorted(before[index]!))
    }
    expect(await place.segments('Flushed')).toHaveLength(3)
    await place.compact()
    expect(ids(await place.rows())).toEqual([2])
    expect(await only()).toMatchObject({ level: 'L1', numRows: 1 })
  })

  test('no row left: no segment, and the old ones are dropped', async () => {
    await place.addRows([books(1, 2)])
    await place.addRows([books(3, 1)])
    const l0 = await place.addDeletes(deletes([1n, 99], [2n, 99], [3n, 99]))
    const files = keys()
    const { groups } = await place.compact({ sort: true })
    expect(groups).toMatchObject([{ to: [], rowsAfter: 0, droppedDeletes: [l0] }])
    expect(await place.segments('Flushed')).toEqual([])
    expect(await place.rows()).toEqual([])
    expect(keys()).toEqual(files)
  })

  test('keys as text', async () => {
    await place.close()
    place = await CompactionPlace.open(join(directory, String(places++)), TITLES)
    const title = (text: string, time: number) => ({
      ...{ RowID: BigInt(time), Timestamp: BigInt(time), title: text },
      embedding: Float32Array.of(1, 2, 3, 4),
    })
    const texts = ['z', '', '数据', '\u{1F600}', '\uFFFD', 'a', 'ab', 'a', 'B']
    await place.addRows([
      chunk(
        TITLES,
        texts.slice(0, 4).map((text, i) => title(text, i + 1)),
      ),
    ])
    await place.addRows([
      chunk(
        TITLES,
        texts.slice(4).map((text, i) => title(text, i + 10)),
      ),
    ])
    await place.addDeletes(deletes(['a', 12], ['z', 99]))
    const before = await place.rows()
    expect(before).toHaveLength(7)
    await place.compact({ sort: true })
    const after = (await place.rows()).map((row) => row.title as string)
    const byBytes = (left: string, right: string) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right))
    expect(after).toEqual(before.map((row) => row.title as string).sort(byBytes))
    expect(after).not.toEqual([...after].sort())
  })
})
