/** Readers as streams of Node and of the web: what comes out, and when files are closed. */
import { once } from 'node:events'
import { join } from 'node:path'
import { addAbortSignal, type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type RecordBatch, RecordBatchReader } from 'apache-arrow'
import { PackedReader, type PackedReaderOptions, PackedWriter } from '../lib/index.js'
import { SegmentReader, type SegmentReaderOptions } from '../lib/segment/index.js'
import { readablePlaces } from './support/manifest-reading.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'
import { BOOKS, segmentIn, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 5000
const directory = temporaryDirectory('streams-out')
const { place } = readablePlaces('streams-out-manifest')
let paths: string[]
let segment: SegmentReaderOptions

beforeAll(async () => {
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    directory: join(directory, 'packed'),
    rowGroupBytes: 32 << 10,
  })
  await writer.write(sampleBatch(0, ROWS))
  paths = (await writer.finish()).groups.map(({ path }) => path)
  const { chunkManager, info } = await segmentIn(join(directory, 'segment'), twoChunks(), {
    storageVersion: 2,
  })
  segment = { schema: BOOKS, binlogs: info.binlogs, chunkManager }
})

const open = (options: Partial<PackedReaderOptions> = {}) =>
  PackedReader.open({ paths, batchRows: 500, ...options })

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

async function fromIpc(stream: Readable): Promise<RecordBatch[]> {
  const bytes = Buffer.concat(await collect<Uint8Array>(stream))
  return [...RecordBatchReader.from(bytes)]
}

const codeAfter = async (reader: { readNext(): Promise<unknown> }): Promise<string> =>
  (await rejection(() => reader.readNext())).code

describe('a Node stream of batches', () => {
  test('has every batch; a slow consumer keeps one waiting at most', async () => {
    const reader = await open()
    const stream = reader.toReadable()
    const batches: RecordBatch[] = []
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(batch, _, done) {
        expect(stream.readableLength).toBeLessThanOrEqual(1)
        batches.push(batch)
        setImmediate(done)
      },
    })
    await pipeline(stream, slow)
    expectSample(batches, ROWS)
    expect(await reader.readNext()).toBeNull()
    await reader.close()
  })

  test('goes on where the reader is; zero rows are a stream without a batch', async () => {
    const reader = await open()
    const first = await reader.readNext()
    const rest = (await collect(reader.toReadable())) as RecordBatch[]
    expectSample([first!, ...rest], ROWS)
    expect(await collect(reader.toReadable())).toEqual([])
    await reader.close()
  })

  test('releasePrevious does not reach into it', async () => {
    const reader = await open({ releasePrevious: true })
    expectSample((await collect(reader.toReadable())) as RecordBatch[], ROWS)
    await reader.close()
  })

  test.each(['break', 'destroy', 'an error', 'a signal'])('%s closes the reader', async (way) => {
    const reader = await open()
    const stream = reader.toReadable()
    const controller = new AbortController()
    addAbortSignal(controller.signal, stream)
    stream.on('error', () => {})
    await once(stream, 'readable')
    const closed = new Promise((done) => stream.once('close', done))
    if (way === 'break') for await (const _ of stream) break
    if (way === 'destroy') stream.destroy()
    if (way === 'an error') stream.destroy(new Error('enough'))
    if (way === 'a signal') controller.abort()
    await closed
    expect(await codeAfter(reader)).toBe('Closed')
  })

  test('a failure destroys the stream and closes the reader', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal })
    const stream = reader.toReadable()
    controller.abort(new Error('no more'))
    await expect(collect(stream)).rejects.toThrow('no more')
    expect(await codeAfter(reader)).toBe('Closed')
  })

  test('of a closed reader fails', async () => {
    const reader = await open()
    await reader.close()
    expect((await rejection(() => collect(reader.toReadable()))).code).toBe('Closed')
  })
})

describe('a WHATWG stream of batches', () => {
  test('has every batch, and reads nothing before it is asked', async () => {
    const reader = await open()
    const stream = reader.toReadableStream()
    const first = await reader.readNext()
    expectSample([first!, ...(await collect(stream))], ROWS)
    await reader.close()
  })

  test.each(['break', 'cancel', 'pipeTo'])('%s closes the reader', async (way) => {
    const reader = await open()
    const stream = reader.toReadableStream()
    if (way === 'break') for await (const _ of stream) break
    if (way === 'cancel') await stream.cancel()
    if (way === 'pipeTo') {
      const full = new WritableStream({
        write: () => Promise.reject(new Error('full')),
      })
      await expect(stream.pipeTo(full)).rejects.toThrow('full')
    }
    expect(await codeAfter(reader)).toBe('Closed')
  })

  test('a failure errors the stream and closes the reader', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal })
    const stream = reader.toReadableStream()
    controller.abort(new Error('no more'))
    await expect(collect(stream)).rejects.toThrow('no more')
    expect(await codeAfter(reader)).toBe('Closed')
  })
})

describe('an Arrow IPC stream', () => {
  test('is read by apache-arrow, columns as they are', async () => {
    const reader = await open()
    const batches = await fromIpc(reader.toIpcReadable())
    expect(String(batches[0]!.schema)).toBe(String(reader.schema))
    expectSample(batches, ROWS)
    await reader.close()
  })

  test('has a schema without a batch', async () => {
    const reader = await open()
    await reader.toTable()
    const bytes = Buffer.concat(await collect<Uint8Array>(reader.toIpcReadable()))
    const back = RecordBatchReader.from(bytes).open()
    expect(String(back.schema)).toBe(String(reader.schema))
    // Its placeholder for no batch has no row.
    expect([...back].map(({ numRows }) => numRows)).toEqual([0])
    await reader.close()
  })

  test('destroying it closes the reader', async () => {
    const reader = await open()
    for await (const _ of reader.toIpcReadable()) break
    expect(await codeAfter(reader)).toBe('Closed')
  })
})

describe('other readers', () => {
  const idsOf = (batches: readonly RecordBatch[]) =>
    batches.flatMap((batch) => [...batch.getChild('id')!])

  test('a segment', async () => {
    const read = () => SegmentReader.open(segment)
    const ids = [1n, 2n, 3n, 4n, 5n]
    expect(idsOf((await collect((await read()).toReadable())) as RecordBatch[])).toEqual(ids)
    expect(idsOf(await collect((await read()).toReadableStream()))).toEqual(ids)
    expect(idsOf(await fromIpc((await read()).toIpcReadable()))).toEqual(ids)

    const reader = await read()
    for await (const _ of reader.toReadable()) break
    expect(await codeAfter(reader)).toBe('Closed')
    const releasing = await SegmentReader.open({ ...segment, releasePrevious: true })
    for (const method of ['toReadable', 'toReadableStream', 'toIpcReadable'] as const) {
      const error = await rejection(() => releasing[method]())
      expect([error.code, error.message]).toEqual([
        'InvalidArgument',
        `Expected a reader that keeps batches for ${method}() but releasePrevious is set`,
      ])
    }
    await releasing.close()
  })

  test('a manifest', async () => {
    const rows = (await place.read()).numRows
    expectSample((await collect((await place.read()).toReadable())) as RecordBatch[], rows)
    expectSample(await collect((await place.read()).toReadableStream()), rows)
    expectSample(await fromIpc((await place.read()).toIpcReadable()), rows)
  })
})
