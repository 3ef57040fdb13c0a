/** Column groups of several files through PackedReader: options, row groups, visible rows. */
import { join } from 'node:path'
import { Int32, Int64, makeVector, Schema } from 'apache-arrow'
import {
  type PackedColumnGroup,
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
} from '../lib/index.js'
import { VisibilityFilter } from '../lib/packed/index.js'
import { numbersOf, range } from './support/manifest-reading.js'
import { rejection } from './support/rejection.js'
import {
  batchOf,
  expectSample,
  field,
  sampleBatch,
  sampleSchema,
  sampleTitle,
} from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('column-groups')
const FIRST = ['id', 'score']
const SECOND = ['title', 'embedding']
/** Rows of the sample in the files of the two groups, which end at different rows. */
let groups: PackedColumnGroup[]

async function write(name: string, columns: string[], first: number, rows: number) {
  const schema = new Schema(sampleSchema().fields.filter((one) => columns.includes(one.name)))
  const batch = sampleBatch(first, rows)
  const path = join(directory, name)
  const writer = await PackedWriter.open({ schema, groups: [{ id: 0, path, fields: columns }] })
  const vectors = schema.fields.map((one) => batch.getChild(one.name)!)
  await writer.write(batchOf(schema, vectors))
  await writer.finish()
  return path
}

beforeAll(async () => {
  groups = [
    {
      columns: FIRST,
      files: [
        { path: await write('0-0', FIRST, 0, 120), endIndex: 100 },
        { path: await write('0-1', FIRST, 90, 110), startIndex: 10 },
      ],
    },
    { columns: SECOND, files: [{ path: await write('1-0', SECOND, 0, 200) }] },
  ]
})

const open = (options: Partial<PackedReaderOptions> = {}) =>
  PackedReader.open({ columnGroups: groups, ...options })
const code = async (options: unknown) =>
  (await rejection(() => PackedReader.open(options as PackedReaderOptions))).code

test('files one after the other, groups row by row', async () => {
  const reader = await open()
  expect(reader.numRows).toBe(200)
  expectSample((await reader.toTable()).batches, 200)
  await reader.close()
})

test('row groups are numbered over the files of a group, and as long as their windows', async () => {
  const reader = await open()
  const parts = reader.rowGroups.map(({ group, index, rows, rowOffset }) => {
    return { group, index, rows, rowOffset }
  })
  expect(parts).toEqual([
    { group: 0, index: 0, rows: 100, rowOffset: 0 },
    { group: 0, index: 1, rows: 100, rowOffset: 10 },
    { group: 1, index: 0, rows: 200, rowOffset: 0 },
  ])
  expect(reader.files.map(({ rows }) => rows)).toEqual([100, 100, 200])
  const second = await reader.readRowGroup({ group: 0, index: 1 })
  expect(numbersOf(second, 'id')).toEqual(range(100, 200))
  const titles = (await reader.readRowGroup({ group: 1, index: 0 })).getChild('title')!
  expect([...titles]).toEqual(range(0, 200).map(sampleTitle))
  for (const where of [
    { group: 0, index: 2 },
    { group: 2, index: 0 },
  ]) {
    const error = await rejection(() => reader.readRowGroup(where))
    expect(error.code).toBe('InvalidArgument')
  }
  await reader.close()
})

test('of groups without a column of the answer nothing is opened', async () => {
  const gone = groups.map((group, index) =>
    index === 1 ? { ...group, files: [{ path: '/nowhere', endIndex: 200 }] } : group,
  )
  const reader = await open({ columnGroups: gone, columns: ['score', 'id'] })
  expect(reader.files.map(({ group }) => group)).toEqual([0, 0])
  expect(numbersOf(await reader.take([199, 0, 100]), 'id')).toEqual([199, 0, 100])
  expect(numbersOf(await reader.toTable(), 'id')).toEqual(range(0, 200))
  const error = await rejection(() => open({ columnGroups: gone }))
  expect([error.code, error.path]).toEqual(['NotFound', '/nowhere'])
})

test('fields are matched by id where both sides have one, or by name alone', async () => {
  const schema = new Schema([field('id', new Int64(), 7), field('new', new Int32(), 8)])
  const byId = await open({ schema })
  expect((await byId.toTable()).getChild('id')!.nullCount).toBe(200)
  const byName = await open({ schema, matchBy: 'name' })
  expect(numbersOf(await byName.toTable(), 'id')).toEqual(range(0, 200))
  const renamed = await open({ schema: new Schema([field('key', new Int64(), 100)]) })
  expect(numbersOf(await renamed.toTable(), 'key')).toEqual(range(0, 200))
})

test('rows are hidden over the ends of files', async () => {
  const schema = new Schema([field('id', new Int64(), 100), field('ts', new Int64(), 1)])
  const numbers = (first: number) =>
    makeVector(BigInt64Array.from(range(first, first + 50), BigInt))
  const files = []
  for (const part of [0, 1]) {
    const path = join(directory, `keys-${part}`)
    const writer = await PackedWriter.open({
      schema,
      groups: [{ id: 0, path, fields: ['id', 'ts'] }],
    })
    await writer.write(batchOf(schema, [numbers(part * 50), numbers(1000 + part * 50)]))
    await writer.finish()
    files.push({ path, startIndex: 10, endIndex: 45 })
  }
  const filter = new VisibilityFilter(1090)
  const deleted = [9, 44, 60, 94]
  await filter.addDeletes(
    BigInt64Array.from(deleted, BigInt),
    BigInt64Array.from(deleted, () => 1080n),
  )
  const reader = await open({
    columnGroups: [{ files }],
    columns: ['id'],
    visibility: filter.native(100, 1),
  })
  // 94 is written after its delete, and what is later than 1090 is not there yet.
  const visible = [...range(10, 44), ...range(61, 91)]
  expect(numbersOf(await reader.toTable(), 'id')).toEqual(visible)
  expect([reader.numRows, filter.stats.hiddenRows]).toEqual([70, 70 - visible.length])
  expect((await rejection(() => reader.take([0]))).code).toBe('NotSupported')
})

test('what is wrong with the groups is said before a file is opened', async () => {
  const file = { path: '/nowhere' }
  const refused = [
    { columnGroups: groups, paths: ['a'] },
    { columnGroups: 'a' },
    { columnGroups: [] },
    { columnGroups: [{}] },
    { columnGroups: [{ files: [{}] }] },
    { columnGroups: [{ files: ['/nowhere'] }] },
    { columnGroups: [{ files: [file], column: [] }] },
    { columnGroups: [{ files: [file], columns: ['a', 7] }] },
    { columnGroups: [{ files: [{ ...file, startIndex: -1 }] }] },
    { columnGroups: [{ files: [{ ...file, startIndex: 3, endIndex: 3 }] }] },
    { columnGroups: [{ files: [{ ...file, endIndex: 1.5 }] }] },
    { columnGroups: [{ files: [{ ...file, end: 3 }] }] },
    { columnGroups: [{ files: [{ ...file, sizeBytes: 3 }] }] },
    { columnGroups: groups, matchBy: 'id' },
  ]
  for (const options of refused)
    expect([options, await code(options)]).toEqual([options, 'InvalidArgument'])
})
