/**
 * node bench/remote-upload.mjs [rounds] [out.json]: upload about 400 MB, one wide and one narrow
 * column group, by arrow-packed and by pyarrow's S3FileSystem, to the same server, turn by turn.
 * `bytes` are finished files from memory, `parquet` the rows, encoded on the way. Prints medians
 * and ratios of throughput; asserts nothing.
 *
 * Needs build/servers/bin (scripts/fetch-servers). versitygw keeps its objects in memory where
 * /dev/shm is, and shares the machine with both.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Field, FixedSizeBinary, Int64, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { openChunkManager, PackedWriter } from '../dist/esm/index.js'
import { ACCESS_KEY, BUCKET, SECRET_KEY, startSlowStore, storageAt } from './slow-store.mjs'

const ROUNDS = Number(process.argv[2] ?? 5)
const OUT = process.argv[3]
const BATCHES = 16
const BATCH_ROWS = 8192
const WIDTH = 3072
const MIB = 1 << 20

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const HOME = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'arrow-packed-'))

const withId = (name, type, id) =>
  new Field(name, type, false, new Map([['PARQUET:field_id', String(id)]]))
const VECTOR = new FixedSizeBinary(WIDTH)
const SCHEMA = new Schema([withId('pk', new Int64(), 100), withId('embedding', VECTOR, 101)])
const GROUPS = [
  { id: 0, path: '0', fields: ['pk'] },
  { id: 101, path: '101', fields: ['embedding'] },
]

/** Deterministic noise: embeddings do not repeat. */
function noise(bytes, seed) {
  const words = new Uint32Array(bytes / 4)
  let state = seed
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words[i] = state
  }
  return new Uint8Array(words.buffer)
}

function makeBatch(number) {
  const first = BigInt(number * BATCH_ROWS)
  const keys = BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => first + BigInt(i))
  const vectors = noise(BATCH_ROWS * WIDTH, number + 1)
  const children = [
    makeData({ type: new Int64(), data: keys }),
    makeData({ type: VECTOR, length: BATCH_ROWS, nullCount: 0, data: vectors }),
  ]
  const type = new Struct(SCHEMA.fields)
  return new RecordBatch(SCHEMA, makeData({ type, length: BATCH_ROWS, nullCount: 0, children }))
}

async function write(batches, folder, storage) {
  const groups = GROUPS.map((group) => ({ ...group, path: `${folder}/${group.path}` }))
  const options = storage === undefined ? {} : { storage, ifExists: 'replace' }
  const writer = await PackedWriter.open({ schema: SCHEMA, groups, ...options })
  for (const batch of batches) await writer.write(batch)
  const result = await writer.finish()
  return result.groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
}

async function timed(operation) {
  const start = performance.now()
  const bytes = await operation()
  return bytes / MIB / ((performance.now() - start) / 1000)
}

/** pyarrow in one persistent child that measures itself. */
function pyarrow(port, locals) {
  const homes = [join(ROOT, 'build', 'python'), join(ROOT, 'build', 'arrow', '26.0.1')]
  const PYTHONPATH = homes.find((path) => existsSync(join(path, 'pyarrow'))) ?? ''
  const script = join(ROOT, 'bench', 'remote_upload_pyarrow.py')
  const child = spawn('python3', ['-u', script, ACCESS_KEY, SECRET_KEY, String(port)], {
    env: { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async upload(how) {
      const paths = GROUPS.map(({ path }) => `${BUCKET}/pyarrow-${how}/${path}`)
      child.stdin.write(`${JSON.stringify({ how, paths, locals })}\n`)
      const { value, done } = await replies.next()
      if (done) throw new Error('pyarrow ended early')
      const { ms, bytes } = JSON.parse(value)
      return bytes / MIB / (ms / 1000)
    },
    close: () => child.stdin.end(),
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

async function measure(store) {
  const storage = storageAt(store.direct)
  const batches = Array.from({ length: BATCHES }, (_, number) => makeBatch(number))
  await write(batches, HOME)
  const locals = GROUPS.map(({ path }) => join(HOME, path))
  const files = locals.map((file) => readFileSync(file))
  const manager = await openChunkManager(storage)
  const python = pyarrow(store.direct, locals)
  const ours = {
    bytes: async () => {
      await Promise.all(files.map((file, i) => manager.write(`ours/${GROUPS[i].path}`, file)))
      return files.reduce((sum, { length }) => sum + length, 0)
    },
    parquet: () => write(batches, 'packed', storage),
  }
  const figures = {}
  for (const how of ['bytes', 'parquet']) {
    figures[how] = { 'arrow-packed': [], pyarrow: [] }
    // The first round warms up connections, code and page cache.
    for (let round = 0; round <= ROUNDS; round++) {
      const rates = { 'arrow-packed': await timed(ours[how]), pyarrow: await python.upload(how) }
      if (round === 0) continue
      for (const [name, rate] of Object.entries(rates)) figures[how][name].push(rate)
    }
  }
  python.close()
  return figures
}

const store = await startSlowStore(HOME, 0)
try {
  const figures = await measure(store)
  const results = Object.entries(figures).map(([how, rates]) => {
    const [packed, peer] = [median(rates['arrow-packed']), median(rates.pyarrow)]
    return { how, mibPerSecond: { 'arrow-packed': packed, pyarrow: peer }, ratio: packed / peer }
  })
  for (const { how, mibPerSecond, ratio } of results) {
    const ours = mibPerSecond['arrow-packed'].toFixed(0)
    const theirs = mibPerSecond.pyarrow.toFixed(0)
    console.log(
      `${how}: arrow-packed ${ours} MiB/s, pyarrow ${theirs} MiB/s, ${ratio.toFixed(2)} x`,
    )
  }
  const record = JSON.stringify({ rounds: ROUNDS, results, figures }, null, 2)
  if (OUT === undefined) console.log(record)
  else writeFileSync(OUT, `${record}\n`)
} finally {
  store.stop()
  rmSync(HOME, { recursive: true, force: true })
}
