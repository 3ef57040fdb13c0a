/** Streams of native libraries whose thread, disk or connection goes meanwhile. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Worker } from 'node:worker_threads'
import { Int64, makeVector, type RecordBatch, Schema } from 'apache-arrow'
import { type ExportedStream, exportStream, importStream } from '../lib/cdata/public.js'
import {
  memoryUsage,
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
  type StorageConfig,
} from '../lib/index.js'
import { type FaultyGateway, startFaultyGateway } from './support/faulty-gateway.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { batchOf, field } from './support/sample.js'
import { mountSmallDisk } from './support/small-disk.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

/** 16 MiB as they are stored: several parts of an upload, and several requests of a reader. */
const ROWS = 2 << 20
const BATCH_ROWS = 64 << 10
const schema = new Schema([field('id', new Int64(), 100)])
const directory = temporaryDirectory('streams-cut-off')
/** Where the server keeps the objects of its bucket. */
const bucket = join(directory, 'server', 'data', BUCKET)
const source = join(bucket, 'source')

function* batches(): Generator<RecordBatch> {
  const ids = BigInt64Array.from({ length: BATCH_ROWS }, (_, row) => BigInt(row) << 20n)
  for (let row = 0; row < ROWS; row += BATCH_ROWS) yield batchOf(schema, [makeVector(ids)])
}

function openWriter(path: string, storage?: StorageConfig): Promise<PackedWriter> {
  const groups = [{ id: 0, path, fields: ['id'] }]
  const compression = 'uncompressed' as const
  return PackedWriter.open({ schema, groups, compression, ...(storage && { storage }) })
}

beforeAll(async () => {
  mkdirSync(bucket, { recursive: true })
  const writer = await openWriter(source)
  await writer.writeAll(batches())
  expect((await writer.finish()).rows).toBe(ROWS)
})

/** The rows of the source as a stream that is native on both sides. */
async function nativeStream(options: PackedReaderOptions = { paths: [source] }) {
  const reader = await PackedReader.open(options)
  const exported: ExportedStream = exportStream(reader)
  const stream = importStream(exported.address)
  exported.release()
  return { reader, stream }
}

/** True as soon as `condition` holds; false after ten seconds. */
async function eventually(condition: () => boolean): Promise<boolean> {
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    if (condition()) return true
    await new Promise(setImmediate)
  }
  return false
}

test('terminate() in the middle of a native stream', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 6; round++) {
    const home = join(directory, `killed-${round}`)
    mkdirSync(home)
    const script = join(__dirname, 'support', 'stream-forever.cjs')
    const worker = new Worker(script, { workerData: { directory: home } })
    for (let set = 0; set <= round % 3; set++) await once(worker, 'message')
    expect(await worker.terminate()).toBe(1)
  }
  const left = () => filesBelow(directory).filter((file) => file.endsWith('.partial'))
  expect(await eventually(() => left().length === 0)).toBe(true)
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test('batches outlive the reader and the stream they came by', async () => {
  const { reader, stream } = await nativeStream()
  const { value: batch } = (await stream.next()) as { value: RecordBatch }
  stream.close()
  await reader.close()
  const ids = batch.getChild('id')!.toArray() as BigInt64Array
  expect(ids.length).toBeGreaterThan(0)
  expect(ids.every((id, row) => id === BigInt(row % BATCH_ROWS) << 20n)).toBe(true)
})

describe('a full disk', () => {
  const writing: [string, (writer: PackedWriter) => Promise<void>][] = [
    [
      'a native stream',
      async (writer) => {
        const { reader, stream } = await nativeStream()
        try {
          await writer.writeAll(stream)
        } finally {
          expect(await stream.next()).toEqual({ done: true, value: undefined })
          await reader.close()
        }
      },
    ],
    ['a Writable', (writer) => pipeline(Readable.from(batches()), writer.toWritable())],
  ]
  test.each(writing)('ends %s in NoSpace, and leaves nothing', async (name, write) => {
    const disk = mountSmallDisk(join(directory, `disk of ${name}`), 4)
    if (disk === undefined) return
    try {
      const before = memoryUsage().poolBytes
      const path = join(disk.home, 'deep', 'rows')
      const writer = await openWriter(path)
      const error = await rejection(() => write(writer))
      expect([error.code, error.path]).toEqual(['NoSpace', path])
      expect((await rejection(() => writer.finish())).code).toBe('Closed')
      expect(filesBelow(disk.home)).toEqual([])
      expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
    } finally {
      disk.unmount()
    }
  })
})

describeWithServers('a lost connection', () => {
  let server: TestServer
  let gateway: FaultyGateway
  let storage: StorageConfig
  beforeAll(async () => {
    server = await startVersitygw(join(directory, 'server'))
    gateway = await startFaultyGateway(server.port)
    storage = storageAt(gateway.port, {
      requestTimeoutMs: 500,
      retryTimeoutMs: 1000,
      multipartPartBytes: 5 << 20,
    })
  })
  afterEach(() => gateway.heal())
  afterAll(async () => {
    await gateway.stop()
    await server.stop()
  })

  test('in the middle of writing a stream: nothing is published, the stream is given back', async () => {
    const writer = await openWriter('written/rows', storage)
    const { reader, stream } = await nativeStream()
    gateway.spoil(({ url }) => (/partNumber=[2-9]/.test(url) ? 'reset' : undefined))
    const error = await rejection(async () => {
      await writer.writeAll(stream)
      await writer.finish()
    })
    expect(['Network', 'Timeout']).toContain(error.code)
    expect(error.retryable).toBe(true)
    expect(gateway.seen.some(({ url }) => url.includes('partNumber=1'))).toBe(true)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    await reader.close()
    await writer.close()
    expect(filesBelow(bucket).filter((file) => file.endsWith('written/rows'))).toEqual([])
  })

  test('in the middle of reading a stream: the one who writes it fails, too', async () => {
    const bytes = 1 << 20
    const { reader, stream } = await nativeStream({
      paths: ['source'],
      storage,
      bufferBytes: bytes,
      batchBytes: bytes,
    })
    const { value: first } = await stream.next()
    expect(first.numRows).toBeGreaterThan(0)
    gateway.spoil(() => 'reset')
    const path = join(directory, 'not-written')
    const writer = await openWriter(path)
    const error = await rejection(() => writer.writeAll(stream))
    expect([error.code, error.message]).toEqual(['StorageIO', expect.stringContaining('source')])
    expect(gateway.seen.length).toBeGreaterThan(0)
    expect(filesBelow(directory).filter((file) => file.startsWith(path))).toEqual([])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    await reader.close()
  })
})
