/** The same filters over the same files, by pyarrow.dataset: the same rows. */
import { join } from 'node:path'
import { Bool, Float32, Float64, Int64, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { type Filter, type FilterOperand, PackedReader, PackedWriter } from '../../lib/index.js'
import { plainOperand, rowsByPyarrow } from '../support/pyarrow-filter.js'
import { describeWithPyarrow } from '../support/python.js'
import { Random } from '../support/random.cjs'
import { temporaryDirectory } from '../support/temporary.js'

const ROWS = 6000
const FILTERS = 200
const MOST_DEPTH = 4

const TYPES = {
  whole: new Int64(),
  single: new Float32(),
  double: new Float64(),
  text: new Utf8(),
  flag: new Bool(),
}
type Name = keyof typeof TYPES
const NAMES = Object.keys(TYPES) as Name[]

const WHOLES = [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n]
const FLOATS = [Number.NaN, Number.NEGATIVE_INFINITY, -1.5, -0, 0, 0.1, 3, Number.POSITIVE_INFINITY]
const TEXTS = ['', 'a', 'ab', 'b', 'ä', 'z', '\u{1f600}', '\uffff']

/** Values that lie close together, so that filters meet them. */
function valueFor(random: Random, name: Name): FilterOperand {
  switch (name) {
    case 'whole':
      return random.below(2) === 0 ? random.pick(WHOLES) : BigInt(random.below(40) - 20)
    case 'text':
      return random.pick(TEXTS)
    case 'flag':
      return random.below(2) === 0
    default:
      return random.below(2) === 0 ? random.pick(FLOATS) : random.below(40) / 4 - 5
  }
}

/** In runs that grow, so that statistics of row groups rule something out. */
function tableOf(random: Random): Table {
  const columns = NAMES.map((name) => {
    const values = Array.from({ length: ROWS }, (_, row) => {
      if (random.below(5) === 0) return null
      if (name === 'whole' && row % 3000 < 1500) return BigInt(row)
      return valueFor(random, name)
    })
    return [name, vectorFromArray(values, TYPES[name])] as const
  })
  const ids = vectorFromArray(
    Array.from({ length: ROWS }, (_, row) => BigInt(row)),
    new Int64(),
  )
  return new Table({ id: ids, ...Object.fromEntries(columns) })
}

/** The filter, and the same as pyarrow's side reads it. */
type Pair = [filter: Filter, node: object]

function filterOf(random: Random, depth = MOST_DEPTH): Pair {
  const kind = depth === 0 ? 0 : random.below(4)
  if (kind === 3) {
    const [filter, arg] = filterOf(random, depth - 1)
    return [{ not: filter }, { op: 'not', arg }]
  }
  if (kind > 0) {
    const parts = Array.from({ length: 1 + random.below(3) }, () => filterOf(random, depth - 1))
    const filters = parts.map(([filter]) => filter)
    const args = parts.map(([, node]) => node)
    if (kind === 1) return [{ and: filters }, { op: 'and', args }]
    return [{ or: filters }, { op: 'or', args }]
  }
  return conditionOf(random)
}

function conditionOf(random: Random): Pair {
  const column = NAMES[random.below(NAMES.length)]!
  const operators = ['=', '!=', '<', '<=', '>', '>='] as const
  switch (random.below(5)) {
    case 0:
      return [[column, 'is null'], { op: 'is null', column }]
    case 1: {
      const values = Array.from({ length: 1 + random.below(4) }, () => valueFor(random, column))
      return [[column, 'in', values], { op: 'in', column, values: values.map(plainOperand) }]
    }
    default: {
      const op = operators[random.below(column === 'flag' ? 2 : operators.length)]!
      const value = valueFor(random, column)
      return [[column, op, value], { op, column, value: plainOperand(value) }]
    }
  }
}

describeWithPyarrow('filters beside pyarrow', () => {
  const directory = temporaryDirectory('filter-interop')
  const random = new Random(20)
  const table = tableOf(random)
  const pairs = Array.from({ length: FILTERS }, () => filterOf(random))

  async function write(name: string, groups: 'single' | 'perField'): Promise<string[]> {
    const writer = await PackedWriter.open({
      schema: table.schema,
      fieldIds: 'auto',
      directory: join(directory, name),
      groups,
      layout: 'fast',
      rowGroupBytes: 16 << 10,
    })
    await writer.write(table)
    const { groups: written } = await writer.finish()
    return written.map(({ path }) => path)
  }

  async function idsOf(paths: readonly string[], filter: Filter): Promise<number[]> {
    const reader = await PackedReader.open({ paths, columns: ['id'], filter })
    const ids = [...((await reader.toTable()).getChild('id') ?? [])].map(Number)
    skipped += reader.filterStats.rowGroupsSkipped
    await reader.close()
    return ids
  }
  let skipped = 0

  test(`${FILTERS} filters leave the rows that pyarrow.dataset leaves`, async () => {
    const one = await write('one', 'single')
    const each = await write('each', 'perField')
    const filters = pairs.map(([, node]) => node)
    const expected = rowsByPyarrow({ paths: one, column: 'id', filters })
    for (const [at, [filter]] of pairs.entries()) {
      for (const paths of [one, each]) {
        const ids = await idsOf(paths, filter)
        if (ids.join() !== expected[at]!.join())
          expect({ filter, ids }).toEqual({ filter, ids: expected[at] })
      }
    }
    const sizes = expected.map(({ length }) => length)
    expect(sizes.filter((rows) => rows > 0 && rows < ROWS).length).toBeGreaterThan(FILTERS / 2)
    expect(skipped).toBeGreaterThan(0)
  })
})
