/**
 * Writes a data set as an Arrow IPC file with a manifest, once: `build/bench/data/<name>-<rows>`.
 *
 * The manifest has what every peer needs to know: rows, decoded bytes, projection, groups.
 */
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { Field, makeData, RecordBatch, RecordBatchFileWriter, Schema, Struct } from 'apache-arrow'
import { DATA } from '../driver/paths.mjs'
import { Random } from './random.mjs'
import { TABLES } from './tables.mjs'

const SOURCES = ['random.mjs', 'texts.mjs', 'columns.mjs', 'tables.mjs', 'make.mjs']
/** As `--small` has it: a twentieth. */
const SMALL = 20

/** Changes with the programs that make the data. */
function version() {
  const hash = createHash('sha256')
  for (const name of SOURCES) {
    hash.update(readFileSync(fileURLToPath(new URL(name, import.meta.url))))
  }
  return hash.digest('hex')
}

/** Bytes of the rows of a column as Arrow has them in memory, without padding. */
function bytesOf({ length, nullCount, valueOffsets, values, type }) {
  const bitmap = Math.ceil(length / 8)
  const validity = nullCount > 0 ? bitmap : 0
  if (valueOffsets) return validity + 4 * (length + 1) + values.byteLength
  return validity + (type.bitWidth === 1 || values === undefined ? bitmap : values.byteLength)
}

/** The batches one after the other; `count` gets the bytes of every column. */
function* batchesOf(name, { columns, batchRows }, rows, count) {
  const fields = Object.entries(columns).map(
    ([column, { type, nullable }]) => new Field(column, type, nullable),
  )
  const schema = new Schema(fields)
  const randoms = Object.keys(columns).map((column) => new Random(`${name}.${column}`))
  for (let first = 0; first < rows; first += batchRows) {
    const length = Math.min(batchRows, rows - first)
    const children = Object.entries(columns).map(([column, { make }], index) => {
      const data = make({ first, rows: length, random: randoms[index] })
      count(column, bytesOf(data))
      return data
    })
    const type = new Struct(fields)
    yield new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
  }
}

async function write(name, table, rows, path) {
  const bytes = new Map(Object.keys(table.columns).map((column) => [column, 0]))
  const count = (column, more) => bytes.set(column, bytes.get(column) + more)
  const writer = new RecordBatchFileWriter()
  const file = pipeline(writer.toNodeStream(), createWriteStream(path))
  for (const batch of batchesOf(name, table, rows, count)) {
    writer.write(batch)
    // Lets the file catch up, so that memory holds one batch and not all.
    await new Promise((resolve) => setImmediate(resolve))
  }
  writer.finish()
  await file
  return bytes
}

/**
 * The manifest of a data set, made now if it is not there. `rows` overrides the table's own, and
 * then the name says how many; `small` takes a twentieth.
 */
export async function makeDataset(name, { rows: wanted, small = false } = {}) {
  const table = TABLES[name]?.()
  if (table === undefined) throw new Error(`Expected one of ${Object.keys(TABLES)} for a data set`)
  const rows = wanted ?? (small ? table.rows / SMALL : table.rows)
  const folder = join(DATA, `${name}-${rows}`)
  const manifest = join(folder, 'manifest.json')
  // Not in the manifest: the checkout may move.
  const path = join(folder, 'data.arrow')
  if (existsSync(manifest) && existsSync(path)) {
    const found = JSON.parse(readFileSync(manifest, 'utf8'))
    if (found.version === version()) return { ...found, path }
  }
  mkdirSync(folder, { recursive: true })
  const bytes = await write(name, table, rows, path)
  const total = (names) => names.reduce((sum, column) => sum + bytes.get(column), 0)
  const { projection, groups } = table
  const columns = Object.keys(table.columns)
  const made = {
    name: wanted === undefined ? name : `${name}-${rows}`,
    version: version(),
    rows,
    columns,
    bytes: total(columns),
    projection,
    projectionBytes: total(projection),
    groups,
  }
  writeFileSync(manifest, `${JSON.stringify(made, null, 2)}\n`)
  return { ...made, path }
}
