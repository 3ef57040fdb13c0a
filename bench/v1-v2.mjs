/**
 * node bench/v1-v2.mjs [rounds]: the same rows as StorageV1 and as StorageV2: bytes, files, time and
 * bytes read of one column and of all. Writes bench/v1-v2.json and docs/storage-versions.md from
 * it; --page only makes the page anew. Asserts nothing.
 *
 * Rows are cut into chunks of 16 MiB decoded, the size at which Milvus flushes. Bytes read are
 * what the process read from files (`rchar` of /proc/self/io), so Linux only. Files stay in the
 * page cache: times are of decoding, not of a disk or a network.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBinlogRecordReader, V1RecordWriter } from '../dist/esm/binlog/index.js'
import { PackedRecordWriter } from '../dist/esm/packed/index.js'
import { recordBytes, SimpleArrowRecord, splitByDefaultPolicies } from '../dist/esm/schema/index.js'
import { LocalChunkManager } from '../dist/esm/storage/index.js'
import { pageOf } from './v1-v2-page.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const HOME = join(ROOT, 'build', 'bench', 'v1-v2')
const RESULTS = join(ROOT, 'bench', 'v1-v2.json')
const PAGE = join(ROOT, 'docs', 'storage-versions.md')
const CHUNK_BYTES = 16 << 20
const IDS = { collectionId: 1, partitionId: 2, segmentId: 3 }

const total = (values) => [...values].reduce((sum, value) => sum + value, 0)
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

/** The record in pieces of at most CHUNK_BYTES. */
function chunksOf(record) {
  const perRow = total(recordBytes(record).values()) / record.numRows
  const rows = Math.max(1, Math.floor(CHUNK_BYTES / perRow))
  const batch = record.toBatch()
  return Array.from({ length: Math.ceil(record.numRows / rows) }, (_, chunk) => {
    return new SimpleArrowRecord(batch.slice(chunk * rows, (chunk + 1) * rows))
  })
}

function emptyBinlog(fieldId, childFields = []) {
  return { fieldId, binlogs: [], childFields, format: '' }
}

/** Write every chunk as StorageV1; gives the logs by field. */
async function writeV1({ schema, record }, root) {
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const logs = new Map()
  let id = 100
  for (const chunk of chunksOf(record)) {
    const location = { root: 'files', ...IDS }
    const writer = await V1RecordWriter.open({ schema, chunkManager, location, logIds: () => id++ })
    await writer.write(chunk)
    await writer.close()
    for (const { fieldId, binlogs } of writer.fieldBinlogs) {
      if (!logs.has(fieldId)) logs.set(fieldId, emptyBinlog(fieldId))
      logs.get(fieldId).binlogs.push(...binlogs)
    }
  }
  return [...logs.values()]
}

/** Write every chunk as StorageV2, split as Milvus splits it; gives the logs by group. */
async function writeV2({ schema, record }, root) {
  const perRow = [...recordBytes(record)].map(([id, bytes]) => [
    id,
    Math.floor(bytes / record.numRows),
  ])
  const groups = splitByDefaultPolicies(schema, { averageBytes: new Map(perRow) })
  const logs = groups.map(({ id, fieldIds }) => emptyBinlog(id, fieldIds))
  let id = 100
  for (const chunk of chunksOf(record)) {
    const keys = groups.map((group) => `files/insert_log/1/2/3/${group.id}/${id++}`)
    const paths = keys.map((key) => join(root, key))
    const writer = await PackedRecordWriter.open({ schema, paths, columnGroups: groups })
    await writer.write(chunk)
    await writer.close()
    for (const [index, log] of logs.entries()) {
      log.binlogs.push({ entriesNum: chunk.numRows, logPath: keys[index], logId: 0n })
    }
  }
  return logs
}

function filesBelow(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).size)
}

/** Bytes and calls that this process has read from files so far. */
function readSoFar() {
  const io = readFileSync('/proc/self/io', 'utf8')
  const figure = (name) => Number(new RegExp(`${name}: (\\d+)`).exec(io)[1])
  return { bytes: figure('rchar'), calls: figure('syscr') }
}

async function readOnce(logs, schema, storageVersion, root, columns) {
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const before = readSoFar()
  const start = performance.now()
  const reader = await openBinlogRecordReader(logs, schema, {
    storageVersion,
    chunkManager,
    releasePrevious: true,
    ...(columns === undefined ? {} : { columns }),
  })
  let rows = 0
  for (let record = await reader.next(); record !== null; record = await reader.next()) {
    rows += record.numRows
  }
  await reader.close()
  const ms = performance.now() - start
  const after = readSoFar()
  return { ms, rows, bytes: after.bytes - before.bytes, calls: after.calls - before.calls }
}

async function measureRead(logs, set, storageVersion, root, columns) {
  const runs = []
  for (let round = 0; round <= ROUNDS; round++) {
    const run = await readOnce(logs, set.schema, storageVersion, root, columns)
    if (run.rows !== set.rows) throw new Error(`read ${run.rows} of ${set.rows} rows`)
    if (round > 0) runs.push(run)
  }
  return {
    ms: median(runs.map(({ ms }) => ms)),
    bytes: median(runs.map(({ bytes }) => bytes)),
    calls: median(runs.map(({ calls }) => calls)),
  }
}

async function measure(set, storageVersion) {
  const root = join(HOME, `${set.name}-${storageVersion}`)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  const start = performance.now()
  const logs = await (storageVersion === 0 ? writeV1 : writeV2)(set, root)
  const writeMs = performance.now() - start
  const sizes = filesBelow(root)
  const read = { all: await measureRead(logs, set, storageVersion, root) }
  read.scalar = await measureRead(logs, set, storageVersion, root, [set.scalar])
  if (set.vector) read.vector = await measureRead(logs, set, storageVersion, root, [set.vector])
  rmSync(root, { recursive: true, force: true })
  return { files: sizes.length, bytes: total(sizes), writeMs, read }
}

async function run() {
  const { dataSets } = await import('./v1-v2-data.mjs')
  const sets = []
  for (const set of dataSets()) {
    const { name, source, rows, record, scalar, vector } = set
    const decodedBytes = total(recordBytes(record).values())
    await measure(set, 2) // the first use of everything is not measured
    const v1 = await measure(set, 0)
    const v2 = await measure(set, 2)
    const chunks = chunksOf(record).length
    sets.push({ name, source, rows, chunks, decodedBytes, scalar, vector, v1, v2 })
    process.stderr.write(`${name}: V1 ${v1.bytes} bytes, V2 ${v2.bytes} bytes\n`)
  }
  const [cpu] = cpus()
  const machine = { cpu: cpu.model.trim(), cores: cpus().length, platform: process.platform }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const versions = { node: process.version, 'arrow-packed': version }
  const date = new Date().toISOString().slice(0, 10)
  const results = { date, machine, versions, rounds: ROUNDS, chunkBytes: CHUNK_BYTES, sets }
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
}

const ROUNDS = Number(process.argv[2] ?? 7)
if (process.argv[2] !== '--page') await run()
writeFileSync(PAGE, pageOf(JSON.parse(readFileSync(RESULTS, 'utf8'))))
