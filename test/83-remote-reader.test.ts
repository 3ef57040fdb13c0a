import { mkdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from 'apache-arrow'
import {
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
  type StorageConfig,
} from '../lib/index.js'
import { storageMetrics } from '../lib/storage/index.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 60_000
const TAIL_BYTES = 64 << 10
const MIB = 1 << 20
const directory = temporaryDirectory('remote-reader')

/** What the files of the sample are, below their folder. */
interface Sample {
  path: string
  sizeBytes: number
  footerBytes: number
}

/** Groups of one field each, `folder` in the bucket's directory. */
async function writeSample(folder: string, rows: number): Promise<Sample[]> {
  const within = join(directory, 'data', BUCKET)
  mkdirSync(join(within, folder), { recursive: true })
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    groups: sampleSchema().fields.map(({ name }, id) => ({
      id,
      path: join(within, folder, String(id)),
      fields: [name],
    })),
    compression: 'uncompressed',
  })
  for (let row = 0; row < rows; row += 10_000) {
    await writer.write(sampleBatch(row, Math.min(10_000, rows - row)))
  }
  const { groups } = await writer.finish()
  return groups.map(({ fileBytes, footerBytes }, id) => ({
    path: `${folder}/${id}`,
    sizeBytes: fileBytes,
    footerBytes,
  }))
}

async function collect(reader: PackedReader): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const batch of reader) batches.push(batch)
  return batches
}

describe('what is known of files', () => {
  const refused = async (paths: unknown) => {
    const error = await rejection(() => PackedReader.open({ paths } as PackedReaderOptions))
    expect(error.code).toBe('InvalidArgument')
    return error.message
  }

  test('is a path with sizes', async () => {
    expect(await refused([{}])).toContain('paths[0].path')
    expect(await refused(['a', { path: '' }])).toContain('paths[1].path')
    expect(await refused([{ path: 'a', sizeByte: 20 }])).toMatch(/paths\[0\].*"sizeBytes"/)
    expect(await refused([{ path: 'a', sizeBytes: 11 }])).toContain('paths[0].sizeBytes')
    expect(await refused([{ path: 'a', sizeBytes: '100' }])).toContain('paths[0].sizeBytes')
    expect(await refused([{ path: 'a', footerBytes: -1 }])).toContain('paths[0].footerBytes')
    expect(await refused([{ path: 'a', footerBytes: 1.5 }])).toContain('paths[0].footerBytes')
    expect(await refused([7])).toContain('paths[0]')
    expect(await refused([])).toContain('a non-empty array of paths')
  })

  test('changes nothing on the local disk', async () => {
    const sample = await writeSample('local', 1000)
    const within = join(directory, 'data', BUCKET)
    const paths = sample.map((file) => ({ ...file, path: join(within, file.path) }))
    const reader = await PackedReader.open({ paths })
    expectSample(await collect(reader), 1000)
    expect(reader.files.map(({ fileBytes }) => fileBytes)).toEqual(
      sample.map(({ sizeBytes }) => sizeBytes),
    )
  })
})

describeWithServers('a reader of objects', () => {
  let server: TestServer
  let storage: StorageConfig
  let sample: Sample[]
  let small: Sample[]

  beforeAll(async () => {
    server = await startVersitygw(directory)
    storage = storageAt(server.port)
    sample = await writeSample('large', ROWS)
    small = await writeSample('small', 100)
  })
  afterAll(() => server.stop())

  const open = (options: Partial<PackedReaderOptions> = {}) =>
    PackedReader.open({ paths: sample, storage, ...options })

  /** Requests and bytes that reads of the process have cost while `action` ran. */
  async function cost<T>(action: () => Promise<T>): Promise<{ requests: number; bytes: number }> {
    const now = () => {
      const store = storageMetrics().find(({ filesystem }) =>
        filesystem.includes(String(server.port)),
      )
      return { requests: store?.requests ?? 0, bytes: store?.bytesRead ?? 0 }
    }
    const before = now()
    await action()
    const after = now()
    return { requests: after.requests - before.requests, bytes: after.bytes - before.bytes }
  }

  test('opens files of known size with one request each, others with two', async () => {
    const paths = sample.map(({ path }) => path)
    const sizes = sample.map(({ path, sizeBytes }) => ({ path, sizeBytes }))
    const opened = async (given: NonNullable<PackedReaderOptions['paths']>) =>
      (await cost(async () => (await open({ paths: given })).close())).requests
    expect(await opened(sample)).toBe(4)
    expect(await opened(sizes)).toBe(4)
    expect(await opened(paths)).toBe(8)
  })

  test('reads small objects with what opens them', async () => {
    const { requests, bytes } = await cost(async () => {
      expectSample(await collect(await open({ paths: small })), 100)
    })
    expect(requests).toBe(4)
    expect(bytes).toBe(small.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  })

  test('asks for every byte once', async () => {
    const { requests, bytes } = await cost(async () => {
      const reader = await open()
      expectSample(await collect(reader), ROWS)
      await reader.close()
    })
    // The end of a file comes with its opening, the rest, below 8 MiB, in one request.
    expect(requests).toBe(8)
    const stored = sample.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    expect(bytes).toBeGreaterThan(stored - 4 * TAIL_BYTES)
    expect(bytes).toBeLessThan(stored + 4 * TAIL_BYTES)
  })

  test('asks for nothing of files that no column needs', async () => {
    const { requests } = await cost(async () => {
      const reader = await open({ columns: ['score'] })
      let rows = 0
      for await (const batch of reader) {
        expect(batch.schema.fields.map(({ name }) => name)).toEqual(['score'])
        rows += batch.numRows
      }
      expect(rows).toBe(ROWS)
    })
    expect(requests).toBe(4 + 1)
  })

  test.each([1, 64 << 10, MIB])('reads the same with %d bytes of budget', async (bufferBytes) => {
    expectSample(await collect(await open({ bufferBytes })), ROWS)
  })

  test('does not take what does not arrive for the file', async () => {
    const [file] = await writeSample('short', ROWS)
    const reader = await open({ paths: [file!] })
    const object = join(directory, 'data', BUCKET, file!.path)
    truncateSync(object, statSync(object).size / 2)
    const error = await rejection(() => collect(reader))
    expect(['FileCorrupted', 'FileChanged', 'StorageIO']).toContain(error.code)
    expect(error.path).toBe(file!.path)
  })

  test('is aborted while it reads', async () => {
    const controller = new AbortController()
    const reader = await open({ signal: controller.signal })
    await reader.readNext()
    controller.abort(new Error('enough'))
    await expect(collect(reader)).rejects.toThrow('enough')
  })
})
