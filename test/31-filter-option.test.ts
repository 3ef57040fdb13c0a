/** The option `filter` of PackedReader: with and without a schema, by name and by id. */
import { join } from 'node:path'
import { Int32, Schema } from 'apache-arrow'
import { type Filter, PackedReader, type PackedReaderOptions, PackedWriter } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { field, sampleBatch, sampleSchema, sampleScore, sampleTitle } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('filter-option')
const paths = ['0', '101', '103'].map((name) => join(directory, name))
const ROWS = 100

beforeAll(async () => {
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    groups: [
      { id: 0, path: paths[0]!, fields: ['id', 'score'] },
      { id: 101, path: paths[1]!, fields: ['title'] },
      { id: 103, path: paths[2]!, fields: ['embedding'] },
    ],
  })
  await writer.write(sampleBatch(0, ROWS))
  await writer.finish()
})

/** Ids of the rows that come out. */
async function ids(filter: Filter, options: Partial<PackedReaderOptions> = {}): Promise<number[]> {
  const reader = await PackedReader.open({ paths, columns: ['id'], filter, ...options })
  const table = await reader.toTable()
  expect(table.schema.fields.map(({ name }) => name)).toEqual(['id'])
  await reader.close()
  return [...table.getChild('id')!].map(Number)
}

const where = (holds: (row: number) => boolean) =>
  Array.from({ length: ROWS }, (_, row) => row).filter(holds)

test.each<[string, Filter, (row: number) => boolean]>([
  ['a column that comes out', ['id', '>=', 90], (row) => row >= 90],
  ['one that does not', ['score', '<', 0], (row) => sampleScore(row) < 0],
  ['one of another file', ['title', '=', 'title 7'], (row) => row === 7],
  ['a field id', [101, 'is null'], (row) => sampleTitle(row) === null],
  ['an integer and a fraction', ['id', '>', 97.5], (row) => row > 97],
  [
    'all of it',
    [
      {
        or: [
          ['title', 'in', ['title 1', 'title 3']],
          ['id', '<', 3n],
        ],
      },
      { not: ['score', '=', -1] },
    ],
    (row) => (row === 1 || row === 3 || row < 3) && row !== 0,
  ],
  ['a null is not unequal', ['title', '!=', 'title 0'], (row) => row % 3 !== 2 && row !== 0],
  ['nothing', ['id', '<', -1], () => false],
  ['the empty list', [], () => true],
])('%s', async (_, filter, holds) => {
  const expected = where(holds)
  expect(await ids(filter)).toEqual(expected)
  expect(await ids(filter, { schema: sampleSchema() })).toEqual(expected)
  expect(await ids(filter, { paths: [...paths].reverse() })).toEqual(expected)
  const columnGroups = paths.map((path) => ({ files: [{ path }] }))
  const reader = await PackedReader.open({ columnGroups, columns: ['id'], filter })
  expect([...(await reader.toTable()).getChild('id')!].map(Number)).toEqual(expected)
  await reader.close()
})

test('a column that the files do not have is its default, or null', async () => {
  const added = field('pages', new Int32(), 105, true)
  const schema = new Schema([...sampleSchema().fields, added])
  const given = { schema, columns: ['id'] }
  expect(await ids(['pages', '=', 7], { ...given, defaults: { pages: 7 } })).toHaveLength(ROWS)
  expect(await ids(['pages', '!=', 7], { ...given, defaults: { pages: 7 } })).toEqual([])
  expect(await ids(['pages', 'is null'], given)).toHaveLength(ROWS)
  expect(await ids({ not: ['pages', '=', 7] }, given)).toEqual([])
})

test('counts what it read and left out', async () => {
  const reader = await PackedReader.open({ paths, filter: ['id', '<', 10] })
  expect((await reader.toTable()).numRows).toBe(10)
  expect(reader.numRows).toBe(ROWS)
  expect(reader.filterStats).toMatchObject({
    rowsRead: ROWS,
    rowsFiltered: ROWS - 10,
    rowsSkipped: 0,
  })
  await reader.close()
  expect(reader.filterStats.rowsFiltered).toBe(ROWS - 10)
  const none = await PackedReader.open({ paths, filter: ['id', '>', ROWS] })
  expect(await none.readNext()).toBeNull()
  expect(none.filterStats).toMatchObject({ rowsRead: 0, rowGroupsRead: 0, rowsSkipped: ROWS })
  await none.close()
})

test('rows by their position are those of all rows: refused', async () => {
  const reader = await PackedReader.open({ paths, filter: ['id', '<', 10] })
  expect((await rejection(() => reader.take([0]))).code).toBe('NotSupported')
  expect((await rejection(() => reader.readRowGroup({ group: 0, index: 0 }))).code).toBe(
    'NotSupported',
  )
  await reader.close()
})

test.each<[string, Filter, Partial<PackedReaderOptions>, string, string]>([
  [
    'an unknown column of the files',
    ['scor', '<', 1],
    {},
    'InvalidArgument',
    'Did you mean "score"?',
  ],
  [
    'one of the schema',
    ['scor', '<', 1],
    { schema: sampleSchema() },
    'InvalidArgument',
    'Did you mean "score"?',
  ],
  [
    'a value of another kind',
    ['id', '<', 'a'],
    {},
    'TypeMismatch',
    'Expected an integer for filter on id',
  ],
  ['vectors', ['embedding', 'is null'], {}, 'UnsupportedType', 'for filter on embedding'],
  [
    'no filter',
    'id < 1' as never,
    {},
    'InvalidArgument',
    "Expected a condition like ['price', '>=', 10]",
  ],
  ['a missing file', ['id', '<', 1], { paths: [join(directory, 'absent')] }, 'NotFound', 'absent'],
])('%s', async (_, filter, options, code, message) => {
  const error = await rejection(() => PackedReader.open({ paths, filter, ...options }))
  expect(error.message).toContain(message)
  expect(error.code).toBe(code)
})

test('an aborted signal', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  const opened = PackedReader.open({ paths, filter: ['id', '<', 1], signal })
  await expect(opened).rejects.toThrow('enough')
})
