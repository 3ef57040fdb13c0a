/**
 * node bench/memory.mjs [MiB] [directory] [out.json]: write 4 GiB through a buffer of 64 MiB, and read
 * them with and without mapping; batches are made, and looked at, one at a time. Each of the three is a
 * process of its own, whose anonymous memory (RssAnon of /proc/<pid>/status, so Linux only) this one
 * watches. Prints each peak, and ends with 1 where one is over 500 MiB or rows are not what was written.
 * Batches that are dropped instead of released wait for the collector: that peak has no bound.
 */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PackedReader, PackedWriter } from '../dist/esm/index.js'
import { benchDirectory, DIM, MIB, userBatch } from './ingest-data.mjs'

const BOUND_MIB = 500
const DROPPED = 'read, dropped'
const BUFFER_BYTES = 64 * MIB
const BATCH_ROWS = 5000
const EVERY_MS = 5
const ROW_BYTES = 4 * DIM + 8
const OPTIONS = { bufferBytes: BUFFER_BYTES, mmap: false }

/** Each in a process of its own; reading ends in the rows and the sum of their keys. */
const PHASES = {
  write,
  read: (directory) => read(directory, { releasePrevious: true }),
  'read, mapped': (directory) => read(directory, { releasePrevious: true, mmap: true }),
  [DROPPED]: (directory) => read(directory, { maxOutstandingBytes: BUFFER_BYTES }),
}

const pathsIn = (directory) => [join(directory, '0'), join(directory, '102')]

async function write(directory, mebibytes) {
  const rows = Math.ceil((mebibytes * MIB) / ROW_BYTES)
  const { schema } = userBatch(1)
  const [scalars, vectors] = pathsIn(directory)
  const groups = [
    { id: 0, path: scalars, fields: ['id', 'text'] },
    { id: 102, path: vectors, fields: ['vector'] },
  ]
  const writer = await PackedWriter.open({ schema, groups, bufferBytes: BUFFER_BYTES })
  let sum = 0n
  for (let first = 0; first < rows; first += BATCH_ROWS) {
    const batch = userBatch(Math.min(BATCH_ROWS, rows - first), first)
    for (const id of batch.getChild('id').data[0].values) sum += id
    await writer.write(batch)
  }
  await writer.finish()
  return { rows, sum }
}

async function read(directory, options) {
  const reader = await PackedReader.open({ paths: pathsIn(directory), ...OPTIONS, ...options })
  let rows = 0
  let sum = 0n
  let touched = 0
  for await (const batch of reader) {
    rows += batch.numRows
    for (const id of batch.getChild('id').data[0].values) sum += id
    const { values } = batch.getChild('vector').data[0]
    for (let at = 0; at < values.length; at += 1024) touched ^= values[at]
  }
  await reader.close()
  return { rows, sum, touched }
}

function anonymousBytes(pid) {
  const [, kilobytes] =
    /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes ?? 0) * 1024
}

/** Run a phase in a process, and watch it. */
async function watched(name, directory, mebibytes) {
  const self = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [self, '--phase', name, directory, mebibytes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let peak = 0
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  const timer = setInterval(() => {
    // Between its end and the news of it there is no such process, or none with memory.
    try {
      peak = Math.max(peak, anonymousBytes(child.pid))
    } catch {}
  }, EVERY_MS)
  const start = performance.now()
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`Expected "${name}" to end with 0 but received ${code}`)
  const seconds = (performance.now() - start) / 1000
  return { phase: name, peakMib: peak / MIB, seconds, ...JSON.parse(text) }
}

async function main(mebibytes = 4096, home = undefined, out = undefined) {
  const directory = benchDirectory('memory', home || undefined)
  const results = []
  try {
    for (const name of Object.keys(PHASES)) {
      const result = await watched(name, directory, mebibytes)
      results.push(result)
      const { peakMib, seconds } = result
      const files = pathsIn(directory).reduce((sum, path) => sum + statSync(path).size, 0)
      console.log(
        `${name}: ${peakMib.toFixed(0)} MiB of anonymous memory at most in ${seconds.toFixed(0)} s; ` +
          `files of ${(files / MIB).toFixed(0)} MiB; bound ${name === DROPPED ? 'none' : BOUND_MIB}`,
      )
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(results)}\n`)
  const isRight = ({ phase, peakMib, rows, sum }) =>
    (phase === DROPPED || peakMib < BOUND_MIB) && rows === results[0].rows && sum === results[0].sum
  if (!results.every(isRight)) process.exitCode = 1
}

if (process.argv[2] === '--phase') {
  const [, , , name, directory, mebibytes] = process.argv
  const { rows, sum } = await PHASES[name](directory, Number(mebibytes))
  console.log(JSON.stringify({ rows, sum: String(sum) }))
} else {
  const [mebibytes, ...others] = process.argv.slice(2)
  await main(mebibytes === undefined ? undefined : Number(mebibytes), ...others)
}
