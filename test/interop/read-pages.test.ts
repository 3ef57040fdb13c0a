/** Pages of every kind that pyarrow writes, whole, in steps, mapped, projected and by position. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RecordBatch, Table, tableFromIPC } from 'apache-arrow'
import { PackedReader, type PackedReaderOptions } from '../../lib/index.js'
import { describeWithPyarrow, pythonEnvironment } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('read-pages')
const POSITIONS = [3999, 0, 1500, 1500, 1499, 2, 1, 3998]

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value

/** The values of a column as text that can be compared. */
const columnText = (table: Table, name: string, rows?: readonly number[]): string => {
  const column = table.getChild(name)
  const positions = rows ?? Array.from({ length: table.numRows }, (_, i) => i)
  return JSON.stringify(
    positions.map((row) => column?.get(row) ?? null),
    plain,
  )
}

describeWithPyarrow('pages of pyarrow', () => {
  let names: string[]
  let expected: Table
  let columns: string[]

  beforeAll(() => {
    const script = join(__dirname, 'write_pages.py')
    const output = execFileSync('python3', [script, directory], { env: pythonEnvironment() })
    names = JSON.parse(output.toString()) as string[]
    expected = tableFromIPC(readFileSync(join(directory, 'expected.arrow')))
    columns = expected.schema.names as string[]
  })

  const open = (name: string, options: Partial<PackedReaderOptions> = {}) =>
    PackedReader.open({ paths: [join(directory, name)], lenient: true, ...options })

  const texts = new Map<string, string>()
  const expectedText = (name: string): string => {
    const text = texts.get(name) ?? columnText(expected, name)
    texts.set(name, text)
    return text
  }

  test.each([
    ['whole', {}],
    ['in the smallest steps', { bufferBytes: 1, batchRows: 777 }],
    ['in one step', { bufferBytes: 1 << 30, batchRows: 1 << 20 }],
    ['mapped', { mmap: true }],
  ])('are read %s', async (_, options) => {
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) {
      const table = await (await open(name, options)).toTable()
      expect(table.numRows).toBe(expected.numRows)
      for (const column of columns) {
        const same = columnText(table, column) === expectedText(column)
        expect(`${name}, ${column}: ${same}`).toBe(`${name}, ${column}: true`)
      }
    }
  })

  test('are read by projection', async () => {
    for (const name of names) {
      for (const column of columns) {
        const table = await (await open(name, { columns: [column] })).toTable()
        expect(table.schema.names).toEqual([column])
        expect(columnText(table, column)).toBe(expectedText(column))
      }
    }
  })

  test('are taken by position', async () => {
    for (const name of names) {
      const reader = await open(name)
      const table = await reader.take(POSITIONS)
      for (const column of columns) {
        expect(columnText(table, column)).toBe(columnText(expected, column, POSITIONS))
      }
      await reader.close()
    }
  })

  test('come out as row groups', async () => {
    for (const name of ['v1-small-row-groups', 'v1-empty-row-groups']) {
      const reader = await open(name)
      const batches: RecordBatch[] = []
      for (const { group, index, rows } of reader.rowGroups) {
        const batch = await reader.readRowGroup({ group, index })
        expect(batch.numRows).toBe(rows)
        batches.push(batch)
      }
      const table = new Table(batches)
      for (const column of columns) expect(columnText(table, column)).toBe(expectedText(column))
      await reader.close()
    }
  })
})
