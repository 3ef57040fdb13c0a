/** An object store that is away for half a minute in the middle of syncs. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chunkManagerAt } from '../../lib/storage/index.js'
import { keysOf, numbers, openWorker, rowsStored } from '../support/ingest.js'
import { describeWithServers, startVersitygw, storageAt } from '../support/object-servers.js'
import { SteadyWriter } from '../support/steady-writer.js'
import { temporaryDirectory } from '../support/temporary.js'
import { startToxiproxy, type Toxiproxy } from '../support/toxiproxy.js'
import { until } from '../support/write-buffers.js'

const OUTAGE_MS = 30_000
const MEMORY_BYTES = 1 << 20

describeWithServers('an outage of 30 s', () => {
  const base = temporaryDirectory('ingest-outage')
  let server: Awaited<ReturnType<typeof startVersitygw>>
  let proxy: Toxiproxy
  beforeAll(async () => {
    server = await startVersitygw(base)
    proxy = await startToxiproxy()
  })
  afterAll(() => Promise.all([proxy.stop(), server.stop()]))

  test('is outlived by a worker: it waits, within its memory, and then goes on', async () => {
    const link = await proxy.link(server.port)
    const storage = storageAt(link.port, { rootPath: 'ingest' })
    const directory = join(base, 'worker')
    const worker = await openWorker(directory, {
      storage,
      memoryBytes: MEMORY_BYTES,
      insertBufferBytes: 64 << 10,
      segmentRows: 5000,
    })
    const writer = new SteadyWriter(worker)
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, worker.status().bufferBytes)
    }, 50)
    await until(() => worker.status().segments.flushed >= 1)
    await link.enable(false)
    const back = sleep(OUTAGE_MS).then(() => link.enable(true))
    await sleep(OUTAGE_MS / 2)
    const stuck = writer.accepted
    await back
    // No room for a further message: the store's own retries go on, nothing has failed so far.
    expect(writer.accepted).toBe(stuck)
    await until(() => writer.accepted > stuck)
    await writer.stop()
    await worker.flush()
    clearInterval(watch)
    expect(most).toBeLessThanOrEqual(MEMORY_BYTES)
    expect(writer.refused).toEqual(new Set())
    expect(worker.status()).toMatchObject({ state: 'running', backlogMessages: 0, bufferBytes: 0 })
    await worker.close()

    const chunkManager = await chunkManagerAt({ storage })
    const rows = await rowsStored({ metaDirectory: join(directory, 'meta'), chunkManager })
    expect(keysOf(rows)).toEqual(numbers(0, writer.accepted))
  }, 180_000)
})
