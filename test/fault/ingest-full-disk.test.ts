/** A worker on a disk that becomes full, and has room again later: nothing is lost. */
import { join } from 'node:path'
import type { IngestWorker } from '../../lib/ingest/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { keysOf, numbers, openWorker, rowsIn, rowsStored } from '../support/ingest.js'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js'
import { SteadyWriter } from '../support/steady-writer.js'
import { temporaryDirectory } from '../support/temporary.js'
import { until } from '../support/write-buffers.js'

const base = temporaryDirectory('ingest-full')
const SMALL = {
  memoryBytes: 1 << 20,
  insertBufferBytes: 64 << 10,
  segmentRows: 5000,
  fsync: 'interval',
} as const

async function withDisk(name: string, use: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const disk = mountSmallDisk(join(base, name), 48)
  if (disk === undefined) return
  try {
    await use(disk)
  } finally {
    disk.unmount()
  }
}

const stateOf = (worker: IngestWorker) => worker.status().state

test('everything on one disk: messages are refused while it is full, and accepted after that', async () => {
  await withDisk('all', async (disk) => {
    const directory = join(disk.home, 'worker')
    const worker = await openWorker(directory, SMALL)
    const writer = new SteadyWriter(worker)
    await until(() => worker.status().segments.flushed >= 2)
    disk.fill()
    await until(() => stateOf(worker) === 'stalled')
    expect(worker.status().lastError).toMatchObject({ code: 'NoSpace', retryable: true })
    const stuck = writer.accepted
    disk.empty()
    await until(() => writer.accepted > stuck + 5000 && stateOf(worker) === 'running')
    await writer.stop()
    await worker.close()
    expect([...writer.refused].every((code) => code === 'NoSpace')).toBe(true)
    expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, writer.accepted))
  })
}, 120_000)

test('segments on a full disk: rows wait in the log, and memory stays within its bounds', async () => {
  await withDisk('segments', async (disk) => {
    const directory = join(base, 'beside')
    const storage = { storageType: 'local', rootPath: join(disk.home, 'segments') } as const
    const worker = await openWorker(directory, { ...SMALL, storage })
    const writer = new SteadyWriter(worker)
    await until(() => worker.status().segments.flushed >= 1)
    disk.fill()
    await until(() => stateOf(worker) === 'stalled')
    const { bufferBytes, lastError } = worker.status()
    expect(lastError).toMatchObject({ code: 'NoSpace' })
    expect(bufferBytes).toBeLessThanOrEqual(SMALL.memoryBytes)
    const stuck = writer.accepted
    disk.empty()
    await until(() => writer.accepted > stuck)
    await writer.stop()
    await worker.flush()
    expect(writer.refused).toEqual(new Set())
    expect(worker.status().state).toBe('running')
    await worker.close()
    const chunkManager = new LocalChunkManager({ rootPath: storage.rootPath })
    const rows = await rowsStored({ metaDirectory: join(directory, 'meta'), chunkManager })
    expect(keysOf(rows)).toEqual(numbers(0, writer.accepted))
  })
}, 120_000)

test('a worker that is closed on a full disk says so, and the next one has everything', async () => {
  await withDisk('closed', async (disk) => {
    const directory = join(disk.home, 'worker')
    const worker = await openWorker(directory, SMALL)
    const writer = new SteadyWriter(worker)
    await until(() => worker.status().segments.flushed >= 1)
    disk.fill()
    await until(() => stateOf(worker) === 'stalled')
    const ending = writer.stop()
    await worker.close({ flush: false })
    await ending
    disk.empty()
    const again = await openWorker(directory, SMALL)
    expect(again.lastSequence('steady')).toBe(BigInt(writer.accepted))
    await again.close()
    expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, writer.accepted))
  })
}, 120_000)
