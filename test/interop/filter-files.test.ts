/** Filters over real files of Milvus's writer, and over encrypted ones, beside pyarrow. */
import { join } from 'node:path'
import { DataType, type Table } from 'apache-arrow'
import {
  type Filter,
  type FilterOperand,
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
} from '../../lib/index.js'
import { fixtureCases, fixturePaths } from '../support/fixtures.js'
import { plainOperand, rowsByPyarrow } from '../support/pyarrow-filter.js'
import { describeWithPyarrow } from '../support/python.js'
import { sampleBatch, sampleSchema } from '../support/sample.js'
import { temporaryDirectory } from '../support/temporary.js'

/** A filter, and the same as pyarrow's side reads it. */
type Pair = [filter: Filter, node: object]

const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const

/** The value of a row as an operand; undefined where filters have none such. */
function operandOf(value: unknown): FilterOperand | undefined {
  const kinds = ['bigint', 'number', 'string', 'boolean']
  return kinds.includes(typeof value) ? (value as FilterOperand) : undefined
}

/** Every operator on every column of numbers, text and booleans, with values of some rows. */
function pairsOf(table: Table): Pair[] {
  const pairs: Pair[] = []
  for (const { name: column, type } of table.schema.fields) {
    if (DataType.isFixedSizeBinary(type) || DataType.isBinary(type)) continue
    const vector = table.getChild(column)!
    const rows = [0, 1, 2, 7, 150, 999, 1700].filter((row) => row < vector.length)
    const values = rows
      .map((row) => operandOf(vector.get(row)))
      .filter((value) => value !== undefined)
    pairs.push([[column, 'is null'], { op: 'is null', column }])
    if (values.length === 0) continue
    const operators = typeof values[0] === 'boolean' ? OPERATORS.slice(0, 2) : OPERATORS
    for (const [at, op] of operators.entries()) {
      const value = values[at % values.length]!
      const node = { op, column, value: plainOperand(value) }
      pairs.push([[column, op, value], node])
      pairs.push([{ not: [column, op, value] }, { op: 'not', arg: node }])
    }
    pairs.push([[column, 'in', values], { op: 'in', column, values: values.map(plainOperand) }])
  }
  const joined = pairs.slice(1).map(([filter, node], i): Pair => {
    const [other, otherNode] = pairs[i]!
    const op = i % 2 === 0 ? 'and' : 'or'
    const whole: Filter = op === 'and' ? { and: [filter, other] } : { or: [filter, other] }
    return [whole, { op, args: [node, otherNode] }]
  })
  return [...pairs, ...joined.filter((_, i) => i % 3 === 0)]
}

/** Compares every filter; returns how many row groups were skipped and how many filters left some. */
async function compare(
  options: PackedReaderOptions,
  paths: string[],
  column: string,
  key?: string,
) {
  const whole = await PackedReader.open(options)
  const pairs = pairsOf(await whole.toTable())
  await whole.close()
  const filters = pairs.map(([, node]) => node)
  const expected = rowsByPyarrow({ paths, column, filters, ...(key === undefined ? {} : { key }) })
  let skipped = 0
  for (const [at, [filter]] of pairs.entries()) {
    const reader = await PackedReader.open({ ...options, columns: [column], filter })
    const rows = [...((await reader.toTable()).getChild(column) ?? [])].map(Number)
    skipped += reader.filterStats.rowGroupsSkipped
    await reader.close()
    if (rows.join() !== expected[at]!.join()) {
      expect({ filter, rows }).toEqual({ filter, rows: expected[at] })
    }
  }
  const some = expected.filter(({ length }) => length > 0 && length < whole.numRows).length
  return { filters: pairs.length, skipped, some }
}

describeWithPyarrow('filters over files beside pyarrow', () => {
  const directory = temporaryDirectory('filter-files')

  const cases = fixtureCases() ?? []
  if (cases.length > 0) {
    test.each(cases)("Milvus's files: %s", async (_, fixture) => {
      const paths = fixturePaths(fixture)
      const { filters, skipped, some } = await compare({ paths }, paths, 'RowID')
      expect(filters).toBeGreaterThan(4)
      if (fixture.rows > 1) expect(some).toBeGreaterThan(filters / 8)
      if (fixture.rows > 0) expect(skipped).toBeGreaterThan(0)
    })
  }

  test.each(['AES_GCM_V1', 'AES_GCM_CTR_V1'] as const)(
    'an encrypted file: %s',
    async (algorithm) => {
      const key = Buffer.from('footer_key_16B__')
      const writer = await PackedWriter.open({
        schema: sampleSchema(),
        directory: join(directory, algorithm),
        groups: 'single',
        rowGroupBytes: 8 << 10,
        encryption: { key, keyMetadata: 'encryption_meta_data', algorithm },
      })
      await writer.write(sampleBatch(0, 2000))
      const paths = (await writer.finish()).groups.map(({ path }) => path)
      const options = { paths, keyRetriever: () => key }
      const { filters, skipped, some } = await compare(options, paths, 'id', key.toString('hex'))
      expect(some).toBeGreaterThan(filters / 4)
      expect(skipped).toBeGreaterThan(filters)
    },
  )
})
