/** A metadata store that somebody else is writing to, that is gone, or that two workers want. */
import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalMetaStore } from '../../lib/sync/index.js'
import { startScript } from '../support/child.js'
import { keysOf, notes, numbers, openWorker, rowsIn } from '../support/ingest.js'
import { rejection } from '../support/rejection.js'
import { SteadyWriter } from '../support/steady-writer.js'
import { holdStore } from '../support/store-holder.js'
import { temporaryDirectory } from '../support/temporary.js'
import { until } from '../support/write-buffers.js'

const base = temporaryDirectory('ingest-store')
const HELD_MS = 10_000
const SMALL = { memoryBytes: 1 << 20, insertBufferBytes: 64 << 10, segmentRows: 5000 } as const

test('a process that holds the store for 10 s: the worker waits, then goes on', async () => {
  const directory = join(base, 'held')
  const worker = await openWorker(directory, SMALL)
  const writer = new SteadyWriter(worker)
  await until(() => worker.status().segments.flushed >= 1)
  const holder = await holdStore(join(directory, 'meta'), HELD_MS)
  let isHeld = true
  const released = once(holder, 'close').then(() => {
    isHeld = false
  })

  // Long enough for the memory and for the timestamps that the worker has taken to be used up.
  await sleep(HELD_MS * 0.6)
  const stuck = writer.accepted
  const { checkpoint, bufferBytes } = worker.status()
  await sleep(HELD_MS * 0.2)
  expect(isHeld).toBe(true)
  expect(writer.accepted).toBe(stuck)
  expect(worker.status().checkpoint).toEqual(checkpoint)
  expect(bufferBytes).toBeLessThanOrEqual(SMALL.memoryBytes)

  await released
  await until(() => writer.accepted > stuck + 5000)
  await writer.stop()
  expect([...writer.refused]).toEqual([])
  await worker.close()
  expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, writer.accepted))
}, 60_000)

test('a store that is held for longer than the worker waits: it tries again', async () => {
  const directory = join(base, 'timeout')
  const metaStore = await LocalMetaStore.open(join(directory, 'meta'), { lockTimeoutMs: 200 })
  const worker = await openWorker(directory, { ...SMALL, metaStore })
  const writer = new SteadyWriter(worker)
  await until(() => worker.status().segments.flushed >= 1)
  const holder = await holdStore(join(directory, 'meta'), 60_000)
  await until(() => writer.refused.has('Timeout'))
  const stuck = writer.accepted
  const dead = once(holder, 'close')
  holder.kill('SIGKILL')
  await dead
  await until(() => writer.accepted > stuck + 5000 && worker.status().state === 'running')
  await writer.stop()
  expect([...writer.refused]).toEqual(['Timeout'])
  await worker.close()
  await metaStore.close()
  expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, writer.accepted))
}, 60_000)

test('a store that is taken away ends the worker; with it everything is there again', async () => {
  const directory = join(base, 'lost')
  const [meta, away] = [join(directory, 'meta'), join(directory, 'away')]
  const worker = await openWorker(directory, SMALL)
  const writer = new SteadyWriter(worker)
  await until(() => worker.status().segments.flushed >= 1)
  renameSync(meta, away)
  await until(() => worker.status().state === 'failed')
  await writer.stop()
  expect(worker.status().lastError).toMatchObject({ code: 'MetadataCorrupted', path: meta })
  const failed = { code: 'MetadataCorrupted' }
  await expect(worker.write({ source: 's', sequence: 1, rows: notes(0, 1) })).rejects.toMatchObject(
    failed,
  )
  await expect(worker.close()).rejects.toMatchObject(failed)

  const error = await rejection(() => openWorker(directory))
  expect(error).toMatchObject({ code: 'MetadataCorrupted', path: directory })
  expect(error.message).toContain('the store is lost, or it is another one')

  renameSync(meta, join(directory, 'new'))
  renameSync(away, meta)
  const again = await openWorker(directory)
  const last = Number(again.lastSequence('steady'))
  expect(last).toBeGreaterThanOrEqual(writer.accepted)
  await again.close()
  expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, last))
}, 60_000)

test('a second worker on a directory is refused until the first one is dead', async () => {
  const directory = join(base, 'two')
  const child = startScript('ingest-until-killed.cjs', [JSON.stringify({ directory, end: 1e6 })])
  let accepted = 0
  child.stdout!.on('data', (text: Buffer) => {
    accepted += text.toString().split('accepted').length - 1
  })
  await until(() => accepted >= 20)
  const options = { schema: undefined }
  const error = await rejection(() => openWorker(directory, options))
  expect(error).toMatchObject({ code: 'Conflict', path: directory })
  expect(error.message).toContain(`process ${child.pid} on`)
  const seen = accepted
  await until(() => accepted > seen)

  const dead = once(child, 'close')
  child.kill('SIGKILL')
  await dead
  const warnings: object[] = []
  const silent = () => {}
  const logger = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (fields: object) => void warnings.push(fields),
  }
  const worker = await openWorker(directory, { ...options, logger })
  expect(warnings[0]).toMatchObject({ directory, staleOwner: { pid: child.pid } })
  await worker.close()
}, 60_000)
