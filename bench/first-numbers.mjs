/**
 * node bench/first-numbers.mjs [rounds]: write and read about 200 MB of (int64, utf8, 768-d float32
 * vector) in batches of 8,192 rows, by arrow-packed and by pyarrow, on the same data with the
 * same codecs and row-group sizes, turn by turn. Prints medians; asserts nothing.
 *
 * pyarrow writes one file after the other on one thread, as it offers; arrow-packed encodes its
 * column groups in parallel. Both read with all threads. Files stay in the page cache.
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
  Table,
  tableToIPC,
  Utf8,
} from 'apache-arrow'
import { PackedReader, PackedWriter } from '../dist/esm/index.js'

const BATCHES = 8
const BATCH_ROWS = 8192
const DIM = 768
const ROUNDS = Number(process.argv[2] ?? 3)
const VARIANTS = ['uncompressed', 'zstd']

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const HOME = join(ROOT, 'build', 'bench')
const GROUPS = [
  { id: 0, fields: ['pk', 'text'] },
  { id: 102, fields: ['embedding'] },
]

const withId = (name, type, id) =>
  new Field(name, type, false, new Map([['PARQUET:field_id', String(id)]]))
const VECTOR = new FixedSizeBinary(4 * DIM)
const SCHEMA = new Schema([
  withId('pk', new Int64(), 100),
  withId('text', new Utf8(), 101),
  withId('embedding', VECTOR, 102),
])

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

function makeBatch(number) {
  const first = number * BATCH_ROWS
  const words = Array.from({ length: BATCH_ROWS }, (_, i) =>
    Buffer.from(`document ${first + i} about topic ${(i * 7919) % 97}`),
  )
  const valueOffsets = new Int32Array(BATCH_ROWS + 1)
  words.forEach((word, i) => {
    valueOffsets[i + 1] = valueOffsets[i] + word.length
  })
  const keys = BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => BigInt(first + i))
  const children = [
    makeData({ type: new Int64(), data: keys }),
    makeData({
      type: new Utf8(),
      length: BATCH_ROWS,
      nullCount: 0,
      valueOffsets,
      data: new Uint8Array(Buffer.concat(words)),
    }),
    makeData({
      type: VECTOR,
      length: BATCH_ROWS,
      nullCount: 0,
      data: noise(BATCH_ROWS * DIM, number + 1),
    }),
  ]
  const type = new Struct(SCHEMA.fields)
  return new RecordBatch(SCHEMA, makeData({ type, length: BATCH_ROWS, nullCount: 0, children }))
}

/** Wall and processor seconds; the latter are all threads', and say more on a busy machine. */
async function timed(work) {
  const start = process.hrtime.bigint()
  const used = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(used)
  return { wall: Number(process.hrtime.bigint() - start) / 1e9, cpu: (user + system) / 1e6 }
}

/** arrow-packed from Node. */
function ours(batches) {
  const groups = GROUPS.map((group) => ({ ...group, path: join(HOME, `ours-${group.id}`) }))
  return {
    write: (variant) => {
      for (const { path } of groups) rmSync(path, { force: true })
      return timed(async () => {
        const writer = await PackedWriter.open({
          schema: SCHEMA,
          groups,
          vectors: variant === 'zstd' ? { codec: 'zstd', level: 3 } : 'uncompressed',
        })
        for (const batch of batches) await writer.write(batch)
        await writer.finish()
      })
    },
    read: () =>
      timed(async () => {
        const paths = groups.map(({ path }) => path)
        const reader = await PackedReader.open({ paths, releasePrevious: true })
        let rows = 0
        for await (const batch of reader) rows += batch.numRows
        if (rows !== BATCHES * BATCH_ROWS) throw new Error(`read ${rows} rows`)
      }),
    close: () => {},
  }
}

/** pyarrow in one persistent child that measures itself. */
function pyarrow(ipc) {
  const homes = [join(ROOT, 'build', 'python'), join(ROOT, 'build', 'arrow', '26.0.1')]
  const PYTHONPATH = homes.find((path) => existsSync(join(path, 'pyarrow'))) ?? ''
  const script = join(ROOT, 'bench', 'first_numbers_pyarrow.py')
  const child = spawn('python3', ['-u', script, ipc, HOME], {
    env: { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await replies.next()
    if (done) throw new Error('pyarrow ended early')
    return JSON.parse(value)
  }
  return {
    write: (variant) => ask({ do: 'write', variant }),
    read: () => ask({ do: 'read' }),
    close: () => child.stdin.end(),
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function report(megabytes, seconds) {
  console.log(`${megabytes.toFixed(0)} MB of Arrow data, medians of ${ROUNDS} rounds`)
  console.log(`${''.padEnd(30)}arrow-packed          pyarrow               ratio`)
  console.log(`${''.padEnd(30)}MB/s  CPU s/GB        MB/s  CPU s/GB        of MB/s`)
  for (const [label, [our, their]] of seconds) {
    const cells = [our, their].map((runs) => {
      const rate = megabytes / median(runs.map(({ wall }) => wall))
      const cpu = (1000 * median(runs.map((run) => run.cpu))) / megabytes
      return { rate, text: `${rate.toFixed(0).padEnd(6)}${cpu.toFixed(2)}`.padEnd(22) }
    })
    const ratio = (cells[0].rate / cells[1].rate).toFixed(2)
    console.log(`${label.padEnd(30)}${cells[0].text}${cells[1].text}${ratio}`)
  }
}

async function main() {
  rmSync(HOME, { recursive: true, force: true })
  mkdirSync(HOME, { recursive: true })
  const batches = Array.from({ length: BATCHES }, (_, number) => makeBatch(number))
  const ipc = join(HOME, 'data.arrows')
  writeFileSync(ipc, tableToIPC(new Table(batches), 'stream'))
  const peers = [ours(batches), pyarrow(ipc)]
  const seconds = new Map()
  for (let round = 0; round < ROUNDS; round++) {
    for (const variant of VARIANTS) {
      for (const action of ['write', 'read']) {
        const label = `${action}, vectors ${variant}`
        const runs = seconds.get(label) ?? peers.map(() => [])
        seconds.set(label, runs)
        for (const [index, peer] of peers.entries()) runs[index].push(await peer[action](variant))
      }
    }
  }
  for (const peer of peers) peer.close()
  report(batches.reduce((sum, { data }) => sum + data.byteLength, 0) / 1e6, seconds)
  rmSync(HOME, { recursive: true, force: true })
}

await main()
