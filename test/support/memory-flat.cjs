/**
 * node memory-flat.cjs <directory> <repetitions> | <workers> workers: open, write, finish, read and
 * close again and again, in this process or in as many workers (four at a time), and print what the
 * process holds after each, or after each tenth of the workers.
 */
const fs = require('node:fs')
const { once } = require('node:events')
const { join } = require('node:path')
const { setTimeout: pause } = require('node:timers/promises')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')
const { Worker } = require('node:worker_threads')
const { memoryUsage, PackedReader, PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

const ROWS = 100_000
const AT_ONCE = 4
const MOST_PAUSES = 500
const PAUSE_MS = 10
const [directory, count, kind] = process.argv.slice(2)

async function roundTrip(batch) {
  const groups = [
    { id: 0, path: join(directory, '0'), fields: ['pk', 'text'] },
    { id: 102, path: join(directory, '102'), fields: ['embedding'] },
  ]
  const options = { schema: NUMBERED_SCHEMA, groups, ifExists: 'replace' }
  const writer = await PackedWriter.open(options)
  await writer.write(batch)
  await writer.finish()
  await writer.close()
  const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
  let rows = 0
  for await (const read of reader) rows += read.numRows
  await reader.close()
  return rows
}

const entries = (folder) => fs.readdirSync(`/proc/self/${folder}`).length

function held() {
  const [, kilobytes] = /RssAnon:\s+(\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'utf8'))
  const { poolBytes, lentBytes, borrowedBytes, pending } = memoryUsage()
  return {
    poolBytes,
    lentBytes,
    borrowedBytes,
    pending,
    anonymousBytes: Number(kilobytes) * 1024,
    descriptors: entries('fd'),
    threads: entries('task'),
  }
}

/** What is left when the collector, and threads that end, have had their time. */
async function settled(threads = Number.POSITIVE_INFINITY) {
  for (let i = 0; i < MOST_PAUSES; i++) {
    collect()
    await pause(PAUSE_MS)
    const { poolBytes, lentBytes, threads: now } = held()
    if (poolBytes === 0 && lentBytes === 0 && now <= threads) break
  }
  return held()
}

function say(rows, left) {
  process.stdout.write(`${JSON.stringify({ rows, ...left })}\n`)
}

async function repeat(times) {
  const batch = numberedBatch(1, 0, ROWS)
  for (let i = 0; i < times; i++) {
    const rows = await roundTrip(batch)
    say(rows, await settled())
  }
}

async function inWorker(name) {
  const home = join(directory, name)
  fs.mkdirSync(home, { recursive: true })
  const worker = new Worker(join(__dirname, 'round-trip.cjs'), { workerData: { directory: home } })
  const [[{ right }]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  fs.rmSync(home, { recursive: true })
  return right
}

async function repeatInWorkers(workers) {
  let rows = 0
  let threads
  for (let first = 0; first < workers; first += AT_ONCE) {
    const names = Array.from({ length: AT_ONCE }, (_, i) => `worker-${first + i}`)
    for (const right of await Promise.all(names.map(inWorker))) rows += right
    if ((first + AT_ONCE) % (workers / 10) !== 0) continue
    const left = await settled(threads)
    threads ??= left.threads
    say(rows, left)
  }
}

if (kind === 'workers') repeatInWorkers(Number(count))
else repeat(Number(count))
