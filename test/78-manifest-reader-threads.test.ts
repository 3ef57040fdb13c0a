/** Manifest readers in worker threads and forgotten ones: what they leave. */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { memoryUsage } from '../lib/index.js'
import { ReadablePlace } from './support/manifest-reading.js'
import { BASE } from './support/manifest-writing.js'
import { runNode } from './support/run-node.js'
import { temporaryDirectory } from './support/temporary.js'

const place = new ReadablePlace(temporaryDirectory('manifest-reader-threads'))
const ROWS = 6000
beforeAll(() => place.append([1000, 2000, 3000]))

function startWorker(forever: boolean): Worker {
  const workerData = { rootPath: place.root, basePath: BASE, forever }
  return new Worker(join(__dirname, 'support', 'read-manifest.cjs'), { workerData })
}

async function memoryIsBack(before: number): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    if (memoryUsage().poolBytes <= before) return true
    await sleep(10)
  }
  return false
}

test('workers read the same', async () => {
  const before = memoryUsage().poolBytes
  const found = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const worker = startWorker(false)
      const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      return message
    }),
  )
  const sum = String((ROWS * (ROWS - 1)) / 2)
  const expected = { rows: ROWS, sum, ids: [ROWS - 1, 0, ROWS - 1], pending: 0 }
  expect(found).toEqual([expected, expected, expected, expected])
  expect(await memoryIsBack(before)).toBe(true)
})

test('terminate() in the middle of reading gives everything back', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 8; round++) {
    const worker = startWorker(true)
    await once(worker, 'message')
    await sleep(round * 3)
    expect(await worker.terminate()).toBe(1)
  }
  expect(await memoryIsBack(before)).toBe(true)
})

test('readers that are forgotten give their memory and their files back', async () => {
  const run = await runNode('forget-manifest-readers.cjs', [place.root, BASE], {
    flags: ['--expose-gc'],
  })
  expect([run.code, run.signal]).toEqual([0, null])
  const left = run.lines[0] as Record<string, number>
  expect(left.rows).toBe(30 * (500 + 3 + 1000))
  expect(left.most).toBeGreaterThan(0)
  expect(left.lentBytes).toBe(0)
  expect(left.poolBytes).toBeLessThanOrEqual(0)
  expect(left.descriptors).toBeLessThanOrEqual(0)
})
