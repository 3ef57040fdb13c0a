/**
 * node bench/ingest-memory.mjs [GiB] [budget MiB]: send a worker rows faster than the disk takes
 * them, and watch the anonymous memory of this process (RssAnon of /proc/self/status, so Linux
 * only). Prints its peak above what there was before the first row, and ends with 1 where that is
 * more than 20 % over the budget (`memoryBytes`).
 *
 * One batch is sent again and again, the source itself needs no memory; so many writes wait at a time
 * that they hold twice the budget.
 */
import { rmSync } from 'node:fs'
import { IngestWorker } from '../dist/esm/ingest/index.js'
import { anonymousBytes, benchDirectory, DIM, MIB, SCHEMA, userBatch } from './ingest-data.mjs'

const GIB = Number(process.argv[2] ?? 4)
const BUDGET = Number(process.argv[3] ?? 256) * MIB
const MOST = 1.2
const BATCH_ROWS = 1000
const AT_ONCE = Math.ceil((2 * BUDGET) / (BATCH_ROWS * 4 * DIM))
const EVERY_MS = 20

const home = benchDirectory('ingest-memory')
const batch = userBatch(BATCH_ROWS)
const messages = Math.ceil((GIB * 1024 * MIB) / (BATCH_ROWS * 4 * DIM))

async function send(worker) {
  let sequence = 0
  const writer = async () => {
    while (sequence < messages)
      await worker.write({ source: 'bench', sequence: sequence++, rows: batch })
  }
  await Promise.all(Array.from({ length: AT_ONCE }, writer))
}

try {
  const worker = await IngestWorker.open({ directory: home, schema: SCHEMA, memoryBytes: BUDGET })
  const { memoryBytes: rowBytes } = worker.status()
  const before = anonymousBytes()
  let peak = before
  let mostHeld = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, anonymousBytes())
    mostHeld = Math.max(mostHeld, worker.status().bufferBytes)
  }, EVERY_MS)
  const start = performance.now()
  await send(worker)
  await worker.flush()
  const seconds = (performance.now() - start) / 1000
  clearInterval(watch)
  await worker.close()
  const above = peak - before
  const mib = (bytes) => (bytes / MIB).toFixed(0)
  console.log(
    `${GIB} GiB in ${seconds.toFixed(0)} s: ${mib(above)} MiB of anonymous memory above ` +
      `${mib(before)}, ${((100 * above) / BUDGET).toFixed(0)} % of the budget of ${mib(BUDGET)} MiB; ` +
      `the worker held ${mib(mostHeld)} at most by its own count`,
  )
  if (mostHeld < 0.9 * rowBytes) {
    console.log('The source hardly had to wait: this says little about the budget.')
  }
  if (above > MOST * BUDGET) process.exitCode = 1
} finally {
  rmSync(home, { recursive: true, force: true })
}
