/** Codecs in workers that end, in a process that collects, and where nothing may be lent. */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { memoryUsage } from '../lib/index.js'
import { runNode } from './support/run-node.js'

async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 1000 && !condition(); i++) await sleep(10)
  return condition()
}

test('terminate() in the middle of everything', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 8; round++) {
    const worker = new Worker(join(__dirname, 'support', 'codec-forever.cjs'))
    await once(worker, 'message')
    await sleep(round * 15)
    expect(await worker.terminate()).toBe(1)
  }
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test.each([false, true])(
  'what nobody holds is given back (no external buffers: %s)',
  async (no) => {
    const run = await runNode('codec-collect.cjs', [], {
      flags: ['--expose-gc'],
      ...(no && { env: { ARROW_PACKED_NO_EXTERNAL: '1' } }),
    })
    expect([run.code, run.signal]).toEqual([0, null])
    const [left] = run.lines as Record<string, number>[]
    expect(left).toMatchObject({ borrowedBytes: 0, pending: 0 })
    expect(left!.poolBytes).toBeLessThan(1_000_000)
    expect(left!.grown).toBeLessThan(100_000_000)
  },
)
