/** Cases of the format note about object stores, through the public interface. */
import { FixedSizeBinary, Schema } from 'apache-arrow'
import { PackedReader, PackedWriter, toVectorColumn } from '../lib/index.js'
import { openChunkManager, openObjectStore, storageMetrics } from '../lib/storage/index.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { batchOf, expectSample, field, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const MEGABYTE = 1_000_000
const DIM = 250
const SCHEMA = new Schema([field('v', new FixedSizeBinary(4 * DIM), 100)])

describeWithServers('an object store', () => {
  const directory = temporaryDirectory('storage-cases')
  const servers: TestServer[] = []

  /** A store of its own for each test: its counters begin at zero. */
  async function start() {
    const server = await startVersitygw(`${directory}/${servers.length}`)
    servers.push(server)
    const name = `127.0.0.1:${server.port}/${BUCKET}`
    const counts = () => storageMetrics().find(({ filesystem }) => filesystem === name)
    return { storage: storageAt(server.port), counts }
  }
  afterAll(() => Promise.all(servers.map((server) => server.stop())))

  test('case 68: nine batches of 1 MB are one request, not parts', async () => {
    const { storage, counts } = await start()
    const groups = [{ id: 0, path: 'nine', fields: ['v'] }]
    const writer = await PackedWriter.open({ schema: SCHEMA, groups, ifExists: 'replace', storage })
    for (let batch = 0; batch < 9; batch += 1) {
      const vectors = new Float32Array(MEGABYTE / 4).fill(batch)
      await writer.write(
        batchOf(SCHEMA, [toVectorColumn(vectors, DIM, { as: 'fixed_size_binary' })]),
      )
    }
    const { groups: written } = await writer.finish()
    const { fileBytes } = written[0]!
    expect(fileBytes).toBeGreaterThan(9 * MEGABYTE)
    expect(counts()).toMatchObject({ requests: 1, parts: 0, openUploads: 0 })
    expect(counts()!.bytesWritten).toBe(fileBytes)
  })

  test('case 69: of two writers of one path the second keeps what the first has put', async () => {
    const { storage } = await start()
    const schema = sampleSchema()
    const groups = [{ id: 0, path: 'once', fields: schema.names as string[] }]
    const [first, second] = await Promise.all(
      [0, 1].map(() => PackedWriter.open({ schema, groups, storage })),
    )
    await first!.write(sampleBatch(0, 10))
    await second!.write(sampleBatch(10, 20))
    await first!.finish()
    const error = await rejection(() => second!.finish())
    expect(error).toMatchObject({ code: 'AlreadyExists', path: 'once', retryable: false })
    await using reader = await PackedReader.open({ paths: ['once'], storage })
    expectSample((await reader.toTable()).batches, 10)
  })

  test('case 70: a store that is opened and not read has cost no request', async () => {
    const { storage, counts } = await start()
    const store = await openObjectStore(storage)
    await openChunkManager(storage)
    expect(counts()?.requests ?? 0).toBe(0)
    store.close()
  })
})
