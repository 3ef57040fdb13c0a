/** A worker that may not write: a clear error, and what was accepted is there for the next one. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { keysOf, notes, numbers, openWorker, rowsStored } from '../support/ingest.js'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js'
import { SteadyWriter } from '../support/steady-writer.js'
import { temporaryDirectory } from '../support/temporary.js'
import { until } from '../support/write-buffers.js'

const base = temporaryDirectory('ingest-read-only')

/** Nobody may write, the superuser neither: permissions of a directory would not hold that one. */
function remount({ home }: SmallDisk, mode: 'ro' | 'rw'): boolean {
  return spawnSync('mount', ['-o', `remount,${mode}`, home]).status === 0
}

async function withDisk(name: string, use: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const disk = mountSmallDisk(join(base, name), 16)
  if (disk === undefined) return
  try {
    await use(disk)
  } finally {
    disk.unmount()
  }
}

test('a directory that cannot be written is refused at once, naming it', async () => {
  await withDisk('own', async (disk) => {
    const directory = join(disk.home, 'worker')
    mkdirSync(directory)
    expect(remount(disk, 'ro')).toBe(true)
    await expect(openWorker(directory)).rejects.toMatchObject({
      name: 'PackedError',
      code: 'PermissionDenied',
      message: expect.stringContaining(directory),
    })
    expect(remount(disk, 'rw')).toBe(true)
    const worker = await openWorker(directory)
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 1) })
    await worker.close()
  })
}, 60_000)

test('a file that cannot be written for want of a folder says so, too', async () => {
  await withDisk('folder', async (disk) => {
    const chunkManager = new LocalChunkManager({ rootPath: disk.home })
    expect(remount(disk, 'ro')).toBe(true)
    const write = chunkManager.write('new/folders/file', new Uint8Array(1))
    await expect(write).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: expect.stringContaining('EROFS'),
    })
  })
})

test('segments that cannot be written any more end the worker; the next one brings them', async () => {
  await withDisk('segments', async (disk) => {
    const directory = join(base, 'beside')
    const rootPath = join(disk.home, 'segments')
    const options = {
      storage: { storageType: 'local', rootPath },
      insertBufferBytes: 64 << 10,
      segmentRows: 5000,
    } as const
    const worker = await openWorker(directory, options)
    const writer = new SteadyWriter(worker)
    await until(() => worker.status().segments.flushed >= 1)
    // Refused while a file is open for writing.
    await until(() => remount(disk, 'ro'))
    await until(() => worker.status().state === 'failed')
    await writer.stop()
    const failure = { name: 'PackedError', code: 'PermissionDenied' }
    const write = worker.write({ source: 's', sequence: 1, rows: notes(0, 1) })
    await expect(write).rejects.toMatchObject(failure)
    await expect(worker.flush()).rejects.toMatchObject(failure)
    expect([...writer.refused]).toEqual(['PermissionDenied'])
    await expect(worker.close()).rejects.toMatchObject(failure)

    expect(remount(disk, 'rw')).toBe(true)
    const again = await openWorker(directory, options)
    const last = Number(again.lastSequence('steady'))
    // What was refused last may have been logged: the source sends it again in any case.
    expect(last - writer.accepted).toBeGreaterThanOrEqual(0)
    await again.close()
    const chunkManager = new LocalChunkManager({ rootPath })
    const rows = await rowsStored({ metaDirectory: join(directory, 'meta'), chunkManager })
    expect(keysOf(rows)).toEqual(numbers(0, last))
  })
}, 60_000)
