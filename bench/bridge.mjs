/**
 * node bench/bridge.mjs [rounds] [--json]: what it costs to lend a batch to native code and to take one from
 * it, beside the write of the same batch in the same rounds. Prints medians and the least of all
 * (what a busy machine has not disturbed); asserts nothing.
 *
 * `export` is a RecordBatch to the structs of the C Data Interface, `import` those structs to a
 * RecordBatch, the schema with each. *In a stream* there is one schema for as many batches; an
 * import then waits for a thread of the addon, and pays for the collections that V8 makes when so
 * much memory comes from outside. Releases are not timed. A write opens a writer, writes the batch
 * and publishes the files on tmpfs, vectors stored and really compressed.
 *
 *   wide    8,192 rows of 10 columns, one of them a 768-dimensional vector: 26 MB
 *   narrow  8,192 rows of 10 scalar columns: under 1 MB
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import {
  exportRecordBatch,
  exportStream,
  importRecordBatch,
  importStream,
} from '../dist/esm/cdata/public.js'
import { PackedWriter } from '../dist/esm/index.js'
import * as columns from './datasets/columns.mjs'
import { Random } from './datasets/random.mjs'
import { median } from './driver/figures.mjs'
import { tmpfsFolder } from './driver/machine.mjs'

const ROWS = 8192
const ROUNDS = Number(process.argv[2] ?? 15)
const AS_JSON = process.argv.includes('--json')
/** Batches lent and taken in a round, singly and in a stream. */
const REPEATS = 21

const SCALARS = {
  RowID: columns.rowIds(),
  Timestamp: columns.timestamps(),
  pk: columns.shuffledKeys(),
  category: columns.categories('category'),
  price: columns.prices32(),
  score: columns.uniforms(),
  flag: columns.flags(0.3),
  number: columns.int64Below(1_000_000),
  small: columns.int32Below(1000),
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

const BATCHES = {
  wide: batchOf({ ...SCALARS, embedding: columns.embeddings(768) }),
  narrow: batchOf({ ...SCALARS, sparse: columns.withNulls(columns.uniforms()) }),
}

const WRITES = {
  'write, stored': { vectors: 'uncompressed' },
  'write, ZSTD 1': { vectors: { codec: 'zstd', level: 1 } },
}

function batchOf(makers) {
  const random = new Random('bridge')
  const fields = Object.entries(makers).map(
    ([name, { type, nullable }]) => new Field(name, type, nullable),
  )
  const children = Object.values(makers).map(({ make }) => make({ first: 0, rows: ROWS, random }))
  const type = new Struct(fields)
  const data = makeData({ type, length: ROWS, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data)
}

function bytesOf(batch) {
  const buffers = batch.data.children.flatMap((child) => child.buffers)
  return buffers.reduce((sum, buffer) => sum + (buffer?.byteLength ?? 0), 0)
}

const microseconds = (start) => Number(process.hrtime.bigint() - start) / 1e3

/** Microseconds of exports and of imports; what was imported is dropped at once. */
async function exchange(batch) {
  const taken = { export: [], import: [] }
  for (let i = 0; i < REPEATS; i++) {
    let start = process.hrtime.bigint()
    const lent = exportRecordBatch(batch)
    taken.export.push(microseconds(start))
    start = process.hrtime.bigint()
    importRecordBatch(lent)
    taken.import.push(microseconds(start))
    lent.release()
  }
  let start = process.hrtime.bigint()
  const stream = exportStream({ schema: batch.schema, batches: Array(REPEATS).fill(batch) })
  taken['export in a stream'] = [microseconds(start) / REPEATS]
  start = process.hrtime.bigint()
  let rows = 0
  for await (const { numRows } of importStream(stream.address)) rows += numRows
  taken['import in a stream'] = [microseconds(start) / REPEATS]
  stream.release()
  if (rows !== REPEATS * ROWS) throw new Error(`Expected every row but received ${rows}`)
  return taken
}

async function write(batch, options) {
  const directory = mkdtempSync(join(tmpfsFolder(), 'arrow-packed-bridge-'))
  const start = process.hrtime.bigint()
  const writer = await PackedWriter.open({
    schema: batch.schema,
    fieldIds: 'auto',
    directory,
    compression: { codec: 'zstd', level: 1 },
    ...options,
  })
  await writer.write(batch)
  await writer.finish()
  const elapsed = microseconds(start)
  rmSync(directory, { recursive: true })
  return elapsed
}

/** Of a batch that came in: how many ArrayBuffers there are to keep and to finalize. */
function arrayBuffersOf(batch) {
  const lent = exportRecordBatch(batch)
  const { children } = importRecordBatch(lent).data
  lent.release()
  const views = children.flatMap((child) => child.buffers.filter((view) => view?.byteLength > 0))
  return new Set(views.map((view) => view.buffer)).size
}

/** Median and least microseconds by what was done. */
async function measure(batch) {
  const times = new Map()
  for (let round = 0; round <= ROUNDS; round++) {
    collectGarbage()
    const taken = await exchange(batch)
    for (const [name, options] of Object.entries(WRITES))
      taken[name] = [await write(batch, options)]
    if (round === 0) continue // warms up
    for (const [name, values] of Object.entries(taken)) {
      times.set(name, [...(times.get(name) ?? []), ...values])
    }
  }
  return Array.from(times, ([name, values]) => ({
    name,
    median: median(values),
    least: Math.min(...values),
  }))
}

function report({ name, columns, bytes, arrayBuffers, times }) {
  console.log(`\n${name}: ${columns} columns, ${bytes} bytes, ${arrayBuffers} ArrayBuffers`)
  const writes = times.filter((entry) => entry.name in WRITES)
  const print = (value) => `${value.toFixed(0).padStart(8)} µs`
  for (const entry of times) {
    const shares = writes
      .filter(() => !writes.includes(entry))
      .map((write) => `${((100 * entry.median) / write.median).toFixed(2)} % of ${write.name}`)
    const figures = print(entry.median) + print(entry.least)
    console.log(`  ${entry.name.padEnd(20)}${figures}  ${shares.join(', ')}`)
  }
}

const results = []
for (const [name, batch] of Object.entries(BATCHES)) {
  results.push({
    name,
    rows: ROWS,
    columns: batch.schema.fields.length,
    bytes: bytesOf(batch),
    arrayBuffers: arrayBuffersOf(batch),
    times: await measure(batch),
  })
}
if (AS_JSON) {
  console.log(JSON.stringify(results))
} else {
  console.log(`${ROWS} rows, ${ROUNDS} rounds; median and least`)
  for (const result of results) report(result)
}
