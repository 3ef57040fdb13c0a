/** Workers in threads of their own, ended and cut off (the built library). */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { keysOf, numbers, openWorker, rowsIn } from './support/ingest.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const base = temporaryDirectory('ingest-threads')
const ROWS = 50

interface Told {
  resumed?: number
  accepted?: number
  closed?: number
}

/** A thread, and the messages that it told so far. */
function start(directory: string) {
  const script = join(__dirname, 'support', 'ingest-in-thread.cjs')
  const thread = new Worker(script, { workerData: { directory } })
  const told: Told[] = []
  thread.on('message', (message: Told) => told.push(message))
  /** Until it has told this many. */
  const until = async (count: number) => {
    while (told.length < count) await once(thread, 'message')
  }
  return { thread, told, until }
}

test('a worker in a thread does what one here does', async () => {
  const directory = join(base, 'closed')
  const { thread, told, until } = start(directory)
  await until(20)
  const conflict = await rejection(() => openWorker(directory))
  expect(conflict.code).toBe('Conflict')
  thread.postMessage('close')
  const [code] = await once(thread, 'exit')
  expect(code).toBe(0)
  const { closed } = told.at(-1)!
  expect(closed).toBeGreaterThanOrEqual(19)
  expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, closed! * ROWS))
})

test('terminated in the middle of its work, again and again, it loses and repeats nothing', async () => {
  const directory = join(base, 'terminated')
  let accepted = -1
  for (let round = 0; round < 4; round++) {
    const { thread, told, until } = start(directory)
    await until(10 + round * 7)
    await thread.terminate()
    expect(told[0]!.resumed).toBeGreaterThan(accepted)
    accepted = told.at(-1)!.accepted!
  }
  const worker = await openWorker(directory)
  const last = Number(worker.lastSequence('s'))
  expect(last).toBeGreaterThanOrEqual(accepted)
  await worker.close()
  expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, (last + 1) * ROWS))
})
