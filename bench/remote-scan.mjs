/**
 * node bench/remote-scan.mjs [rounds] [out.json]: scan the column groups of a segment in an object
 * store that is 50 ms away: all groups against the longest one alone, and against pyarrow's
 * S3FileSystem, which reads the same objects from the same server; the latter also without the
 * latency. Rounds are interleaved; prints medians, asserts nothing.
 *
 * Needs build/servers/bin (scripts/fetch-servers). versitygw, toxiproxy and the readers share the
 * machine.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  Field,
  FixedSizeBinary,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow'
import { PackedReader, PackedWriter, storageMetrics } from '../dist/esm/index.js'
import { ACCESS_KEY, BUCKET, SECRET_KEY, startSlowStore, storageAt } from './slow-store.mjs'

const ROUNDS = Number(process.argv[2] ?? 5)
const OUT = process.argv[3]
const LATENCY_MS = 50
const BATCHES = 6
const BATCH_ROWS = 8192
/** Numbers in the vectors of each group, a text for 0: as a segment is, and all alike. */
const SHAPES = { 'one wide group': [0, 0, 0, 0, 384], 'equal groups': [32, 32, 32, 32, 32] }

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const HOME = join(ROOT, 'build', 'bench-remote')

const withId = (name, type, id) =>
  new Field(name, type, false, new Map([['PARQUET:field_id', String(id)]]))
const vectorType = (dim) => new FixedSizeBinary(4 * dim)

/** pk and a field for every dimension, each in a group of its own; the widest is the last. */
function schemaOf(dims) {
  return new Schema([
    withId('pk', new Int64(), 100),
    ...dims.map((dim, i) => withId(`field${i}`, dim === 0 ? new Utf8() : vectorType(dim), 101 + i)),
  ])
}

/** Deterministic noise in [-1, 1): embeddings do not repeat. */
function noise(count, seed) {
  const values = new Float32Array(count)
  let state = seed
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = state / 2 ** 31 - 1
  }
  return new Uint8Array(values.buffer)
}

function texts(first, salt) {
  const words = Array.from({ length: BATCH_ROWS }, (_, i) =>
    Buffer.from(`document ${first + i} of ${(i * 7919 * salt) % 9973}`),
  )
  const valueOffsets = new Int32Array(BATCH_ROWS + 1)
  words.forEach((word, i) => {
    valueOffsets[i + 1] = valueOffsets[i] + word.length
  })
  const data = new Uint8Array(Buffer.concat(words))
  return makeData({ type: new Utf8(), length: BATCH_ROWS, nullCount: 0, valueOffsets, data })
}

function vectors(dim, seed) {
  return makeData({
    type: vectorType(dim),
    length: BATCH_ROWS,
    nullCount: 0,
    data: noise(BATCH_ROWS * dim, seed),
  })
}

function makeBatch(schema, dims, number) {
  const first = number * BATCH_ROWS
  const children = [
    makeData({
      type: new Int64(),
      data: BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => BigInt(first + i)),
    }),
    ...dims.map((dim, i) =>
      dim === 0 ? texts(first, i + 1) : vectors(dim, 1000 * i + number + 1),
    ),
  ]
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length: BATCH_ROWS, nullCount: 0, children }))
}

/** The groups as files of the bucket's folder; what the writer says of each. */
async function writeGroups(folder, shape, dims) {
  const schema = schemaOf(dims)
  const below = (id) => `${shape.replaceAll(' ', '-')}/${id}`
  mkdirSync(dirname(join(folder, below(0))), { recursive: true })
  const writer = await PackedWriter.open({
    schema,
    groups: schema.fields.map(({ name }, id) => ({
      id,
      fields: [name],
      path: join(folder, below(id)),
    })),
  })
  for (let number = 0; number < BATCHES; number++) {
    await writer.write(makeBatch(schema, dims, number))
  }
  const { groups } = await writer.finish()
  return groups.map(({ fileBytes, footerBytes }, id) => ({
    path: below(id),
    sizeBytes: fileBytes,
    footerBytes,
  }))
}

async function scan(storage, paths) {
  const start = performance.now()
  const requests = () => storageMetrics().reduce((sum, store) => sum + store.requests, 0)
  const before = requests()
  const reader = await PackedReader.open({ paths, storage, releasePrevious: true })
  let rows = 0
  for await (const batch of reader) rows += batch.numRows
  await reader.close()
  if (rows !== BATCHES * BATCH_ROWS) throw new Error(`read ${rows} rows`)
  return { ms: performance.now() - start, requests: requests() - before }
}

/** pyarrow in one persistent child that measures itself. */
function pyarrow() {
  const homes = [join(ROOT, 'build', 'python'), join(ROOT, 'build', 'arrow', '26.0.1')]
  const PYTHONPATH = homes.find((path) => existsSync(join(path, 'pyarrow'))) ?? ''
  const script = join(ROOT, 'bench', 'remote_scan_pyarrow.py')
  const child = spawn('python3', ['-u', script, ACCESS_KEY, SECRET_KEY], {
    env: { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async scan(port, paths, how) {
      const objects = paths.map(({ path }) => `${BUCKET}/${path}`)
      child.stdin.write(`${JSON.stringify({ port, paths: objects, how })}\n`)
      const { value, done } = await replies.next()
      if (done) throw new Error('pyarrow ended early')
      const { ms, rows } = JSON.parse(value)
      if (rows !== BATCHES * BATCH_ROWS) throw new Error(`pyarrow read ${rows} rows`)
      return { ms }
    },
    close: () => child.stdin.end(),
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

async function measure(store, paths) {
  const peer = pyarrow()
  const [near, far] = [storageAt(store.direct), storageAt(store.slow)]
  const longest = paths.slice(-1)
  const plain = paths.map(({ path }) => path)
  const runs = {
    'all groups, 50 ms': () => scan(far, paths),
    'longest group alone, 50 ms': () => scan(far, longest),
    'all groups, sizes not known, 50 ms': () => scan(far, plain),
    'pyarrow in batches, 50 ms': () => peer.scan(store.slow, paths, 'batches'),
    'pyarrow in whole tables, 50 ms': () => peer.scan(store.slow, paths, 'tables'),
    'all groups': () => scan(near, paths),
    'pyarrow in batches': () => peer.scan(store.direct, paths, 'batches'),
    'pyarrow in whole tables': () => peer.scan(store.direct, paths, 'tables'),
  }
  const times = Object.fromEntries(Object.keys(runs).map((name) => [name, []]))
  const requests = {}
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const result = await run()
      if (round >= 0) times[name].push(result.ms) // the first round warms everything up
      if (result.requests !== undefined) requests[name] = result.requests
    }
  }
  peer.close()
  return { times, requests }
}

/** What one shape of segment takes, and how much longer other ways do. */
async function compare(store, shape, dims) {
  const paths = await writeGroups(store.folder, shape, dims)
  const { times, requests } = await measure(store, paths)
  const ms = Object.fromEntries(
    Object.entries(times).map(([name, all]) => [name, Math.round(median(all))]),
  )
  const best = (suffix) =>
    Math.min(ms[`pyarrow in batches${suffix}`], ms[`pyarrow in whole tables${suffix}`])
  const ratio = (over, under) => Math.round((100 * over) / under) / 100
  return {
    shape,
    groupMegabytes: paths.map(({ sizeBytes }) => Math.round(sizeBytes / 1e4) / 100),
    medianMs: ms,
    requests,
    allToLongest: ratio(ms['all groups, 50 ms'], ms['longest group alone, 50 ms']),
    pyarrowToUs: ratio(best(''), ms['all groups']),
    pyarrowToUsWithLatency: ratio(best(', 50 ms'), ms['all groups, 50 ms']),
  }
}

async function main() {
  rmSync(HOME, { recursive: true, force: true })
  const store = await startSlowStore(HOME, LATENCY_MS)
  try {
    const results = []
    for (const [shape, dims] of Object.entries(SHAPES)) {
      results.push(await compare(store, shape, dims))
    }
    const text = JSON.stringify({ rounds: ROUNDS, latencyMs: LATENCY_MS, results }, null, 2)
    console.log(text)
    if (OUT !== undefined) writeFileSync(OUT, `${text}\n`)
  } finally {
    store.stop()
    rmSync(HOME, { recursive: true, force: true })
  }
}

await main()
