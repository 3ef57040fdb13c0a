/**
 * node --expose-gc count-collections.cjs <directory>: how often the garbage collector looks at the
 * whole heap while the same rows are read and dropped again and again, `lent`, `mapped` and
 * `copied`, and what is left of them in the end. Prints one object.
 */
const { join } = require('node:path')
const { PerformanceObserver } = require('node:perf_hooks')
const { setImmediate: turn } = require('node:timers/promises')
const { makeVector, makeData, FixedSizeBinary, Schema, Field, RecordBatch, Struct, Int64 } =
  require('apache-arrow')
const { memoryUsage, PackedReader, PackedWriter } = require('./packed.cjs')

const ROWS = 8192
const BATCHES = 8
const BYTES_PER_VECTOR = 4096
const PASSES = 6
const TURNS = 20
const MAX_TURNS = 500
/** Half of what one pass reads. */
const MOST_EXTERNAL = 128 << 20

let collections = 0
new PerformanceObserver((list) => {
  // Only what marks the heap from its roots: `major`.
  collections += list.getEntries().filter(({ detail }) => detail.kind === 4).length
}).observe({ entryTypes: ['gc'] })

function batchOf(first) {
  const keys = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(first + i))
  const vectors = new Uint8Array(ROWS * BYTES_PER_VECTOR)
  for (let i = 0; i < vectors.length; i += 64) vectors[i] = (first + i) & 255
  const type = new FixedSizeBinary(BYTES_PER_VECTOR)
  const fields = [new Field('pk', new Int64(), false), new Field('embedding', type, false)]
  const children = [
    makeVector(keys).data[0],
    makeData({ type, length: ROWS, nullCount: 0, data: vectors }),
  ]
  const rows = makeData({ type: new Struct(fields), length: ROWS, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), rows)
}

async function writeSample(path) {
  const first = batchOf(0)
  const groups = [{ id: 0, path, fields: ['pk', 'embedding'] }]
  const writer = await PackedWriter.open({
    schema: first.schema,
    groups,
    fieldIds: 'auto',
    vectors: 'uncompressed',
  })
  for (let i = 0; i < BATCHES; i++) await writer.write(batchOf(i * ROWS))
  await writer.finish()
}

/** Collections of so many passes; observers are told in turns of the event loop. */
async function passes(read) {
  const before = collections
  for (let pass = 0; pass < PASSES; pass++) await read()
  for (let i = 0; i < TURNS; i++) await turn()
  return collections - before
}

async function main() {
  const path = join(process.argv[2], 'vectors')
  await writeSample(path)
  const drop = (options) => async () => {
    for await (const _ of await PackedReader.open({ paths: [path], ...options }));
  }
  const copied = await passes(drop({ copy: true }))
  const lent = await passes(drop({}))
  const mapped = await passes(drop({ mmap: true }))
  // What is swept beside the program is told to it later.
  const rest = () => ({
    lentBytes: memoryUsage().lentBytes,
    external: process.memoryUsage().external,
  })
  let left = rest()
  for (let i = 0; i < MAX_TURNS && (left.lentBytes > 0 || left.external > MOST_EXTERNAL); i++) {
    globalThis.gc()
    await turn()
    left = rest()
  }
  process.stdout.write(`${JSON.stringify({ copied, lent, mapped, left })}\n`)
}

main()
