/** Filters over segments: after deletes and read timestamps, over added fields, in every version. */
import { join } from 'node:path'
import fc from 'fast-check'
import type { Filter } from '../lib/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { createManifest, SegmentReader, type SegmentReaderOptions } from '../lib/segment/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, columnOf, deletes, segmentIn, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('filter-segments')
let trees = 0
const tree = () => join(directory, String(trees++))

/** BOOKS later: a default, JSON, a time and the dynamic field came. */
const LATER = createCollectionSchema({
  name: 'books',
  enableDynamicField: true,
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: 4 },
    { name: 'pages', dataType: 'Int32', nullable: true },
    { name: 'title', dataType: 'VarChar', maxLength: 256 },
    { name: 'stars', dataType: 'Int8', nullable: true, defaultValue: 3 },
    { name: 'sold', dataType: 'Timestamptz', nullable: true, defaultValue: 1_700_000_000_000_000n },
    { name: 'meta', dataType: 'JSON', nullable: true },
    { name: '$meta', dataType: 'JSON', isDynamic: true, nullable: true },
  ],
})

describe.each([
  ['StorageV1', 0],
  ['StorageV2', 2],
  ['StorageV3', 3],
] as const)('%s', (_, version) => {
  let given: SegmentReaderOptions

  beforeAll(async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), {
      storageVersion: version === 0 ? 0 : 2,
      deletes: deletes([2n, 25], [5n, 45]),
    })
    const { binlogs, deltalogs } = info
    given = { schema: BOOKS, chunkManager, binlogs, deltalogs }
    if (version !== 3) return
    const { manifestPath } = await createManifest({ chunkManager, segment: info })
    given = { schema: BOOKS, chunkManager, manifestPath: manifestPath! }
  })

  const ids = async (filter: Filter, more: Partial<SegmentReaderOptions> = {}) =>
    (await columnOf('id', { ...given, filter, ...more })).map(Number)

  // Visible: 1, 3, 4 and 5 (written after its delete); pages of 3 are null.
  test.each<[Filter, number[]]>([
    [
      ['id', '<=', 3],
      [1, 3],
    ],
    [
      ['pages', '>', 10],
      [4, 5],
    ],
    [{ not: ['pages', '>', 10] }, [1]],
    [['pages', 'is null'], [3]],
    [['title', 'in', ['title 1', 'title 2']], [1]],
    [
      ['Timestamp', '>=', 40n],
      [4, 5],
    ],
    [['RowID', '=', 3], [3]],
    [[102, '=', 40.5], []],
    [
      [
        ['id', '>', 1],
        {
          or: [
            ['title', '=', 'title 4'],
            ['pages', 'is null'],
          ],
        },
      ],
      [3, 4],
    ],
    [[], [1, 3, 4, 5]],
  ])('%j', async (filter, expected) => {
    expect(await ids(filter)).toEqual(expected)
  })

  test('a row that is not there does not come back', async () => {
    expect(await ids(['id', '=', 2])).toEqual([])
    expect(await ids(['id', '>', 0], { readTimestamp: 20 })).toEqual([1, 2])
    expect(await ids(['pages', '>=', 20], { readTimestamp: 20 })).toEqual([2])
    const reader = await SegmentReader.open({
      ...given,
      columns: ['title'],
      filter: ['id', '>', 3],
    })
    const table = await reader.toTable()
    expect([...table.getChild('title')!]).toEqual(['title 4', 'title 5'])
    expect(
      reader.hiddenRows + reader.filterStats.rowsFiltered + reader.filterStats.rowsSkipped,
    ).toBe(3)
    const counts = reader.filterStats
    await reader.close()
    expect(reader.filterStats).toEqual(counts)
  })

  test('fields that were added are their default or null', async () => {
    const later = { schema: LATER }
    expect(await ids(['stars', '=', 3], later)).toEqual([1, 3, 4, 5])
    expect(await ids(['stars', '<', 3], later)).toEqual([])
    expect(
      await ids(
        [
          ['stars', '>', 2.5],
          ['pages', '<', 50],
        ],
        later,
      ),
    ).toEqual([1, 4])
    expect(await ids(['meta', 'is null'], later)).toEqual([1, 3, 4, 5])
    expect(await ids(['meta', '=', '{}'], later)).toEqual([])
    expect(await ids(['sold', '=', '2023-11-14T22:13:20Z'], later)).toEqual([1, 3, 4, 5])
    expect(await ids(['sold', '>', new Date(1_700_000_000_000)], later)).toEqual([])
  })

  test.each<[Filter, string, string]>([
    [['titel', '=', 'a'], 'InvalidArgument', 'Did you mean "title"?'],
    [['colour', '=', 'red'], 'InvalidArgument', 'Keys of the dynamic field are no columns.'],
    [['$meta', 'is null'], 'UnsupportedType', 'the dynamic field, whose keys are no columns'],
    [['embedding', 'is null'], 'UnsupportedType', 'a column of FloatVector'],
    [['stars', '=', 'many'], 'TypeMismatch', 'Expected an integer for filter on stars'],
    [['sold', '=', 'soon'], 'TypeMismatch', 'Expected a time'],
  ])('what does not fit: %j', async (filter, code, message) => {
    const error = await rejection(() => SegmentReader.open({ ...given, schema: LATER, filter }))
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
  })
})

test('no chunk at all', async () => {
  const { chunkManager, info } = await segmentIn(tree(), [])
  const options = {
    schema: BOOKS,
    chunkManager,
    binlogs: info.binlogs,
    filter: ['id', '=', 1] as const,
  }
  expect(await columnOf('id', options)).toEqual([])
})

test('any rows, any deletes, any filter: the visible rows that it is true for', async () => {
  const key = fc.integer({ min: 1, max: 9 })
  const one = (filter: Filter, holds: (row: number) => boolean | null) => ({ filter, holds })
  const condition = fc.oneof(
    key.map((id) => one(['id', '<', id], (row) => row < id)),
    key.map((id) => one(['pages', '>=', id * 10], (row) => (row % 3 === 0 ? null : row >= id))),
    fc.constant(one(['pages', 'is null'], (row) => row % 3 === 0)),
    fc.array(key).map((ids) => {
      const titles = ids.map((id) => `title ${id}`)
      return one(['title', 'not in', titles], (row) => !ids.includes(row))
    }),
  )
  const given = fc.record({
    rows: fc.array(fc.tuple(key, key), { minLength: 1, maxLength: 12 }),
    removed: fc.array(fc.tuple(key, key), { maxLength: 6 }),
    conditions: fc.array(condition, { minLength: 1, maxLength: 3 }),
    combine: fc.constantFrom('and' as const, 'or' as const),
    negate: fc.boolean(),
    storageVersion: fc.constantFrom(0 as const, 2 as const),
  })
  let filtered = 0
  const property = fc.asyncProperty(given, async ({ rows, removed, conditions, ...how }) => {
    const values = rows.map(([id, timestamp], row) => ({
      ...book(id, timestamp),
      RowID: BigInt(row),
    }))
    const { chunkManager, info } = await segmentIn(tree(), [chunk(BOOKS, values)], {
      storageVersion: how.storageVersion,
      deletes: deletes(...removed.map(([id, time]): [bigint, number] => [BigInt(id), time])),
    })
    const filters = conditions.map(({ filter }) => filter)
    const combined: Filter = how.combine === 'and' ? { and: filters } : { or: filters }
    const filter: Filter = how.negate ? { not: combined } : combined
    const decisive = how.combine === 'or'
    const holds = (id: number): boolean => {
      const outcomes = conditions.map((each) => each.holds(id))
      const whole = outcomes.includes(decisive)
        ? decisive
        : outcomes.includes(null)
          ? null
          : !decisive
      return whole === !how.negate
    }
    const isVisible = (id: number, timestamp: number) =>
      removed.every(([other, time]) => other !== id || time <= timestamp)
    const expected = rows.flatMap(([id, timestamp], row) =>
      isVisible(id, timestamp) && holds(id) ? [row] : [],
    )
    filtered += rows.length - expected.length
    const { binlogs, deltalogs } = info
    const options = { schema: BOOKS, binlogs, deltalogs, chunkManager, filter }
    expect((await columnOf('RowID', options)).map(Number)).toEqual(expected)
  })
  await fc.assert(property, { numRuns: 40 })
  expect(filtered).toBeGreaterThan(20)
}, 60_000)
