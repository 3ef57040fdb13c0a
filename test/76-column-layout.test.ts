/** Encodings chosen by a sample, and what a writer makes of them. */
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  Field,
  Float32,
  List,
  type RecordBatch,
  Schema,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  type ColumnEncoding,
  type ColumnLayout,
  optimizeColumnLayout,
  PackedReader,
  PackedWriter,
} from '../lib/index.js'
import { kindsBatch, kindsSchema } from './support/columns-of-kinds.js'
import { Random } from './support/random.cjs'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('column-layout')
const ROWS = 40_000
const batch = kindsBatch(ROWS, new Random(11))

/** What each column of the rows suits best, and what Parquet calls it. */
const BEST: Readonly<Record<string, [ColumnEncoding, string]>> = {
  rising: ['deltaBinaryPacked', 'DELTA_BINARY_PACKED'],
  few: ['dictionary', 'RLE_DICTIONARY'],
  moment: ['deltaBinaryPacked', 'DELTA_BINARY_PACKED'],
  score: ['byteStreamSplit', 'BYTE_STREAM_SPLIT'],
  flag: ['plain', 'PLAIN'],
  path: ['deltaByteArray', 'DELTA_BYTE_ARRAY'],
  word: ['dictionary', 'RLE_DICTIONARY'],
  text: ['deltaLengthByteArray', 'DELTA_LENGTH_BYTE_ARRAY'],
  vector: ['byteStreamSplit', 'BYTE_STREAM_SPLIT'],
}

const encodingsOf = (layout: Record<string, ColumnLayout>) =>
  Object.fromEntries(Object.entries(layout).map(([name, { encoding }]) => [name, encoding]))
const expectedEncodings = Object.fromEntries(
  Object.entries(BEST).map(([name, [encoding]]) => [name, encoding]),
)

test('each column gets what suits it, with a reason and the bytes to expect', async () => {
  const layout = await optimizeColumnLayout(batch)
  expect(Object.keys(layout)).toEqual(kindsSchema.names)
  expect(encodingsOf(layout)).toMatchObject(expectedEncodings)
  expect(layout.rising!.reason).toMatch(/^takes \d\.\d % of 'plain' in a sample of 16384 rows$/)
  expect(layout.word!.reason).toMatch(/, 0\.2 % of the values are distinct$/)
  expect(layout.flag!.reason).toBe('nothing else suits')
  for (const { estimatedBytes } of Object.values(layout)) expect(estimatedBytes).toBeGreaterThan(0)
  expect(layout.rising!.estimatedBytes).toBeLessThan(ROWS)
})

test.each(['fast', 'small'] as const)(
  'a writer in layout %s takes what comes out, its footer says so, and rows read back',
  async (name) => {
    const columns = await optimizeColumnLayout(batch)
    const writer = await PackedWriter.open({
      schema: kindsSchema,
      directory: join(directory, name),
      layout: name,
      compression: { codec: 'zstd', level: 9 },
      columns,
    })
    await writer.write(batch)
    const { groups } = await writer.finish()
    const written = Object.assign({}, ...groups.map((group) => group.columns))
    for (const [column, [, parquet]] of Object.entries(BEST)) {
      expect(`${column} ${written[column].encodings}`).toBe(`${column} ${parquet}`)
      expect(written[column].dictionaryFallback).toBe(false)
      const { compressedBytes } = written[column]
      if (compressedBytes < 2000) continue // headers
      const off = columns[column]!.estimatedBytes / compressedBytes
      expect(off).toBeGreaterThan(0.2)
      expect(off).toBeLessThan(5)
    }
    const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
    const table = (await reader.toTable()).select(kindsSchema.names as string[])
    expect(table.toString()).toBe(new Table([batch]).toString())
  },
)

test('a table of many batches, and a slice, give what the whole gives', async () => {
  const whole = await optimizeColumnLayout(batch)
  const parts = [0, 1, 9999, 30_000].map((from, i, all) => batch.slice(from, all[i + 1] ?? ROWS))
  expect(await optimizeColumnLayout(new Table(parts))).toEqual(whole)
  expect(await optimizeColumnLayout(batch, { concurrency: 1 })).toEqual(whole)
  expect(await optimizeColumnLayout(batch)).toEqual(whole)
  const slice = encodingsOf(await optimizeColumnLayout(batch.slice(7, 30_007)))
  expect(slice).toMatchObject(expectedEncodings)
})

test('what the caller chose comes out again', async () => {
  const columns = {
    word: { encoding: 'plain', codec: 'snappy' },
    few: { encoding: 'dictionary', level: 4, codec: 'zstd' },
  } as const
  const layout = await optimizeColumnLayout(batch, { columns })
  expect(layout.word).toMatchObject({ ...columns.word, reason: 'asked for' })
  expect(layout.few).toMatchObject({ ...columns.few, reason: 'asked for' })
  const type = new List(new Field('item', new Float32(), false))
  const vectors = vectorFromArray([new Float32Array([1, 2]), new Float32Array([3, 4])], type)
  const lists = await optimizeColumnLayout(new Table({ v: vectors }), {
    columns: { v: { dim: 2 } },
  })
  expect(lists.v).toMatchObject({ dim: 2, reason: expect.stringContaining('2 rows') })
  expect(['plain', 'byteStreamSplit']).toContain(lists.v!.encoding)
})

test('a configuration bounds what there is to choose from', async () => {
  const without = { encoding: { enableDeltaEncoding: false, dictionaryThreshold: 0 } }
  const layout = encodingsOf(await optimizeColumnLayout(batch, { config: without }))
  expect(layout).toMatchObject({ rising: 'plain', moment: 'plain', few: 'plain' })
  expect(Object.values(layout)).not.toContain('dictionary')
  expect(layout.path).toBe('deltaByteArray')
  const other = await optimizeColumnLayout(batch, { config: { compression: { level: 1 } } })
  const best = await optimizeColumnLayout(batch)
  expect(other.text!.estimatedBytes).not.toBe(best.text!.estimatedBytes)
})

test('no rows, a few, and nothing but nulls', async () => {
  for (const rows of [0, 1, 2]) {
    const layout = await optimizeColumnLayout(batch.slice(0, rows))
    expect(layout.flag!.encoding).toBe('plain')
    expect(layout.flag!.estimatedBytes > 0).toBe(rows > 0)
  }
  expect((await optimizeColumnLayout(batch.slice(0, 0))).text!.reason).toBe('no rows to go by')
  const nulls = new Table({ t: vectorFromArray([null, null, null], new Utf8()) })
  expect((await optimizeColumnLayout(nulls)).t!.estimatedBytes).toBeGreaterThan(0)
  const nested = new Schema([new Field('l', new List(new Field('item', new Utf8(), true)), true)])
  expect(await optimizeColumnLayout(new Table(nested))).toMatchObject({ l: { estimatedBytes: 0 } })
})

test('memory is the caller’s again when it is over', async () => {
  const own = kindsBatch(ROWS, new Random(12))
  await optimizeColumnLayout(own)
  const { buffer } = own.data.children[1]!.values as BigInt64Array
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
  expect((await rejection(() => optimizeColumnLayout(own))).code).toBe('Detached')
})

test('abort, before and meanwhile', async () => {
  const reason = new Error('enough')
  const aborted = AbortSignal.abort(reason)
  await expect(optimizeColumnLayout(batch, { signal: aborted })).rejects.toBe(reason)
  const controller = new AbortController()
  const running = optimizeColumnLayout(batch, { signal: controller.signal })
  controller.abort(reason)
  await expect(running).rejects.toBe(reason)
  expect(encodingsOf(await optimizeColumnLayout(batch))).toMatchObject(expectedEncodings)
})

test('a worker that is terminated meanwhile takes nothing with it', async () => {
  const script = join(__dirname, 'support', 'optimize-forever.cjs')
  const worker = new Worker(script)
  await new Promise((resolve) => worker.once('message', resolve))
  await worker.terminate()
  expect(encodingsOf(await optimizeColumnLayout(batch))).toMatchObject(expectedEncodings)
})

test.each<[string, unknown, unknown, string]>([
  ['no rows at all', undefined, {}, 'Expected an object for the rows'],
  ['no batch', { schema: 7 }, {}, 'Expected an apache-arrow Schema'],
  ['an unknown option', batch, { colums: {} }, 'Did you mean "columns"?'],
  ['an unknown column', batch, { columns: { nope: {} } }, 'received "nope"'],
  ['an unknown encoding', batch, { columns: { few: { encoding: 'rle' } } }, 'received "rle"'],
  ['an unknown codec', batch, { compression: 'zip' }, 'received "zip"'],
  ['a wrong level', batch, { config: { compression: { level: 23 } } }, 'for compression.level'],
  ['a wrong concurrency', batch, { concurrency: -1 }, 'for concurrency'],
  ['no signal', batch, { signal: {} }, 'an AbortSignal for signal'],
])('%s: InvalidArgument', async (_, rows, options, message) => {
  const error = await rejection(() => optimizeColumnLayout(rows as RecordBatch, options as object))
  expect(error.code).toBe('InvalidArgument')
  expect(error.message).toContain(message)
})
