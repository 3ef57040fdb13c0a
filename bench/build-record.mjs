/**
 * node bench/build-record.mjs [rounds]: what it costs to make a record of rows, beside writing it.
 *
 * 100,000 rows of an int64 key, a 768-dimensional float vector, a varchar and 8 scalars become one
 * record three times: with the text as Arrow, as offsets and bytes, and as string[]; everything
 * else is flat typed arrays. The same record is then written by PackedWriter to local disk. Prints
 * medians and shares; asserts nothing.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeData, Utf8 } from 'apache-arrow'
import { buildRecord, createCollectionSchema, InsertData, PackedWriter } from '../dist/esm/index.js'

const ROWS = 100_000
const DIM = 768
const ROUNDS = Number(process.argv[2] ?? 5)
const HOME = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  'build',
  'bench',
  'build-record',
)

const SCHEMA = createCollectionSchema({
  name: 'documents',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'text', dataType: 'VarChar', maxLength: 1024 },
    { name: 'vector', dataType: 'FloatVector', dim: DIM },
    { name: 'flag', dataType: 'Bool' },
    { name: 'tiny', dataType: 'Int8' },
    { name: 'small', dataType: 'Int16' },
    { name: 'medium', dataType: 'Int32' },
    { name: 'large', dataType: 'Int64' },
    { name: 'single', dataType: 'Float' },
    { name: 'double', dataType: 'Double' },
    { name: 'when', dataType: 'Timestamptz' },
  ],
})

/** Deterministic noise in [-1, 1): embeddings do not repeat. */
function noise(count) {
  const values = new Float32Array(count)
  let state = 1
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = state / 2 ** 31 - 1
  }
  return values
}

const numbers = Array.from({ length: ROWS }, (_, i) => i)
const strings = numbers.map((i) => `document ${i} über topic ${(i * 7919) % 97} and ${i % 13} more`)
const offsets = new Int32Array(ROWS + 1)
const bytes = Buffer.from(strings.join(''))
for (const i of numbers) offsets[i + 1] = offsets[i] + Buffer.byteLength(strings[i])

const FLAT = {
  id: BigInt64Array.from(numbers, BigInt),
  vector: noise(ROWS * DIM),
  flag: Uint8Array.from(numbers, (i) => i % 2),
  tiny: Int8Array.from(numbers),
  small: Int16Array.from(numbers),
  medium: Int32Array.from(numbers),
  large: BigInt64Array.from(numbers, (i) => BigInt(i) * 1_000_003n),
  single: Float32Array.from(numbers, (i) => i / 7),
  double: Float64Array.from(numbers, (i) => i / 7),
  when: BigInt64Array.from(numbers, (i) => 1_700_000_000_000_000n + BigInt(i)),
}

const TEXTS = {
  Arrow: makeData({
    type: new Utf8(),
    length: ROWS,
    nullCount: 0,
    valueOffsets: offsets,
    data: bytes,
  }),
  'offsets and bytes': {
    offsets,
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
  },
  'string[]': strings,
}

const build = (text) => buildRecord(SCHEMA, [InsertData.fromColumns(SCHEMA, { ...FLAT, text })])

async function write(record) {
  rmSync(HOME, { recursive: true, force: true })
  mkdirSync(HOME, { recursive: true })
  const writer = await PackedWriter.open({
    schema: record.schema,
    directory: HOME,
    groups: 'milvus',
  })
  await writer.write(record.toBatch())
  await writer.finish()
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

async function main() {
  const times = new Map([...Object.keys(TEXTS), 'write'].map((name) => [name, []]))
  const clock = async (name, work) => {
    const start = performance.now()
    const result = await work()
    times.get(name).push(performance.now() - start)
    return result
  }
  for (let round = 0; round < ROUNDS; round++) {
    let record
    for (const [name, text] of Object.entries(TEXTS)) record = await clock(name, () => build(text))
    await clock('write', () => write(record))
  }
  rmSync(HOME, { recursive: true, force: true })
  const writing = median(times.get('write'))
  console.log(`${ROWS} rows, dim ${DIM}, a varchar and 8 scalars; medians of ${ROUNDS} rounds`)
  console.log(`write by PackedWriter        ${writing.toFixed(1).padStart(8)} ms`)
  for (const name of Object.keys(TEXTS)) {
    const building = median(times.get(name))
    const share = ((100 * building) / writing).toFixed(2)
    const label = `build, text as ${name}`.padEnd(29)
    console.log(
      `${label}${building.toFixed(1).padStart(8)} ms  ${share.padStart(6)} % of the write`,
    )
  }
}

await main()
