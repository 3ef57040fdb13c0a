/** Environments that come, go and are cut off (docs/ownership.md 2, 4 and 7). */
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { memoryUsage } from '../lib/index.js'
import { runNode } from './support/run-node.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('workers')
const ROWS = 20_000

function startWorker(script: string, name: string): Worker {
  const home = join(directory, name)
  mkdirSync(home, { recursive: true })
  return new Worker(join(__dirname, 'support', script), { workerData: { directory: home } })
}

/** True as soon as `condition` holds; false after ten seconds. */
async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return true
    await sleep(10)
  }
  return false
}

test('workers come and go', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 3; round++) {
    const workers = Array.from({ length: 4 }, (_, i) =>
      startWorker('round-trip.cjs', `${round}-${i}`),
    )
    const results = await Promise.all(
      workers.map(async (worker) => {
        const [message] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
        return message[0]
      }),
    )
    expect(results).toEqual(workers.map(() => ({ right: ROWS, pending: 0 })))
  }
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test('terminate() in the middle of a write', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 12; round++) {
    const worker = startWorker('write-forever.cjs', `killed-${round}`)
    await once(worker, 'message')
    await sleep(round * 3)
    expect(await worker.terminate()).toBe(1)
  }
  const leftovers = () => filesBelow(directory).filter((file) => file.includes('killed-'))
  expect(await eventually(() => leftovers().length === 0)).toBe(true)
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test('terminate() in the middle of hashing keys and indexing deletes', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 8; round++) {
    const worker = startWorker('index-forever.cjs', `index-${round}`)
    await once(worker, 'message')
    await sleep(round * 7)
    expect(await worker.terminate()).toBe(1)
  }
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test('terminate() in the middle of records as bytes', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 8; round++) {
    const worker = startWorker('serialize-forever.cjs', `records-${round}`)
    await once(worker, 'message')
    await sleep(round * 7)
    expect(await worker.terminate()).toBe(1)
  }
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test('terminate() in the middle of quantizing vectors', async () => {
  const before = memoryUsage().poolBytes
  for (let round = 0; round < 8; round++) {
    const worker = startWorker('quantize-forever.cjs', `quantize-${round}`)
    await once(worker, 'message')
    await sleep(round * 3)
    expect(await worker.terminate()).toBe(1)
  }
  expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
})

test('terminate() inside synchronous calls', async () => {
  // A call that is cut off can neither go on nor throw: it must not take the process along.
  const rounds = Array.from({ length: 24 }, async (_, round) => {
    const worker = startWorker('call-forever.cjs', `calls-${round}`)
    await once(worker, 'message')
    await sleep(round)
    return worker.terminate()
  })
  expect(new Set(await Promise.all(rounds))).toEqual(new Set([1]))
})

test('the process ends by itself', async () => {
  for (const args of [[], ['idle']]) {
    const home = join(directory, `alone-${args.length}`)
    const run = await runNode('round-trip.cjs', [home, ...args])
    expect(run).toEqual({ code: 0, signal: null, lines: [{ right: ROWS, pending: 0 }] })
    expect(filesBelow(home).sort()).toEqual([join(home, 'set', '0'), join(home, 'set', '102')])
  }
})

test('process.exit with work in flight', async () => {
  for (let round = 0; round < 5; round++) {
    const home = join(directory, `exit-${round}`)
    const run = await runNode('exit-while-writing.cjs', [home, '7'])
    expect(run).toEqual({ code: 7, signal: null, lines: ['exiting'] })
    expect(existsSync(home) ? filesBelow(home) : []).toEqual([])
  }
})

test('two copies of the module in one process', async () => {
  const addon = process.env.ARROW_PACKED_ADDON ?? 'build/Release/arrow_packed.node'
  const run = await runNode('two-copies.cjs', [resolve(__dirname, '..', addon)])
  expect(run.code).toBe(0)
  const [first, ...settled] = run.lines
  expect(first).toEqual({ separate: true, pending: [2, 1] })
  expect(settled.map((line) => (line as { code: string }).code)).toEqual([
    'NotFound',
    'NotFound',
    'NotFound',
  ])
})
