/**
 * node bench/read-probe.mjs DATA [--sets vec768,…] [--rounds 5] [--files DIR] [--only NAME,…]
 *
 * Reads by arrow-packed against pyarrow, turn by turn, on files of both writers: every column and
 * the projection of the manifest. DATA has what the data-set generator makes: manifest.json and
 * NAME.arrow. Prints the median of each, and the median of the ratios of one round; asserts nothing.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { RecordBatchReader } from 'apache-arrow'
import { PackedReader, PackedWriter } from '../dist/esm/index.js'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sets: { type: 'string', default: 'vec768,vec128q,scalar,wide' },
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '/dev/shm/arrow-packed-read-probe' },
    only: { type: 'string' },
    serve: { type: 'boolean', default: false },
  },
})
const data = positionals[0]
const manifest = JSON.parse(readFileSync(join(data, 'manifest.json'), 'utf8'))
const READ = { batchRows: 1 << 16, bufferBytes: 256 << 20, maxOutstandingBytes: 2 ** 40 }
const PEER = { name: 'pyarrow', files: 'pyarrow' }
const OURS = [
  { name: 'ours', files: 'pyarrow' },
  { name: 'ours', files: 'milvus' },
  { name: 'ours', files: 'rg64' },
  { name: 'ours mapped', files: 'milvus', mmap: true },
  { name: 'ours mapped', files: 'rg64', mmap: true },
]
const WRITERS = {
  milvus: {},
  rg64: { rowGroupBytes: 64 << 20 },
}

const partsIn = (directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(directory, name))

// --- The side of arrow-packed: a process of its own, as the peer

async function writeOurs({ directory, set, options }) {
  mkdirSync(directory, { recursive: true })
  const source = await RecordBatchReader.from(readFileSync(join(data, `${set}.arrow`)))
  await source.open()
  const groups = manifest[set].groups.map((fields, id) => ({
    id,
    path: join(directory, `part${id}.parquet`),
    fields,
  }))
  const writer = await PackedWriter.open({
    schema: source.schema,
    fieldIds: 'auto',
    groups,
    ifExists: 'replace',
    ...options,
  })
  for (const batch of source) await writer.write(batch)
  await writer.finish()
  return {}
}

async function readOurs({ directory, set, operation, mmap }) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const reader = await PackedReader.open({
    paths: partsIn(directory),
    lenient: true,
    ...(operation === 'proj' ? { columns: manifest[set].proj } : {}),
    ...(mmap ? { mmap: true } : {}),
    ...READ,
  })
  const batches = []
  let rows = 0
  for await (const batch of reader) {
    batches.push(batch)
    rows += batch.numRows
  }
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  // As a caller would: the next round meets memory that was given back.
  for (const batch of batches) reader.release(batch)
  return { seconds, cpu: (user + system) / 1e6, rows, batches: batches.length }
}

async function serve() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...rest } = JSON.parse(line)
    const answer = await (command === 'write' ? writeOurs(rest) : readOurs(rest))
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}

// --- The driver

function startPeer(command, args, env = {}) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`${command} ended`)
      return JSON.parse(value)
    },
    end: () => child.stdin.end(),
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

async function prepare(peer, ours, set) {
  const directory = (files) => join(given.files, `${set}-${files}`)
  if (!existsSync(directory('pyarrow'))) {
    await peer.ask(`prepare ${directory('pyarrow')} ${set}`)
  }
  for (const [files, options] of Object.entries(WRITERS)) {
    if (existsSync(directory(files))) continue
    const line = { command: 'write', directory: directory(files), set, options }
    await ours.ask(JSON.stringify(line))
  }
  return directory
}

async function drive() {
  const python = join(ROOT, 'build', 'python')
  const script = join(ROOT, 'bench', 'read_probe_pyarrow.py')
  const peer = startPeer('python3', [script, data], { PYTHONPATH: python })
  const ours = startPeer(process.execPath, [fileURLToPath(import.meta.url), data, '--serve'])
  const wanted = OURS.filter(
    ({ name, files }) => !given.only || given.only.split(',').includes(`${name}:${files}`),
  )
  for (const set of given.sets.split(',')) {
    const directory = await prepare(peer, ours, set)
    for (const operation of ['read', 'proj']) {
      const results = new Map(wanted.map((one) => [one, []]))
      const base = []
      for (let round = -1; round < Number(given.rounds); round++) {
        const peerRun = await peer.ask(`read ${operation} ${directory(PEER.files)} ${set}`)
        if (round >= 0) base.push(peerRun)
        for (const one of wanted) {
          const line = { command: 'read', directory: directory(one.files), set, operation }
          const run = await ours.ask(JSON.stringify({ ...line, mmap: one.mmap ?? false }))
          if (run.rows !== peerRun.rows) throw new Error(`${run.rows} rows, not ${peerRun.rows}`)
          if (round >= 0) results.get(one).push(run)
        }
      }
      report(set, operation, base, results)
    }
  }
  peer.end()
  ours.end()
}

function report(set, operation, base, results) {
  const ms = (runs, key) => (1000 * median(runs.map((run) => run[key]))).toFixed(0).padStart(6)
  const title = `${set} ${operation}`.padEnd(14)
  console.log(`${title} pyarrow              ${ms(base, 'seconds')} ms ${ms(base, 'cpu')} cpu ms`)
  for (const [{ name, files }, runs] of results) {
    const ratio = median(runs.map((run, i) => base[i].seconds / run.seconds)).toFixed(2)
    const label = `${name} (${files})`.padEnd(20)
    console.log(
      `${title} ${label} ${ms(runs, 'seconds')} ms ${ms(runs, 'cpu')} cpu ms` +
        ` ${ratio.padStart(6)}x ${runs[0].batches} batches`,
    )
  }
}

await (given.serve ? serve() : drive())
