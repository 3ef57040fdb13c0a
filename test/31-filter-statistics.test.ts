/** Statistics that say too little, nothing, or what cannot be: rows are those of the values. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Bool,
  Float64,
  Int8,
  Int64,
  type Schema,
  Table,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow'
import { type Filter, PackedReader, PackedWriter } from '../lib/index.js'
import { footerOf, type ThriftStruct } from './support/fuzz/parquet-parts.cjs'
import {
  bounds,
  cut,
  double,
  dropColumnOrders,
  int32,
  type Lie,
  nullCount,
  old,
  STATISTIC,
  signed,
  swapped,
  withLie,
  without,
} from './support/statistics-lies.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 4000
const HALF = ROWS / 2
const directory = temporaryDirectory('filter-statistics')

/** Each column as a function of the row: what rules the first or the second half out. */
const VALUES = {
  id: (row: number) => BigInt(row),
  whole: (row: number) => (row < HALF && row % 7 === 3 ? null : BigInt(row)),
  nulls: (row: number) => (row < HALF ? null : BigInt(row)),
  natural: (row: number) => (row < HALF ? 1n : 2n ** 63n) + BigInt(row % 3),
  small: (row: number) => (row < HALF ? row % 40 : 40 + (row % 40)),
  float: (row: number) => row / 4,
  flag: (row: number) => row >= HALF,
  text: (row: number) => (row < HALF ? ['a', 'ab', 'aä'][row % 3]! : 'z'),
}
type Name = keyof typeof VALUES
const TYPES = {
  id: new Int64(),
  whole: new Int64(),
  nulls: new Int64(),
  natural: new Uint64(),
  small: new Int8(),
  float: new Float64(),
  flag: new Bool(),
  text: new Utf8(),
}
const NAMES = Object.keys(VALUES) as Name[]
const numbers = Array.from({ length: ROWS }, (_, row) => row)

let whole: Buffer
let rowGroups: number
let schema: Schema

beforeAll(async () => {
  const columns = NAMES.map((name): [Name, Vector] => [
    name,
    vectorFromArray(numbers.map(VALUES[name] as (row: number) => unknown), TYPES[name]),
  ])
  const table = new Table(Object.fromEntries(columns))
  schema = table.schema
  const writer = await PackedWriter.open({
    schema,
    fieldIds: 'auto',
    directory,
    groups: 'single',
    rowGroupBytes: 16 << 10,
  })
  await writer.write(table)
  const { groups } = await writer.finish()
  whole = readFileSync(groups[0]!.path)
  rowGroups = groups[0]!.rowGroups
  expect(rowGroups).toBeGreaterThan(4)
})

let files = 0

/** Ids that a filter leaves, and row groups that were not read. */
async function read(bytes: Buffer, filter: Filter): Promise<{ ids: number[]; skipped: number }> {
  const path = join(directory, String(files++))
  writeFileSync(path, bytes)
  await using reader = await PackedReader.open({ paths: [path], schema, columns: ['id'], filter })
  const ids = [...((await reader.toTable()).getChild('id') ?? [])].map(Number)
  const { rowGroupsSkipped, rowGroupsRead } = reader.filterStats
  expect(rowGroupsSkipped + rowGroupsRead).toBe(rowGroups)
  return { ids, skipped: rowGroupsSkipped }
}

/** What they skip of the second half, or nothing; what the rows are. */
const CASES: [string, Name, Lie, Filter, (row: number) => boolean, 'skips' | 'reads all'][] = [
  ['the truth', 'whole', () => {}, ['whole', '<', 10], (row) => row < 10 && row !== 3, 'skips'],
  ['the truth', 'text', () => {}, ['text', '>', 'b'], (row) => row >= HALF, 'skips'],
  ['the truth', 'natural', () => {}, ['natural', '<', 9n], (row) => row < HALF, 'skips'],
  ['the truth', 'flag', () => {}, ['flag', '=', true], (row) => row >= HALF, 'skips'],
  ['the truth', 'small', () => {}, ['small', '<', 40], (row) => row < HALF, 'skips'],
  ['the truth', 'nulls', () => {}, ['nulls', 'is null'], (row) => row < HALF, 'skips'],
  [
    'the least above the greatest',
    'whole',
    swapped,
    ['whole', '>=', 3990],
    (row) => row >= 3990,
    'reads all',
  ],
  [
    'the least above the greatest',
    'float',
    swapped,
    ['float', '<', 1],
    (row) => row < 4,
    'reads all',
  ],
  [
    'the least above the greatest',
    'text',
    swapped,
    ['text', '=', 'ab'],
    (row) => row < HALF && row % 3 === 1,
    'skips',
  ],
  [
    'NaN as a bound',
    'float',
    bounds(double(Number.NaN)),
    ['float', '=', 1],
    (row) => row === 4,
    'reads all',
  ],
  [
    'NaN as a bound',
    'float',
    bounds(double(Number.NaN)),
    { not: ['float', '<', 999] },
    (row) => row >= 3996,
    'reads all',
  ],
  [
    'NaN as one bound',
    'float',
    bounds(double(0), double(Number.NaN)),
    ['float', '>', 999],
    (row) => row > 3996,
    'reads all',
  ],
  [
    'a number of too few bytes',
    'whole',
    bounds(Buffer.alloc(3)),
    ['whole', '=', 77],
    (row) => row === 77,
    'reads all',
  ],
  [
    'a number of no bytes',
    'float',
    bounds(Buffer.alloc(0)),
    ['float', '=', 1],
    (row) => row === 4,
    'reads all',
  ],
  [
    'a number of too many bytes',
    'whole',
    bounds(Buffer.alloc(9)),
    ['whole', '=', 77],
    (row) => row === 77,
    'reads all',
  ],
  [
    'integers that the column cannot hold',
    'small',
    bounds(int32(300), int32(400)),
    ['small', '=', 44],
    (row) => row >= HALF && row % 40 === 4,
    'reads all',
  ],
  [
    'booleans that are neither',
    'flag',
    bounds(Buffer.of(2)),
    ['flag', '=', true],
    (row) => row >= HALF,
    'reads all',
  ],
  [
    'text in an old order',
    'text',
    old,
    ['text', '>', 'ac'],
    (row) => row >= HALF || row % 3 === 2,
    'reads all',
  ],
  [
    'text in an old order',
    'text',
    old,
    ['text', 'in', ['aä']],
    (row) => row < HALF && row % 3 === 2,
    'reads all',
  ],
  [
    'natural numbers in an old order',
    'natural',
    old,
    ['natural', '<', 9n],
    (row) => row < HALF,
    'reads all',
  ],
  ['bounds of text that were cut', 'text', cut, ['text', '>', 'b'], (row) => row >= HALF, 'skips'],
  [
    'bounds of text that were cut',
    'text',
    cut,
    ['text', '=', 'aä'],
    (row) => row < HALF && row % 3 === 2,
    'skips',
  ],
  [
    'no least',
    'whole',
    without(STATISTIC.min, STATISTIC.oldMin),
    ['whole', '>=', 3990],
    (row) => row >= 3990,
    'skips',
  ],
  [
    'no least',
    'whole',
    without(STATISTIC.min, STATISTIC.oldMin),
    ['whole', '<', 10],
    (row) => row < 10 && row !== 3,
    'reads all',
  ],
  [
    'no number of nulls',
    'whole',
    nullCount(null),
    ['whole', 'is null'],
    (row) => row < HALF && row % 7 === 3,
    'reads all',
  ],
  [
    'no number of nulls',
    'whole',
    nullCount(null),
    { not: ['whole', '<', 3990] },
    (row) => row >= 3990,
    'skips',
  ],
  [
    'fewer than no nulls',
    'whole',
    nullCount(-1n),
    ['whole', 'is null'],
    (row) => row < HALF && row % 7 === 3,
    'reads all',
  ],
  [
    'more nulls than rows',
    'whole',
    nullCount(2n ** 62n),
    ['whole', '=', 77],
    (row) => row === 77,
    'skips',
  ],
  [
    'more nulls than rows',
    'nulls',
    nullCount(2n ** 62n),
    ['nulls', 'is null'],
    (row) => row < HALF,
    'reads all',
  ],
]

test.each(CASES)('%s: %s', async (_, column, lie, filter, holds, expected) => {
  const { ids, skipped } = await read(withLie(whole, column, lie), filter)
  expect(ids).toEqual(numbers.filter(holds))
  if (expected === 'skips') expect(skipped).toBeGreaterThan(0)
  else expect(skipped).toBe(0)
})

test('bounds of rows that are all null contradict themselves', async () => {
  const { tree } = footerOf(whole)!
  const [first] = (tree.fields.find(({ id }) => id === 4)!.value as { items: ThriftStruct[] }).items
  const rows = first!.fields.find(({ id }) => id === 3)!.value as bigint
  const bytes = withLie(whole, 'whole', nullCount(rows))
  const { ids } = await read(bytes, ['whole', '=', 77])
  expect(ids).toEqual([77])
  const bare = withLie(whole, 'whole', (statistics) => {
    nullCount(rows)(statistics)
    for (const id of [1, 2, 5, 6]) statistics.delete(id)
  })
  // That one lies well: the first row group is taken at its word.
  expect((await read(bare, ['whole', '=', 77])).ids).toEqual([])
})

test.each([
  ['old fields', old, true],
  ['new ones', signed, false],
])(
  'a file without column orders says nothing of text, and by old fields all of integers: %s',
  async (_, lie, skips) => {
    const text = await read(withLie(whole, 'text', lie, dropColumnOrders), ['text', '>', 'ac'])
    expect(text).toEqual({
      ids: numbers.filter((row) => row >= HALF || row % 3 === 2),
      skipped: 0,
    })
    const natural = await read(withLie(whole, 'natural', lie, dropColumnOrders), [
      'natural',
      '<',
      9n,
    ])
    expect(natural).toEqual({ ids: numbers.slice(0, HALF), skipped: 0 })
    const ids = await read(withLie(whole, 'id', lie, dropColumnOrders), ['id', '<', 10])
    expect(ids.ids).toEqual(numbers.slice(0, 10))
    expect(ids.skipped > 0).toBe(skips)
  },
)

test('no statistics at all', async () => {
  const bytes = withLie(whole, 'whole', (statistics) => statistics.clear())
  expect(await read(bytes, ['whole', '=', 77])).toEqual({ ids: [77], skipped: 0 })
})
