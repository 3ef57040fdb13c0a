/** The rows that bench/v1-v2.mjs sends through both storage versions, as records. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  FixedSizeBinary,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Struct,
  tableFromIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  convertToArrowSchema,
  createCollectionSchema,
  SimpleArrowRecord,
  withSystemFields,
} from '../dist/esm/schema/index.js'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const VEGA = join(ROOT, 'node_modules', 'vega-datasets', 'data')
const FIRST_ID = 449_000_000_000_000_000n
const GENERATED_ROWS = 20_000
const GENERATED_DIM = 768

const int64 = (values) => makeData({ type: new Int64(), data: values })
const idsFrom = (rows, first) =>
  int64(BigInt64Array.from({ length: rows }, (_, i) => first + BigInt(i)))
const column = (values, type) => vectorFromArray(values, type).data[0]
const text = (values) => column(values, new Utf8())
const wholeNumber = (value) => (value == null ? null : BigInt(Math.round(value)))

/** Dense vectors over flat numbers. */
function vectors(values, dim) {
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const length = values.length / dim
  return makeData({ type: new FixedSizeBinary(4 * dim), length, nullCount: 0, data })
}

/** One value of every row of a column in several chunks. */
const joined = (table, name) => table.getChild(name).toArray()

function flights() {
  const table = tableFromIPC(readFileSync(join(VEGA, 'flights-200k.arrow')))
  return {
    name: 'flights',
    source: 'vega-datasets, flights-200k.arrow',
    scalar: 'distance',
    fields: [
      [
        { name: 'delay', dataType: 'Int16' },
        makeData({ type: new Int16(), data: joined(table, 'delay') }),
      ],
      [
        { name: 'distance', dataType: 'Int16' },
        makeData({ type: new Int16(), data: joined(table, 'distance') }),
      ],
      [
        { name: 'time', dataType: 'Float' },
        makeData({ type: new Float32(), data: joined(table, 'time') }),
      ],
    ],
  }
}

function movies() {
  const rows = JSON.parse(readFileSync(join(VEGA, 'movies.json'), 'utf8'))
  const of = (key, convert = (value) => value) => rows.map((row) => convert(row[key] ?? null))
  const name = (value) => (value === null ? null : String(value))
  const field = (label, dataType) => ({
    name: label,
    dataType,
    nullable: true,
    ...(dataType === 'VarChar' ? { maxLength: 256 } : {}),
  })
  return {
    name: 'movies',
    source: 'vega-datasets, movies.json',
    scalar: 'title',
    fields: [
      [field('title', 'VarChar'), text(of('Title', name))],
      [field('us_gross', 'Int64'), column(of('US Gross', wholeNumber), new Int64())],
      [field('worldwide_gross', 'Int64'), column(of('Worldwide Gross', wholeNumber), new Int64())],
      [field('budget', 'Int64'), column(of('Production Budget', wholeNumber), new Int64())],
      [field('release_date', 'VarChar'), text(of('Release Date', name))],
      [field('mpaa_rating', 'VarChar'), text(of('MPAA Rating', name))],
      [field('distributor', 'VarChar'), text(of('Distributor', name))],
      [field('source', 'VarChar'), text(of('Source', name))],
      [field('genre', 'VarChar'), text(of('Major Genre', name))],
      [field('director', 'VarChar'), text(of('Director', name))],
      [field('imdb_rating', 'Double'), column(of('IMDB Rating'), new Float64())],
      [field('imdb_votes', 'Int32'), column(of('IMDB Votes'), new Int32())],
    ],
  }
}

function words() {
  const table = tableFromIPC(readFileSync(join(ROOT, 'examples', 'data', 'words-100d.arrow')))
  const embedding = table.getChild('embedding')
  const numbers = new Float32Array(
    embedding.data.reduce((sum, { length }) => sum + 100 * length, 0),
  )
  let at = 0
  for (const { children, length } of embedding.data) {
    numbers.set(children[0].values.subarray(0, 100 * length), at)
    at += 100 * length
  }
  return {
    name: 'words',
    source: 'examples/data/words-100d.arrow (GloVe)',
    scalar: 'word',
    vector: 'embedding',
    fields: [
      [{ name: 'word', dataType: 'VarChar', maxLength: 64 }, text([...table.getChild('word')])],
      [{ name: 'embedding', dataType: 'FloatVector', dim: 100 }, vectors(numbers, 100)],
    ],
  }
}

/** Deterministic noise: vectors that do not repeat, as embeddings do not. */
function generated() {
  const numbers = new Float32Array(GENERATED_ROWS * GENERATED_DIM)
  let state = 7
  for (let i = 0; i < numbers.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    numbers[i] = state / 2 ** 31 - 1
  }
  const rows = Array.from({ length: GENERATED_ROWS }, (_, row) => row)
  const categories = Int32Array.from(rows, (row) => (row * 7919) % 97)
  return {
    name: 'generated',
    source: 'generated: noise as vectors, numbered texts',
    scalar: 'category',
    vector: 'embedding',
    fields: [
      [
        { name: 'text', dataType: 'VarChar', maxLength: 200 },
        text(rows.map((row) => `document ${row} about topic ${(row * 7919) % 97}`)),
      ],
      [{ name: 'category', dataType: 'Int32' }, makeData({ type: new Int32(), data: categories })],
      [
        { name: 'embedding', dataType: 'FloatVector', dim: GENERATED_DIM },
        vectors(numbers, GENERATED_DIM),
      ],
    ],
  }
}

/** A collection with system fields and a key beside the fields, and all its rows as one record. */
function dataSet({ fields, ...facts }) {
  const schema = withSystemFields(
    createCollectionSchema({
      name: facts.name,
      fields: [
        { name: 'id', dataType: 'Int64', isPrimaryKey: true, autoId: true },
        ...fields.map(([field]) => field),
      ],
    }),
  )
  const rows = fields[0][1].length
  // Rows of one insert message share a timestamp.
  const times = BigInt64Array.from({ length: rows }, (_, i) => (FIRST_ID << 2n) + BigInt(i >> 10))
  const system = [idsFrom(rows, FIRST_ID), int64(times), idsFrom(rows, FIRST_ID)]
  const children = [...system, ...fields.map(([, data]) => data)]
  const arrow = convertToArrowSchema(schema)
  const type = new Struct(arrow.fields)
  const batch = new RecordBatch(arrow, makeData({ type, length: rows, nullCount: 0, children }))
  return { ...facts, schema, rows, record: new SimpleArrowRecord(batch) }
}

/** Every data set that is there. */
export function* dataSets() {
  if (existsSync(VEGA)) {
    yield dataSet(flights())
    yield dataSet(movies())
  } else {
    process.stderr.write('NOT RUN (no vega-datasets in node_modules): flights, movies\n')
  }
  yield dataSet(words())
  yield dataSet(generated())
}
