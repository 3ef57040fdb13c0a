/** Readers with a filter that are busy, closed, aborted or cut off, one beside the other. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { RecordBatch } from 'apache-arrow'
import {
  type Filter,
  memoryUsage,
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
} from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 20_000
const EVEN_MOST = 5000
const directory = temporaryDirectory('filter-ends')
let paths: string[]

beforeAll(async () => {
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    directory: join(directory, 'files'),
    groups: 'perField',
    rowGroupBytes: 16 << 10,
  })
  await writer.write(sampleBatch(0, ROWS))
  paths = (await writer.finish()).groups.map(({ path }) => path)
})

/** Rows of the first quarter that have a title: two of three. */
const FILTER: Filter = [['id', '<', EVEN_MOST], { not: ['title', 'is null'] }]
const EXPECTED = Array.from({ length: EVEN_MOST }, (_, row) => row).filter((row) => row % 3 !== 2)

const open = (options: Partial<PackedReaderOptions> = {}) =>
  PackedReader.open({ paths, columns: ['id'], filter: FILTER, batchRows: 100, ...options })

const idsOf = (batches: readonly (RecordBatch | null)[]): number[] =>
  batches.flatMap((batch) => (batch === null ? [] : [...batch.getChild('id')!].map(Number)))

async function readAll(reader: PackedReader): Promise<number[]> {
  const batches: RecordBatch[] = []
  for await (const batch of reader) batches.push(batch)
  return idsOf(batches)
}

test('calls that overlap are answered in call order, and closing waits for them', async () => {
  const reader = await open()
  const calls = Array.from({ length: 300 }, () => reader.readNext())
  const closing = reader.close()
  expect(reader.close()).toBe(closing)
  const late = rejection(() => reader.readNext())
  expect(idsOf(await Promise.all(calls))).toEqual(EXPECTED)
  await closing
  expect((await late).code).toBe('Closed')
  expect(reader.filterStats.rowsFiltered).toBe(reader.filterStats.rowsRead - EXPECTED.length)
})

test('batches outlive a reader that is closed before its end', async () => {
  const reader = await open()
  const batch = (await reader.readNext())!
  await reader.close()
  expect(idsOf([batch])).toEqual(EXPECTED.slice(0, batch.numRows))
  expect((await rejection(() => reader.readNext())).code).toBe('Closed')
})

test('readers of the same files do not see each other', async () => {
  const filters: Filter[] = [FILTER, ['id', '>=', ROWS - 5], ['id', '<', 0], []]
  const readers = await Promise.all(filters.map((filter) => open({ filter })))
  const [quarter, last, none, all] = await Promise.all(readers.map(readAll))
  expect(quarter).toEqual(EXPECTED)
  expect(last).toEqual([1, 2, 3, 4, 5].map((i) => ROWS - 6 + i))
  expect(none).toEqual([])
  expect(all).toHaveLength(ROWS)
  await Promise.all(readers.map((reader) => reader.close()))
})

test('the filter is taken at the call', async () => {
  const wanted = [1, 2]
  const condition: [string, 'in', number[]] = ['id', 'in', wanted]
  const filter = [condition]
  const opening = open({ filter })
  wanted.push(7)
  filter.pop()
  const reader = await opening
  expect(await readAll(reader)).toEqual([1, 2])
})

describe('an aborted signal', () => {
  const reason = new Error('enough')

  test('between and during reads', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal })
    expect((await reader.readNext())!.numRows).toBeGreaterThan(0)
    const calls = [reader.readNext(), reader.readNext()]
    controller.abort(reason)
    const [, second] = await Promise.allSettled(calls)
    expect(second).toEqual({ status: 'rejected', reason })
    await expect(reader.readNext()).rejects.toBe(reason)
    await reader.close()
    expect((await rejection(() => reader.readNext())).code).toBe('Closed')
  })

  test('while no row is wanted', async () => {
    // Rows are read and left out without a batch in between: the flag is looked at in each.
    const controller = new AbortController()
    const filter: Filter = ['title', '=', 'title 0!']
    const reader = await open({ filter, signal: controller.signal, batchRows: 1 })
    const call = reader.readNext()
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(reader.filterStats.rowsRead).toBeLessThan(ROWS)
    await reader.close()
  })

  test('after the end', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal })
    expect(await readAll(reader)).toEqual(EXPECTED)
    await reader.close()
    controller.abort(reason)
    expect((await rejection(() => reader.readNext())).code).toBe('Closed')
  })
})

test('terminate() in the middle of filtering', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 8; round++) {
    const home = join(directory, `worker-${round}`)
    mkdirSync(home)
    const script = join(__dirname, 'support', 'filter-forever.cjs')
    const worker = new Worker(script, { workerData: { directory: home } })
    await once(worker, 'message')
    await sleep(round * 5)
    expect(await worker.terminate()).toBe(1)
  }
  for (let i = 0; i < 1000 && memoryUsage().poolBytes > before; i++) await sleep(10)
  expect(memoryUsage().poolBytes).toBeLessThanOrEqual(before)
})
