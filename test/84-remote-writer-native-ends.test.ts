/** Processes and workers that end while native code waits for an upload. */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { memoryUsage } from '../lib/index.js'
import { runNode } from './support/run-node.js'

const SCRIPT = 'upload-forever.cjs'
const STEPS = ['create', 'part', 'complete', 'put']
/** Far below what the executor waits for its tasks when the process exits. */
const SOON_MS = 4000

/** True as soon as `condition` holds; false after ten seconds. */
async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return true
    await sleep(10)
  }
  return false
}

test.each(STEPS)('terminate() while nobody answers a %s', async (silentStep) => {
  const before = memoryUsage().poolBytes
  const workerData = { silentStep }
  const worker = new Worker(join(__dirname, 'support', SCRIPT), { workerData })
  await once(worker, 'message')
  await sleep(20)
  const started = Date.now()
  expect(await worker.terminate()).toBe(1)
  expect(Date.now() - started).toBeLessThan(SOON_MS)
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test.each(STEPS)('process.exit while nobody answers a %s', async (silentStep) => {
  const started = Date.now()
  const run = await runNode(SCRIPT, [silentStep, '7'])
  expect(run).toEqual({ code: 7, signal: null, lines: ['silent'] })
  expect(Date.now() - started).toBeLessThan(SOON_MS)
})

test.each(['0', '1'])('the process ends by itself (no external buffers: %s)', async (forbidden) => {
  const run = await runNode(SCRIPT, ['none', 'own'], {
    env: { ARROW_PACKED_NO_EXTERNAL: forbidden },
  })
  expect(run).toEqual({
    code: 0,
    signal: null,
    lines: [{ objects: ['0', '1'], pending: 0, poolBytes: expect.any(Number) }],
  })
})
