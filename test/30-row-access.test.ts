/** Rows by position, and single row groups: what there is beside the stream of batches. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RecordBatch, Table } from 'apache-arrow'
import { PackedReader, type PackedReaderOptions, PackedWriter, vectorsOf } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { SAMPLE_DIM, sampleBatch, sampleEmbeddings, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 5000
const directory = temporaryDirectory('row-access')
let paths: string[]

beforeAll(async () => {
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    directory: join(directory, 'segment'),
    rowGroupBytes: 32 << 10,
  })
  await writer.write(sampleBatch(0, ROWS))
  paths = (await writer.finish()).groups.map(({ path }) => path)
})

const open = (options: Partial<PackedReaderOptions> = {}) =>
  PackedReader.open({ paths, ...options })

/** Everything that a table or batch has of each row, as plain values. */
function rowsOf(read: Table | RecordBatch): unknown[] {
  return Array.from({ length: read.numRows }, (_, i) =>
    JSON.parse(JSON.stringify(read.get(i), plain)),
  )
}

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value

const pick = (row: unknown, names: readonly string[]): unknown =>
  Object.fromEntries(names.map((name) => [name, (row as Record<string, unknown>)[name]]))

describe('take', () => {
  test.each([
    ['read', {}],
    ['mapped', { mmap: true }],
    ['copied', { copy: true }],
  ])('keeps order and duplicates, files %s', async (_, options) => {
    const reader = await open(options)
    const positions = [4999, 0, 17, 17, 2500, 1, 4999n, 0]
    const all = sampleBatch(0, ROWS)
    const table = await reader.take(positions)
    expect(table.schema.names).toEqual(reader.schema.names)
    expect(rowsOf(table)).toEqual(
      positions.map((row) => JSON.parse(JSON.stringify(all.get(Number(row)), plain))),
    )
    await reader.close()
  })

  test('views vectors without a copy, and release gives them back', async () => {
    const reader = await open({ columns: ['embedding'] })
    const table = await reader.take(Array.from({ length: 3000 }, (_, i) => i))
    const batch = table.batches[0] as RecordBatch
    const { data, dim, rows } = vectorsOf(batch, 'embedding', { element: 'float32' })
    expect([dim, rows]).toEqual([SAMPLE_DIM, 3000])
    expect(data).toEqual(sampleEmbeddings(0, 3000))
    reader.release(batch)
    expect(data.length).toBe(0)
    await reader.close()
  })

  test('leaves the stream where it is, before, within and after it', async () => {
    const reader = await open({ batchRows: 1000 })
    const expected = rowsOf(await reader.take([7]))
    let rows = 0
    for await (const batch of reader) {
      expect(rowsOf(await reader.take([7]))).toEqual(expected)
      rows += batch.numRows
    }
    expect(rows).toBe(ROWS)
    expect(rowsOf(await reader.take([7]))).toEqual(expected)
    await reader.close()
  })

  test('of no rows gives a table of none', async () => {
    const reader = await open()
    const table = await reader.take([])
    expect([table.numRows, table.numCols]).toEqual([0, 4])
    await reader.close()
  })

  test('refuses positions that no row has', async () => {
    const reader = await open()
    for (const rows of [[-1], [ROWS], [0.5], [NaN], ['0'], 'rows', [2n ** 60n]]) {
      const error = await rejection(() => reader.take(rows as never))
      expect(error.code).toBe('InvalidArgument')
    }
    expect((await rejection(() => reader.take([1, ROWS]))).message).toContain('rows[1]')
    await reader.close()
  })

  test('after close is Closed, and calls before it end first', async () => {
    const reader = await open()
    const taking = reader.take([1])
    await reader.close()
    expect((await taking).numRows).toBe(1)
    expect((await rejection(() => reader.take([1]))).code).toBe('Closed')
    const again = await rejection(() => reader.readRowGroup({ group: 0, index: 0 }))
    expect(again.code).toBe('Closed')
    expect(again.message).toContain('readRowGroup')
  })

  test('rejects with the reason of an aborted signal', async () => {
    const abort = new AbortController()
    const reader = await open({ signal: abort.signal })
    await reader.take([0])
    abort.abort(new Error('enough'))
    await expect(reader.take([1])).rejects.toThrow('enough')
    await delay(0)
    await reader.close()
  })
})

describe('rowGroups and readRowGroup', () => {
  test('every row group of every file, with the rows that rowGroups names', async () => {
    const reader = await open()
    const all = rowsOf(sampleBatch(0, ROWS))
    expect(new Set(reader.rowGroups.map(({ path }) => path))).toEqual(new Set(paths))
    for (const { group, index, rows, rowOffset } of reader.rowGroups) {
      const batch = await reader.readRowGroup({ group, index })
      expect(batch.numRows).toBe(rows)
      const names = batch.schema.names as string[]
      const expected = all.slice(rowOffset, rowOffset + rows).map((row) => pick(row, names))
      expect(rowsOf(batch)).toEqual(expected)
    }
    const rows = reader.rowGroups.filter(({ group }) => group === 0).map((one) => one.rows)
    expect(rows.reduce((sum, one) => sum + one, 0)).toBe(ROWS)
    expect(reader.rowGroups.every((one) => one.compressedBytes > 0 && one.memoryBytes > 0)).toBe(
      true,
    )
    await reader.close()
  })

  test('refuses groups and indices that are not there', async () => {
    const reader = await open()
    for (const where of [
      { group: 9, index: 0 },
      { group: 0, index: 1000 },
      { group: 0, index: -1 },
      { group: 0 },
      { group: 0, index: 0, path: paths[0] },
    ]) {
      const error = await rejection(() => reader.readRowGroup(where as never))
      expect(error.code).toBe('InvalidArgument')
    }
    await reader.close()
  })

  test('a file without a column of the answer is refused, naming it', async () => {
    const reader = await open({ columns: ['embedding'] })
    const other = reader.files.find(({ schema }) => !schema.names.includes('embedding'))
    const error = await rejection(() =>
      reader.readRowGroup({ group: other?.group ?? -1, index: 0 }),
    )
    expect(error).toMatchObject({ code: 'InvalidArgument', path: other?.path })
    await reader.close()
  })
})
