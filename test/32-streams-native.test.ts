/** Streams from and to a second native library of the process, DuckDB, past JavaScript. */
import { join } from 'node:path'
import { FixedSizeList, Float32, Int64, type RecordBatch, Schema, Utf8 } from 'apache-arrow'
import koffi from 'koffi'
import { exportStream, importStream } from '../lib/cdata/public.js'
import { ManifestReader, memoryUsage, PackedReader, PackedWriter } from '../lib/index.js'
import { callSync } from '../lib/native/index.js'
import { DuckDb, duckdbPath } from './support/duckdb-adbc.js'
import { readablePlaces } from './support/manifest-reading.js'
import { rejection } from './support/rejection.js'
import { field, sampleBatch, sampleSchema } from './support/sample.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROWS = 400_000
const DIM = 8
const directory = temporaryDirectory('streams-native')
const { place } = readablePlaces('streams-native-manifest')
let count = 0
const fresh = () => join(directory, String(count++))

const schema = new Schema([
  field('id', new Int64(), 100),
  field('title', new Utf8(), 101, true),
  field('vector', new FixedSizeList(DIM, field('item', new Float32())), 102),
])

/** Columns in another order than the writer's; every 10th title is null. */
const query = (rows: number, more = '') => `
  SELECT CASE WHEN i % 10 = 9 THEN NULL ELSE 'title ' || i END AS title,
    [${Array.from({ length: DIM }, (_, k) => `i + ${k}`).join(', ')}]::FLOAT[${DIM}] AS vector,
    i AS id
  FROM range(${rows}) numbers(i) ${more}`

/** The functions of the addon, to be spied on. */
const addon = callSync((functions) => functions)
const open = (given = schema) => PackedWriter.open({ schema: given, directory: fresh() })

async function rowsOf(writer: PackedWriter): Promise<number> {
  const { groups } = await writer.finish()
  const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
  let row = 0
  for await (const batch of reader) {
    const [ids, titles, vectors] = ['id', 'title', 'vector'].map((name) => batch.getChild(name)!)
    for (let i = 0; i < batch.numRows; i++, row++) {
      const bytes = vectors!.get(i) as Uint8Array
      const last = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(4 * (DIM - 1), true)
      const title = row % 10 === 9 ? null : `title ${row}`
      if (ids!.get(i) !== BigInt(row) || titles!.get(i) !== title || last !== row + DIM - 1) {
        throw new Error(`row ${row} differs: ${ids!.get(i)}, ${titles!.get(i)}, ${last}`)
      }
    }
  }
  return row
}

const describeWithDuckDb = duckdbPath === undefined ? describe.skip : describe
describeWithDuckDb('with DuckDB', () => {
  let duckdb: DuckDb
  beforeAll(() => {
    duckdb = new DuckDb()
  })
  afterAll(() => duckdb?.close())
  afterEach(() => jest.restoreAllMocks())

  test('its stream is written without a batch in JavaScript', async () => {
    const next = jest.spyOn(addon, 'cdataStreamNext')
    const write = jest.spyOn(addon, 'writerWrite')
    const stream = importStream(duckdb.query(query(ROWS)))
    expect(stream.schema.names).toEqual(['title', 'vector', 'id'])
    const writer = await open()
    const before = process.memoryUsage().arrayBuffers
    await writer.writeAll(stream)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(ROWS)
    expect(writer.progress.rows).toBe(ROWS)
    expect(writer.progress.bytesIn).toBeGreaterThan(ROWS * 4 * DIM)
    expect([next.mock.calls.length, write.mock.calls.length]).toEqual([0, 0])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(await rowsOf(writer)).toBe(ROWS)
  })

  test('what JavaScript has read of it is not written again', async () => {
    const stream = importStream(duckdb.query(query(10_000)))
    const { value: first } = await stream.next()
    const writer = await open()
    await writer.write(first)
    await writer.writeAll(stream)
    await writer.writeAll(stream)
    expect(await rowsOf(writer)).toBe(10_000)
  })

  test('zero rows, and calls that overlap', async () => {
    const writer = await open()
    await Promise.all([
      writer.writeAll(importStream(duckdb.query(query(0)))),
      writer.writeAll(importStream(duckdb.query(query(5000)))),
      writer.writeAll(importStream(duckdb.query(query(10_000, 'WHERE i >= 5000')))),
    ])
    expect(await rowsOf(writer)).toBe(10_000)
  })

  test('an error of it fails the writer', async () => {
    const bad = query(ROWS, `WHERE CASE WHEN i = ${ROWS - 1} THEN error('boom') ELSE true END`)
    const writer = await open()
    const error = await rejection(async () => writer.writeAll(importStream(duckdb.query(bad))))
    expect([error.code, error.message]).toEqual(['StorageIO', expect.stringContaining('boom')])
    expect(filesBelow(directory).filter((file) => file.endsWith('.partial'))).toEqual([])
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
  })

  test.each([
    ['a column too few', new Schema([...schema.fields, field('more', new Int64(), 103)]), 'more'],
    ['a column too many', new Schema(schema.fields.slice(0, 2)), 'vector'],
    ['another type', new Schema([field('id', new Utf8(), 100), ...schema.fields.slice(1)]), 'id'],
  ])('%s is refused by name, and the stream given back', async (_, given, name) => {
    const stream = importStream(duckdb.query(query(10)))
    const writer = await open(given)
    const error = await rejection(() => writer.writeAll(stream))
    expect(['InvalidArgument', 'TypeMismatch']).toContain(error.code)
    expect(error.field).toBe(name)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('an abort between steps ends it; a closed writer takes none', async () => {
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('stop'))
    const { signal } = controller
    const writer = await PackedWriter.open({ schema, directory: fresh(), signal, onProgress })
    const writing = writer.writeAll(importStream(duckdb.query(query(4 * ROWS))))
    await expect(writing).rejects.toThrow('stop')
    expect(writer.progress.rows).toBeLessThan(4 * ROWS)
    const stream = importStream(duckdb.query(query(10)))
    await expect(writer.writeAll(stream)).rejects.toThrow('stop')
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('it reads our reader on its own threads', async () => {
    const writer = await open()
    await writer.writeAll(importStream(duckdb.query(query(ROWS))))
    const { groups } = await writer.finish()
    const before = memoryUsage().poolBytes
    const paths = groups.map(({ path }) => path)
    const reader = await PackedReader.open({ paths, vectors: 'fixed_size_list' })
    const next = jest.spyOn(addon, 'readerNext')
    const exported = exportStream(reader)
    await duckdb.ingest('written', exported.address)
    exported.release()
    expect(next).not.toHaveBeenCalled()
    expect(await reader.readNext()).toBeNull()
    await reader.close()
    const sums = `SELECT count(*) AS rows, sum(id)::BIGINT AS ids, count(title) AS titles,
      sum(vector[${DIM}])::BIGINT AS numbers FROM written`
    const [answer] = await collect(importStream(duckdb.query(sums)))
    const ids = (BigInt(ROWS) * BigInt(ROWS - 1)) / 2n
    expect(answer!.get(0)!.toJSON()).toEqual({
      rows: BigInt(ROWS),
      ids,
      titles: BigInt(ROWS - ROWS / 10),
      numbers: ids + BigInt(ROWS * (DIM - 1)),
    })
    expect(memoryUsage().poolBytes).toBe(before)
  })

  test('it reads a manifest, from where the reader is', async () => {
    const reader = await place.read({ columns: ['id'], batchRows: 100 })
    expect(reader).toBeInstanceOf(ManifestReader)
    const { numRows: first } = (await reader.readNext())!
    const exported = exportStream(reader)
    await duckdb.ingest('listed', exported.address)
    const [answer] = await collect(
      importStream(duckdb.query('SELECT min(id) AS least FROM listed')),
    )
    expect(answer!.get(0)!.toJSON()).toEqual({ least: BigInt(first) })
    exported.release()
    await reader.close()
  })
})

async function collect(stream: AsyncIterable<RecordBatch>): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const batch of stream) batches.push(batch)
  return batches
}

describe('release', () => {
  const POINTER = 8
  /** Where an ArrowArrayStream has its functions. */
  const [SCHEMA, NEXT, LAST_ERROR, RELEASE] = [0, 1, 2, 3].map((i) => i * POINTER) as [
    number,
    number,
    number,
    number,
  ]
  const fetching = koffi.proto('int (void *, void *)')
  const telling = koffi.proto('const char *(void *)')
  const releasing = koffi.proto('void (void *)')

  /** The stream of an exported batch; what a consumer calls of it is counted. */
  function counted(schemaFails = false) {
    const inner = exportStream({ schema: sampleSchema(), batches: [sampleBatch(0, 100)] })
    const stream = koffi.alloc('void *', 5)
    const calls = { next: 0, release: 0 }
    const pass = (at: number) => (_: unknown, out: bigint) =>
      koffi.call(koffi.decode(inner.address, at, 'void *'), fetching, inner.address, out)
    const callbacks = [
      koffi.register(schemaFails ? () => 5 : pass(SCHEMA), koffi.pointer(fetching)),
      koffi.register((_: unknown, out: bigint) => {
        calls.next++
        return pass(NEXT)(_, out)
      }, koffi.pointer(fetching)),
      koffi.register(() => 'told', koffi.pointer(telling)),
      koffi.register((self: bigint) => {
        calls.release++
        koffi.encode(self, RELEASE, 'void *', null)
      }, koffi.pointer(releasing)),
    ]
    callbacks.forEach((callback, i) => {
      koffi.encode(stream, i * POINTER, 'void *', callback)
    })
    expect(LAST_ERROR).toBe(2 * POINTER)
    return { address: BigInt(koffi.address(stream)), calls, inner }
  }

  /** Release comes from a thread of the addon: until it has come. */
  async function released(calls: { release: number }): Promise<number> {
    while (calls.release === 0) await new Promise(setImmediate)
    await new Promise(setImmediate)
    return calls.release
  }

  test('once, after everything was written', async () => {
    const { address, calls, inner } = counted()
    const stream = importStream(address)
    const writer = await open(sampleSchema())
    await writer.writeAll(stream)
    stream.close()
    expect(await released(calls)).toBe(1)
    expect(calls.next).toBe(2)
    expect((await writer.finish()).rows).toBe(100)
    inner.release()
  })

  test('once, when nobody reads it', async () => {
    const { address, calls, inner } = counted()
    const stream = importStream(address)
    stream.close()
    await stream.return?.()
    expect(await released(calls)).toBe(1)
    expect(calls.next).toBe(0)
    inner.release()
  })

  test('once, when the writer refuses it', async () => {
    const { address, calls, inner } = counted()
    const stream = importStream(address)
    const writer = await open()
    expect((await rejection(() => writer.writeAll(stream))).code).toBe('InvalidArgument')
    expect(await released(calls)).toBe(1)
    expect(calls.next).toBe(0)
    inner.release()
  })

  test('once, when its schema fails', async () => {
    const { address, calls, inner } = counted(true)
    const error = await rejection(() => importStream(address))
    expect([error.code, error.message]).toEqual(['StorageIO', expect.stringContaining('told')])
    expect(await released(calls)).toBe(1)
    inner.release()
  })
})

describe('exportStream', () => {
  test('refuses a reader whose batches exist only in JavaScript', async () => {
    const source = { schema: sampleSchema(), readNext: async () => null }
    const error = await rejection(() => exportStream(source))
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      expect.stringContaining('PackedReader or a ManifestReader'),
    ])
  })

  test('a reader that is closed meanwhile fails the next call', async () => {
    const writer = await open(sampleSchema())
    await writer.write(sampleBatch(0, 100))
    const { groups } = await writer.finish()
    const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
    const exported = exportStream(reader)
    const stream = importStream(exported.address)
    exported.release()
    await reader.close()
    const error = await rejection(() => stream.next())
    expect([error.code, error.message]).toEqual(['StorageIO', expect.stringMatching(/closed/i)])
    stream.close()
    expect((await rejection(() => exportStream(reader))).code).toBe('Closed')
  })

  test('a reader that nobody reads is given back by release, twice too', async () => {
    const writer = await open(sampleSchema())
    await writer.write(sampleBatch(0, 100))
    const { groups } = await writer.finish()
    const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
    const exported = exportStream(reader)
    exported.release()
    exported.release()
    expect((await reader.readNext())?.numRows).toBe(100)
    await reader.close()
  })
})
