import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  type RecordBatch,
  Schema,
  Timestamp,
  TimeUnit,
  Utf8,
} from 'apache-arrow'
import {
  inspectFile,
  memoryUsage,
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
  vectorsOf,
} from '../lib/index.js'
import { rejection } from './support/rejection.js'
import {
  expectSample,
  field,
  SAMPLE_DIM,
  sampleBatch,
  sampleEmbeddings,
  sampleSchema,
} from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 5000
/** Buffers from this size on are lent to JavaScript, smaller ones are copied. */
const LENT_BYTES = 16 << 10
const directory = temporaryDirectory('reader')
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

/** Options as JavaScript would pass them, types aside. */
const openUntyped = (options: Record<string, unknown>) => open(options as never)

async function collect(reader: AsyncIterable<RecordBatch>): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const batch of reader) batches.push(batch)
  return batches
}

describe('PackedReader', () => {
  test('reads the rows back, then null again and again', async () => {
    const reader = await open()
    expect(reader.numRows).toBe(ROWS)
    expect(reader.schema.names).toEqual(['id', 'title', 'score', 'embedding'])
    const batches: RecordBatch[] = []
    for (let batch = await reader.readNext(); batch; batch = await reader.readNext()) {
      batches.push(batch)
    }
    expectSample(batches, ROWS)
    expect(await reader.readNext()).toBeNull()
    expect(await reader.readNext()).toBeNull()
    await reader.close()
  })

  test.each<[Partial<PackedReaderOptions>]>([
    [{ bufferBytes: 1 }],
    [{ bufferBytes: 0 }],
    [{ batchRows: 7 }],
    [{ batchBytes: 1 }],
    [{ copy: true }],
    [{ mmap: true }],
    [{ maxOutstandingBytes: 0 }],
    [{ lenient: true }],
  ])('%p gives the same rows', async (options) => {
    const batches = await collect(await open(options))
    expectSample(batches, ROWS)
    const most = options.batchRows ?? (options.batchBytes ? 1 : ROWS)
    expect(Math.max(...batches.map((batch) => batch.numRows))).toBeLessThanOrEqual(most)
  })

  test('toTable keeps the batches apart; what was read before is not in it', async () => {
    const reader = await open({ batchRows: 1000 })
    const first = await reader.readNext()
    const table = await reader.toTable()
    expect(table.numRows).toBe(ROWS - first!.numRows)
    expectSample([first!, ...table.batches], ROWS)
    await reader.close()
  })

  test('toReadable streams batches; destroying it closes the reader', async () => {
    const batches: RecordBatch[] = []
    const sink = new Writable({
      objectMode: true,
      write: (batch, _, done) => {
        batches.push(batch)
        done()
      },
    })
    await pipeline((await open({ batchRows: 500 })).toReadable(), sink)
    expectSample(batches, ROWS)

    const reader = await open({ batchRows: 10 })
    const stream = reader.toReadable()
    await once(stream, 'data')
    stream.destroy()
    await once(stream, 'close')
    expect((await rejection(() => reader.readNext())).code).toBe('Closed')

    const untouched = await open()
    await once(untouched.toReadable().destroy(), 'close')
    expect((await rejection(() => untouched.readNext())).code).toBe('Closed')
  })

  test('leaving a loop early closes the reader; reading to the end does not', async () => {
    const left = await open({ batchRows: 10 })
    for await (const batch of left) {
      expect(batch.numRows).toBe(10)
      break
    }
    expect((await rejection(() => left.readNext())).code).toBe('Closed')

    const ended = await open()
    await collect(ended)
    expect(await ended.readNext()).toBeNull()
    expect(await collect(ended)).toEqual([])
    await ended.close()
    expect((await rejection(() => ended.readNext())).code).toBe('Closed')
  })

  test('calls that overlap are answered in call order', async () => {
    const reader = await open({ batchRows: 100 })
    const calls = Array.from({ length: 100 }, () => reader.readNext())
    const closing = reader.close()
    expect(reader.close()).toBe(closing)
    const batches = (await Promise.all(calls)).filter((batch) => batch !== null)
    await closing
    let next = 0n
    for (const batch of batches) {
      expect(batch.getChild('id')!.get(0)).toBe(next)
      next += BigInt(batch.numRows)
    }
    expect((await rejection(() => reader.readNext())).code).toBe('Closed')
  })

  test('batches outlive their reader', async () => {
    const reader = await open()
    const batch = (await reader.readNext())!
    await reader[Symbol.asyncDispose]()
    expectSample([batch], batch.numRows)
  })

  test('release empties the batch and gives its bytes back at once', async () => {
    const wide = join(directory, 'wide')
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: wide,
      groups: 'single',
      rowGroupBytes: 16 << 20,
    })
    await writer.write(sampleBatch(0, 60_000))
    const { groups } = await writer.finish()
    const reader = await PackedReader.open({ paths: [groups[0]!.path], batchRows: 60_000 })
    const before = memoryUsage().lentBytes
    const batch = (await reader.readNext())!
    const { data } = vectorsOf(batch, 'embedding')
    expect(memoryUsage().lentBytes - before).toBeGreaterThanOrEqual(data.byteLength)
    reader.release(batch)
    // The garbage collector may give back batches of other tests meanwhile.
    expect(memoryUsage().lentBytes).toBeLessThanOrEqual(before)
    expect(data.length).toBe(0)
    reader.release(batch)
    await reader.close()
  })

  test('release refuses batches of others', async () => {
    const reader = await open()
    expect((await rejection(() => reader.release(sampleBatch(0, 1)))).code).toBe('InvalidArgument')
    await reader.close()
  })

  test('a mapped file survives writes to its batches', async () => {
    const reader = await open({ mmap: true })
    for await (const batch of reader) {
      for (const column of batch.data.children) {
        if (column.values instanceof Uint8Array) column.values.fill(0xff)
      }
    }
    await reader.close()
    expectSample(await collect(await open()), ROWS)
  })

  test('releasePrevious keeps at most one batch lent', async () => {
    const reader = await open({
      releasePrevious: true,
      vectors: 'fixed_size_list',
      batchRows: 1500,
    })
    let rows = 0
    const seen: Float32Array[] = []
    for await (const batch of reader) {
      expect(seen.every((data) => data.length === 0)).toBe(true)
      const { data } = vectorsOf(batch, 'embedding', { element: 'float32' })
      expect(data).toEqual(sampleEmbeddings(rows, batch.numRows))
      if (data.byteLength >= LENT_BYTES) seen.push(data)
      rows += batch.numRows
    }
    expect(rows).toBe(ROWS)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.every((data) => data.length === 0)).toBe(true)
    await reader.close()
  })
})

describe('projection and read schema', () => {
  test('columns by name and id, in the order asked for', async () => {
    const reader = await open({ columns: [103, 'id', 101n] })
    expect(reader.schema.names).toEqual(['embedding', 'id', 'title'])
    const [batch] = await collect(reader)
    expect(batch!.getChild('id')!.get(5)).toBe(5n)
    expect(batch!.getChild('title')!.get(5)).toBeNull()
  })

  test('vectors as lists of float32', async () => {
    const reader = await open({ vectors: 'fixed_size_list', columns: ['embedding'] })
    const { type } = reader.schema.fields[0]!
    expect(String(type)).toBe(`FixedSizeList[${SAMPLE_DIM}]<Float32>`)
    let row = 0
    for await (const batch of reader) {
      const { data } = vectorsOf(batch, 'embedding')
      expect(data).toEqual(sampleEmbeddings(row, batch.numRows))
      row += batch.numRows
    }
    expect(row).toBe(ROWS)
  })

  test('a schema may ask for another type and for vectors as lists', async () => {
    const list = new FixedSizeList(SAMPLE_DIM, new Field('item', new Float32(), true))
    const schema = new Schema([field('embedding', list, 103), field('id', new Int64(), 100)])
    const [batch] = await collect(await open({ schema }))
    expect([...batch!.getChild('embedding')!.get(2)]).toEqual([8, 9, 10, 11])
  })

  test('missing fields are nulls, or the value of defaults', async () => {
    const schema = new Schema([
      field('id', new Int64(), 100),
      field('price', new Float64(), 200, true),
      field('count', new Int64(), 201, true),
      field('lang', new Utf8(), 202, true),
      field('vec', new FixedSizeBinary(8), 203, true),
      field('when', new Timestamp(TimeUnit.MILLISECOND), 204, true),
    ])
    const defaults = {
      count: 7,
      lang: 'de',
      vec: Float32Array.of(1, 2),
      when: new Date(1_700_000_000_000),
    }
    const batches = await collect(await open({ schema, defaults }))
    for (const batch of batches) {
      const last = batch.numRows - 1
      expect(batch.getChild('price')!.nullCount).toBe(batch.numRows)
      expect(batch.getChild('count')!.get(last)).toBe(7n)
      expect(batch.getChild('lang')!.get(last)).toBe('de')
      expect([...vectorsOf(batch, 'vec').data.subarray(2 * last)]).toEqual([1, 2])
      expect(batch.getChild('when')!.get(last)).toBe(1_700_000_000_000)
    }
  })

  test('only unknown fields give as many null rows as the files have', async () => {
    const schema = new Schema([field('x', new Int32(), 900, true)])
    const batches = await collect(await open({ schema }))
    expect(batches.reduce((sum, batch) => sum + batch.getChild('x')!.nullCount, 0)).toBe(ROWS)
  })

  test('numeric-looking names are names', async () => {
    const target = join(directory, 'numeric')
    const schema = new Schema([field('101', new Int64(), 100), field('100', new Int64(), 101)])
    const writer = await PackedWriter.open({ schema, directory: target })
    await writer.finish()
    const byName = await PackedReader.open({ paths: [`${target}/0`], columns: ['100'] })
    const byId = await PackedReader.open({ paths: [`${target}/0`], columns: [100] })
    expect(byName.schema.fields[0]!.metadata.get('PARQUET:field_id')).toBe('101')
    expect(byId.schema.names).toEqual(['101'])
  })
})

describe('PackedReader.open refuses', () => {
  test.each([
    ['path', ['a'], 'Did you mean "paths"?'],
    ['batchrow', 1, 'Did you mean "batchRows"?'],
    ['paths', [], 'a non-empty array of paths for paths'],
    ['paths', [1], 'for paths[0] but received 1 (number)'],
    ['columns', [], 'a non-empty array of names or field ids'],
    ['columns', [1.5], 'for columns[0] but received 1.5 (number)'],
    ['columns', ['nope'], 'nope'],
    ['columns', ['id', 'id'], 'id'],
    ['batchRows', 0, 'an integer >= 1 for batchRows'],
    ['vectors', 'list', "'fixed_size_binary' | 'fixed_size_list' for vectors"],
    ['defaults', { x: 1 }, 'for defaults'],
    ['mmap', 1, 'a boolean for mmap'],
  ])('%s: %p', async (name, value, message) => {
    const error = await rejection(() => openUntyped({ [name]: value }))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
  })

  test('a missing file, naming its path', async () => {
    const path = join(directory, 'absent')
    const error = await rejection(() => PackedReader.open({ paths: [path] }))
    expect(error).toMatchObject({ code: 'NotFound', path })
    expect(error.message).toContain(path)
    expect(await rejection(() => inspectFile(path))).toMatchObject({ code: 'NotFound', path })
  })

  test('another type, naming field, stored and requested type', async () => {
    const schema = new Schema([field('title', new Int64(), 101)])
    const error = await rejection(() => open({ schema }))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'title' })
    expect(error.message).toMatch(/string|utf8/)
    expect(error.message).toContain('int64')
  })

  test.each([
    ['a number out of range', { small: 2 ** 40 }],
    ['a string for a number', { small: 'x' }],
    ['a number for a string', { text: 5 }],
    ['bytes of another width', { vec: new Uint8Array(3) }],
    ['a fraction for an integer', { big: 1.5 }],
  ])('%s as a default', async (_, defaults) => {
    const schema = new Schema([
      field('small', new Int32(), 200, true),
      field('big', new Int64(), 201, true),
      field('text', new Utf8(), 202, true),
      field('vec', new FixedSizeBinary(8), 203, true),
    ])
    const error = await rejection(() => open({ schema, defaults }))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: Object.keys(defaults)[0] })
  })
})

describe('an aborted signal', () => {
  const reason = new Error('enough')

  test('before open', async () => {
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('between and during reads', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal, batchRows: 10 })
    await reader.readNext()
    const calls = [reader.readNext(), reader.readNext()]
    controller.abort(reason)
    const [, second] = await Promise.allSettled(calls)
    expect(second).toEqual({ status: 'rejected', reason })
    await expect(reader.readNext()).rejects.toBe(reason)
    await reader.close()
    expect((await rejection(() => reader.readNext())).code).toBe('Closed')
  })

  test('inside a loop', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal, batchRows: 10 })
    const loop = async () => {
      for await (const _ of reader) controller.abort(reason)
    }
    await expect(loop()).rejects.toBe(reason)
  })
})
