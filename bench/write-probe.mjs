/**
 * node bench/write-probe.mjs DATA [DATASETS [ROUNDS]]: how fast the writer is on data sets that
 * are there (DATA/manifest.json and DATA/<name>.arrow), against pyarrow in the same rounds, from
 * memory to closed files on tmpfs. For work on the writer; the benchmark proper is run.mjs.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Field, RecordBatch, Schema, tableFromIPC } from 'apache-arrow'
import { PackedWriter } from '../dist/esm/index.js'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const SELF = fileURLToPath(import.meta.url)

/** Settings of ours by label; the layout of columns is that of the manifest unless `single`. */
const VARIANTS = {
  vec768: {
    milvus: { layout: 'milvus' },
    auto: { layout: 'fast' },
    stored: { layout: 'fast', vectors: 'stored' },
    always: { layout: 'fast', vectors: 'always' },
    'auto, one file': { layout: 'fast', single: true },
  },
  vec128q: {
    auto: { layout: 'fast' },
    split: { layout: 'fast', columns: { embedding: { encoding: 'byteStreamSplit' } } },
    '1 MiB': { layout: 'fast', rowGroupBytes: 1 << 20 },
    'milvus, zstd': {
      layout: 'milvus',
      compression: { codec: 'zstd', level: 1 },
      vectors: 'always',
    },
  },
  scalar: { fast: { layout: 'fast' }, 'fast, one file': { layout: 'fast', single: true } },
  wide: { fast: { layout: 'fast' }, 'fast, one file': { layout: 'fast', single: true } },
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** A peer in a process of its own; `ask` resolves with its answer. */
async function start(command, args) {
  const env = { ...process.env, PYTHONPATH: join(ROOT, 'build/python') }
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => JSON.parse((await lines.next()).value)
  await answer()
  const ask = (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return answer()
  }
  return { ask, end: () => child.stdin.end() }
}

async function drive(data, names, rounds) {
  const home = mkdtempSync('/dev/shm/arrow-packed-write-')
  const manifest = JSON.parse(readFileSync(join(data, 'manifest.json'), 'utf8'))
  try {
    for (const name of names) await driveOne({ data, name, rounds, home, manifest })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function driveOne({ data, name, rounds, home, manifest }) {
  const file = join(data, `${name}.arrow`)
  const python = await start('python3', [join(ROOT, 'bench/write_probe_pyarrow.py'), file])
  const ours = await start(process.execPath, [SELF, 'child', file])
  const { groups, nbytes } = manifest[name]
  const one = [groups.flat()]
  const samples = new Map()
  for (let round = 0; round <= rounds; round++) {
    const run = async (label, peer, request) => {
      const dir = join(home, 'out')
      mkdirSync(dir)
      const result = await peer.ask({ ...request, dir })
      rmSync(dir, { recursive: true })
      // The first round warms up: page faults, and the pools of both.
      if (round === 0) return
      if (!samples.has(label)) samples.set(label, [])
      samples.get(label).push(result)
    }
    await run('pyarrow', python, { groups })
    await run('pyarrow, one file', python, { groups: one })
    for (const [label, { single, ...options }] of Object.entries(VARIANTS[name])) {
      await run(label, ours, { groups: single ? one : groups, options })
    }
  }
  python.end()
  ours.end()
  print(name, nbytes, samples)
}

function print(name, nbytes, samples) {
  console.log(`\n${name}: ${(nbytes / 1e6).toFixed(0)} MB`)
  for (const [label, results] of samples) {
    const peer = samples.get(label.includes('one file') ? 'pyarrow, one file' : 'pyarrow')
    const ratios = results.map(({ seconds }, round) => peer[round].seconds / seconds)
    const of = (key) => median(results.map((result) => result[key]))
    console.log(
      [
        label.padEnd(20),
        `${of('seconds').toFixed(3)} s`,
        `x ${median(ratios).toFixed(2)}`,
        `(best ${Math.max(...ratios).toFixed(2)})`,
        `cpu ${of('cpu').toFixed(2)}`,
        `bytes ${(of('bytes') / peer[0].bytes).toFixed(3)}`,
        results[0].peak === undefined ? '' : `peak +${(of('peak') / 2 ** 20).toFixed(0)} MiB`,
      ].join('  '),
    )
  }
}

function status(key) {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${key}:\\s+(\\d+) kB`))
  return Number(line[1]) * 1024
}

async function child(file) {
  const table = tableFromIPC(readFileSync(file))
  const fields = table.schema.fields.map(
    ({ name, type, nullable }, i) =>
      new Field(name, type, nullable, new Map([['PARQUET:field_id', String(100 + i)]])),
  )
  const schema = new Schema(fields)
  const batches = table.batches.map((batch) => new RecordBatch(schema, batch.data))
  console.log(JSON.stringify({ ready: true }))
  for await (const line of createInterface({ input: process.stdin })) {
    const { groups, dir, options } = JSON.parse(line)
    writeFileSync('/proc/self/clear_refs', '5')
    const base = status('VmRSS')
    const cpu = process.cpuUsage()
    const begin = performance.now()
    const writer = await PackedWriter.open({
      schema,
      groups: groups.map((names, id) => ({ id, path: join(dir, String(id)), fields: names })),
      ...options,
    })
    for (const batch of batches) await writer.write(batch)
    const result = await writer.finish()
    const seconds = (performance.now() - begin) / 1e3
    const { user, system } = process.cpuUsage(cpu)
    await writer.close()
    const bytes = result.groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
    const peak = status('VmHWM') - base
    console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, bytes, peak }))
  }
}

const [first, second, third] = process.argv.slice(2)
if (first === 'child') await child(second)
else await drive(first, (second ?? Object.keys(VARIANTS).join()).split(','), Number(third ?? 3))
