/** What reading and writing files adds to the counters of compression, and what footers say. */
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RecordBatch } from 'apache-arrow'
import {
  CompressionMonitor,
  type CompressionStats,
  columnCompression,
  fileCompressionStats,
  inspectFile,
  PackedReader,
  PackedWriter,
  type PackedWriterOptions,
} from '../lib/index.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('compression-of-files')
const ROWS = 40_000
const inside = (name: string): string => join(directory, name)

async function write(
  name: string,
  options: Partial<PackedWriterOptions>,
  batches: RecordBatch[] = [sampleBatch(0, ROWS)],
): Promise<string> {
  const fields = sampleSchema().fields.map((field) => field.name)
  const groups = [{ id: 0, path: inside(name), fields }]
  const writer = await PackedWriter.open({ schema: sampleSchema(), groups, ...options })
  try {
    for (const batch of batches) await writer.write(batch)
    await writer.finish()
  } finally {
    await writer.close()
  }
  return inside(name)
}

async function read(path: string): Promise<number> {
  let rows = 0
  const reader = await PackedReader.open({ paths: [path] })
  for await (const batch of reader) rows += batch.numRows
  return rows
}

/** What `work` adds to the counters of this process. */
async function growth(work: () => Promise<unknown>): Promise<CompressionStats> {
  const before = fileCompressionStats()
  await work()
  return fileCompressionStats().since(before)
}

test('own pages and chunks of Arrow are told apart, and add up to the file', async () => {
  const path = inside('fast')
  const written = await growth(() => write('fast', { layout: 'fast' }))
  const columns = columnCompression(await inspectFile(path))
  const compressed = columns
    .filter(({ codecs }) => !codecs.includes('UNCOMPRESSED'))
    .reduce((sum, column) => sum + column.compressedBytes, 0)
  const { calls, compressedBytes, durationMs, ratio } = written.totals().compress
  // Headers of pages are in the footer's sizes, not in those of own pages.
  expect(compressedBytes).toBeLessThanOrEqual(compressed)
  expect(compressedBytes).toBeGreaterThan(compressed - 100 * calls)
  expect([ratio > 0 && ratio < 1, durationMs > 0]).toEqual([true, true])
  expect(written.totals({ source: 'page' }).compress.calls).toBeGreaterThan(0)
  expect(written.totals().decompress.calls).toBe(0)
  const back = await growth(async () => expect(await read(path)).toBe(ROWS))
  const pages = { source: 'page', codec: 'zstd', type: 'INT64' } as const
  expect(back.totals(pages).decompress).toMatchObject({
    calls: written.totals(pages).compress.calls,
    originalBytes: written.totals(pages).compress.originalBytes,
    compressedBytes: written.totals(pages).compress.compressedBytes,
  })
  expect(back.totals().compress.calls).toBe(0)
})

test('what Arrow does has its own name, in bytes of whole chunks', async () => {
  const options = { compression: { codec: 'gzip' } } as const
  const written = await growth(() => write('gzip', options))
  const back = await growth(() => read(inside('gzip')))
  const columns = columnCompression(await inspectFile(inside('gzip')))
  const { compressedBytes, uncompressedBytes } = columns.find(({ column }) => column === 'score')!
  const kind = { source: 'arrow', codec: 'gzip', type: 'DOUBLE' } as const
  for (const counts of [written.totals(kind).compress, back.totals(kind).decompress]) {
    expect(counts).toMatchObject({ compressedBytes, originalBytes: uncompressedBytes })
    expect(counts.durationMs).toBeGreaterThan(0)
  }
  expect(back.totals({ source: 'page', codec: 'gzip' }).decompress.calls).toBe(0)
})

test('zero rows, columns without a codec and failures count as nothing', async () => {
  const none = await growth(() => write('none', {}, []))
  expect(none.entries()).toEqual([])
  const plain = await growth(() => write('plain', { compression: { codec: 'uncompressed' } }))
  expect(plain.totals({ source: 'page' }).compress.calls).toBe(0)
  const missing = await growth(() => read(inside('missing')).catch(() => {}))
  expect(missing.entries()).toEqual([])
})

test('a monitor has what files did since it was made', async () => {
  const monitor = new CompressionMonitor({ intervalMs: 0 })
  await write('watched', { layout: 'fast' })
  const grown = monitor.poll()
  expect(grown.totals({ source: 'page' }).compress.calls).toBeGreaterThan(0)
  expect(monitor.poll().entries()).toEqual([])
  expect(monitor.stats.entries()).toEqual(grown.entries())
  monitor.close()
})

test('a monitor keeps neither a process nor a worker alive, and a worker may be terminated', async () => {
  const main = join(__dirname, '..', 'dist', 'cjs', 'index.js')
  const code = `
    const { CompressionMonitor, fileCompressionStats } = require(${JSON.stringify(main)})
    new CompressionMonitor({ intervalMs: 1 })
    const seen = fileCompressionStats().totals().compress.calls
    require('node:worker_threads').parentPort.postMessage(seen)`
  const calls = fileCompressionStats().totals().compress.calls
  const ended = new Worker(code, { eval: true })
  const [seen, exit] = await Promise.all([
    new Promise((resolve) => ended.once('message', resolve)),
    new Promise((resolve) => ended.once('exit', resolve)),
  ])
  expect([seen, exit]).toEqual([calls, 0])
  const forever = new Worker(
    `${code}\nfor (;;) fileCompressionStats()`.replace('intervalMs: 1', 'intervalMs: 0'),
    { eval: true },
  )
  await new Promise((resolve) => forever.once('message', resolve))
  expect(await forever.terminate()).toBe(1)
})

test('a file says per column what codec and encodings saved', async () => {
  const info = await inspectFile(await write('columns', { layout: 'fast', rowGroupBytes: 1 << 19 }))
  expect(info.rowGroups.length).toBeGreaterThan(1)
  const columns = columnCompression(info)
  expect(columns.map(({ column, values }) => [column, values])).toEqual(
    ['id', 'title', 'score', 'embedding'].map((name) => [name, ROWS]),
  )
  for (const { uncompressedBytes, compressedBytes, ratio, saving } of columns) {
    expect(ratio).toBe(compressedBytes / uncompressedBytes)
    expect(saving).toBeCloseTo(1 - ratio, 12)
  }
  const sum = columns.reduce((total, column) => total + column.compressedBytes, 0)
  expect(sum).toBe(info.rowGroups.reduce((total, group) => total + group.compressedBytes, 0))
  expect(columnCompression({ chunks: [] })).toEqual([])
})
