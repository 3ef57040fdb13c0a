/**
 * node bench/upload-memory.mjs [GiB] [out.json]: upload 4 GiB with 64 MiB in flight, and watch the
 * anonymous memory of this process (RssAnon of /proc/self/status, so Linux only). Prints its peak
 * above what there was before the upload, and ends with 1 where that is over the bound.
 *
 * Needs build/servers/bin (scripts/fetch-servers) and the disk for the object.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Field, FixedSizeBinary, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { PackedWriter } from '../dist/esm/index.js'
import { startSlowStore, storageAt } from './slow-store.mjs'

const GIB = Number(process.argv[2] ?? 4)
const OUT = process.argv[3]
const MIB = 1 << 20
const WIDTH = 4096
const BATCH_MIB = 16
const IN_FLIGHT_MIB = 64
/** What is in flight, twice (native, and on its way through Node), the writer's buffer, a margin. */
const BOUND_MIB = 2 * IN_FLIGHT_MIB + 32 + 96
const EVERY_MS = 20

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
mkdirSync(join(ROOT, 'build'), { recursive: true })
const HOME = mkdtempSync(join(ROOT, 'build', 'bench-memory-'))
const TYPE = new FixedSizeBinary(WIDTH)
const SCHEMA = new Schema([
  new Field('payload', TYPE, false, new Map([['PARQUET:field_id', '100']])),
])

function anonymousMib() {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
}

function makeBatch() {
  const length = (BATCH_MIB * MIB) / WIDTH
  const data = new Uint8Array(BATCH_MIB * MIB)
  for (let i = 0; i < data.length; i += 8) data[i] = i % 251
  const children = [makeData({ type: TYPE, length, nullCount: 0, data })]
  const type = new Struct(SCHEMA.fields)
  return new RecordBatch(SCHEMA, makeData({ type, length, nullCount: 0, children }))
}

async function upload(storage, path, mebibytes) {
  const groups = [{ id: 100, path, fields: ['payload'] }]
  const batch = makeBatch()
  const writer = await PackedWriter.open({ schema: SCHEMA, groups, storage, ifExists: 'replace' })
  for (let left = mebibytes; left > 0; left -= BATCH_MIB) await writer.write(batch)
  return (await writer.finish()).groups[0].fileBytes
}

const store = await startSlowStore(HOME, 0)
try {
  const storage = { ...storageAt(store.direct), uploadBytesInFlight: IN_FLIGHT_MIB * MIB }
  await upload(storage, 'warm', 32)
  const before = anonymousMib()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, anonymousMib())
  }, EVERY_MS)
  const start = performance.now()
  const bytes = await upload(storage, 'large', GIB * 1024)
  const seconds = (performance.now() - start) / 1000
  clearInterval(watch)
  const record = { mebibytes: bytes / MIB, seconds, beforeMib: before, peakMib: peak }
  const above = peak - before
  console.log(
    `${(bytes / MIB).toFixed(0)} MiB in ${seconds.toFixed(0)} s: ${above.toFixed(0)} MiB of anonymous ` +
      `memory above ${before.toFixed(0)}; bound ${BOUND_MIB}`,
  )
  if (OUT === undefined) console.log(JSON.stringify(record))
  else writeFileSync(OUT, `${JSON.stringify(record)}\n`)
  if (above > BOUND_MIB) process.exitCode = 1
} finally {
  store.stop()
  rmSync(HOME, { recursive: true, force: true })
}
