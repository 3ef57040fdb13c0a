/** What the benches of the pipeline write: texts with 768-dimensional vectors. */
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  FixedSizeBinary,
  Int64,
  makeData,
  RecordBatch,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  convertToArrowSchema,
  createCollectionSchema,
  SimpleArrowRecord,
  withSystemFields,
} from '../dist/esm/schema/index.js'

export const MIB = 2 ** 20
export const DIM = 768
export const SCHEMA = createCollectionSchema({
  name: 'documents',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'text', dataType: 'VarChar', maxLength: 200 },
    { name: 'vector', dataType: 'FloatVector', dim: DIM },
  ],
})

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A new directory below build/bench, or where it is said; the bench removes it. */
export function benchDirectory(name, home = join(ROOT, 'build', 'bench')) {
  mkdirSync(home, { recursive: true })
  return mkdtempSync(join(home, `${name}-`))
}

const int64From = (rows, first) =>
  makeData({
    type: new Int64(),
    data: BigInt64Array.from({ length: rows }, (_, i) => first + BigInt(i)),
  })

function batchOf(schema, children) {
  const [{ length }] = children
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}

/** Deterministic noise in [-1, 1): embeddings do not repeat. */
function noise(count, seed) {
  const values = new Float32Array(count)
  let state = seed
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = state / 2 ** 31 - 1
  }
  return values
}

/** A batch of the user's fields, keys from `first` on. */
export function userBatch(rows, first = 0) {
  const numbers = Array.from({ length: rows }, (_, i) => first + i)
  const texts = numbers.map((i) => `document ${i} about topic ${(i * 7919) % 97}`)
  const values = noise(rows * DIM, first + 1)
  const vectors = makeData({
    type: new FixedSizeBinary(4 * DIM),
    length: rows,
    nullCount: 0,
    data: new Uint8Array(values.buffer),
  })
  const text = vectorFromArray(texts, new Utf8()).data[0]
  return batchOf(convertToArrowSchema(SCHEMA), [int64From(rows, BigInt(first)), text, vectors])
}

/** The rows of a batch as they are stored: with RowID and Timestamp in front. */
export function storedRecord(batch, first, timestamp) {
  const rows = batch.numRows
  const times = makeData({ type: new Int64(), data: new BigInt64Array(rows).fill(timestamp) })
  const schema = convertToArrowSchema(withSystemFields(SCHEMA))
  return new SimpleArrowRecord(
    batchOf(schema, [int64From(rows, BigInt(first)), times, ...batch.data.children]),
  )
}

/** Anonymous memory of this process, in bytes (Linux). */
export function anonymousBytes() {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
