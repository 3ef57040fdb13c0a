/** Filters over manifests: honoured or refused, never ignored. */
import type { Filter } from '../lib/index.js'
import { ID_AND_SCORE, ROWS, readablePlaces } from './support/manifest-reading.js'
import { rejection } from './support/rejection.js'
import { sampleSchema, sampleScore, sampleTitle } from './support/sample.js'

const { place, fresh, fails } = readablePlaces('filter-manifests')
const all = Array.from({ length: ROWS }, (_, row) => row)

async function ids(filter: Filter, options: Parameters<typeof place.read>[0] = {}) {
  const reader = await place.read({ columns: ['id'], filter, ...options })
  const table = await reader.toTable()
  expect(table.schema.fields.map(({ name }) => name)).toEqual(['id'])
  await reader.close()
  return [...table.getChild('id')!].map(Number)
}

test.each<[Filter, (row: number) => boolean]>([
  [['id', '>=', 450], (row) => row >= 450],
  [['score', '<', 10], (row) => sampleScore(row) < 10],
  [['title', 'is null'], (row) => sampleTitle(row) === null],
  [['title', '=', 'title 301'], (row) => row === 301],
  [
    [
      ['id', '<', 400],
      ['title', '>', 'title 2'],
    ],
    (row) => row < 400 && (sampleTitle(row) ?? '') > 'title 2',
  ],
  [[101, 'in', ['title 0']], (row) => row === 0],
  [[], () => true],
])('a filter over several files and groups: %j', async (filter, holds) => {
  const expected = all.filter(holds)
  expect(await ids(filter)).toEqual(expected)
  expect(await ids(filter, { schema: sampleSchema() })).toEqual(expected)
})

test('files of which no row is wanted are not read', async () => {
  const reader = await place.read({ columns: ['title'], filter: ['id', '>=', 500] })
  const table = await reader.toTable()
  expect(table.numRows).toBe(100)
  expect(table.getChild('title')!.get(0)).toBe(sampleTitle(500))
  expect(reader.numRows).toBe(ROWS)
  expect(reader.filterStats).toEqual({
    ...{ rowGroupsRead: 2, rowGroupsSkipped: 4 },
    ...{ rowsRead: 100, rowsSkipped: 500, rowsFiltered: 0 },
  })
  await reader.close()
})

test('rows by their position are refused, chunks too', async () => {
  const reader = await place.read({ filter: ['id', '<', 10] })
  for (const call of [
    () => reader.take([0]),
    () => reader.take([0], { columns: ['id'] }),
    () => reader.chunkReader(0),
  ]) {
    expect(await rejection(call)).toMatchObject({ code: 'NotSupported' })
  }
  expect((await reader.toTable()).numRows).toBe(10)
  await reader.close()
})

test('what does not fit is refused before a row is read', async () => {
  expect((await fails({ filter: ['scor', '<', 1] })).message).toContain('Did you mean "score"?')
  expect(await fails({ filter: ['id', '=', 'a'] })).toMatchObject({ code: 'TypeMismatch' })
  expect(await fails({ filter: ['embedding', 'is null'] })).toMatchObject({
    code: 'UnsupportedType',
  })
  const schema = sampleSchema()
  expect((await fails({ schema, filter: ['scor', '<', 1] })).message).toContain('"score"')
})

test('a group that only the filter needs is of another format: refused, not ignored', async () => {
  const other = fresh()
  await other.append([10], ID_AND_SCORE)
  const manifest = await other.manifest()
  const columnGroups = manifest.columnGroups.map((group) =>
    group.columns.includes('title') ? { ...group, format: 'vortex' } : group,
  )
  const options = {
    manifest: { ...manifest, columnGroups },
    columns: ['id'],
    schema: sampleSchema(),
  }
  const error = await fails({ ...options, filter: ['title', '=', 'title 1'] }, other)
  expect(error.code).toBe('NotSupported')
})
