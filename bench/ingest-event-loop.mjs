/**
 * node bench/ingest-event-loop.mjs [seconds]: how late the event loop of a worker is while rows
 * come as fast as it takes them. Prints percentiles of the delay of a timer that is due every
 * millisecond, and ends with 1 where p99 is 20 ms or more.
 *
 * The whole of the way is under load: rows are copied, logged with fsync, buffered, encoded and
 * written, segments are flushed, deletes and metadata saved.
 */
import { rmSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { IngestWorker } from '../dist/esm/ingest/index.js'
import { benchDirectory, DIM, MIB, SCHEMA, userBatch } from './ingest-data.mjs'

const SECONDS = Number(process.argv[2] ?? 30)
const MOST_MS = 20
const BATCH_ROWS = 1000
const AT_ONCE = 16
const DELETES = BigInt64Array.from({ length: 100 }, (_, i) => BigInt(i * 10))

const home = benchDirectory('ingest-event-loop')
const batch = userBatch(BATCH_ROWS)

try {
  const worker = await IngestWorker.open({
    directory: home,
    schema: SCHEMA,
    segmentBytes: 64 * MIB,
  })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const end = performance.now() + SECONDS * 1000
  let sequence = 0
  const writer = async () => {
    while (performance.now() < end) {
      const message = { source: 'bench', sequence: sequence++, rows: batch, deletes: DELETES }
      await worker.write(message)
    }
  }
  delay.enable()
  await Promise.all(Array.from({ length: AT_ONCE }, writer))
  await worker.flush()
  delay.disable()
  const { segments, rows } = worker.status()
  await worker.close()
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(1)
  const [p50, p90, p99, p999] = [50, 90, 99, 99.9].map((share) => delay.percentile(share))
  const mib = (rows * 4 * DIM) / MIB
  console.log(
    `${rows} rows (${mib.toFixed(0)} MiB) into ${segments.flushed} segments in ${SECONDS} s: ` +
      `event-loop delay p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, ` +
      `max ${ms(delay.max)} ms`,
  )
  if (p99 >= MOST_MS * 1e6) process.exitCode = 1
} finally {
  rmSync(home, { recursive: true, force: true })
}
