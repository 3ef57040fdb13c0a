/** Row groups of rows that say where they belong: readers can check each value. */
const { Field, Float32, FixedSizeList, Int64, RecordBatch, Schema } = require('apache-arrow')
const { Struct, Utf8, makeData, vectorFromArray } = require('apache-arrow')

const DIM = 32

function field(name, type, id, nullable = false) {
  return new Field(name, type, nullable, new Map([['PARQUET:field_id', String(id)]]))
}

const VECTOR = new FixedSizeList(DIM, new Field('item', new Float32(), false))
const NUMBERED_SCHEMA = new Schema([
  field('pk', new Int64(), 100),
  field('text', new Utf8(), 101, true),
  field('embedding', VECTOR, 102),
])

/** `rows` rows from row `first` of set `set`; each third text is null. */
function numberedBatch(set, first, rows) {
  const keys = BigInt64Array.from(
    { length: rows },
    (_, i) => BigInt(set) * 1_000_000n + BigInt(first + i),
  )
  const texts = Array.from({ length: rows }, (_, i) => textOf(set, first + i))
  const floats = Float32Array.from({ length: rows * DIM }, (_, i) =>
    Math.fround((first + i) * 0.37),
  )
  const children = [
    makeData({ type: new Int64(), data: keys }),
    vectorFromArray(texts, new Utf8()).data[0],
    makeData({
      type: VECTOR,
      length: rows,
      nullCount: 0,
      child: makeData({ type: new Float32(), data: floats }),
    }),
  ]
  const data = makeData({
    type: new Struct(NUMBERED_SCHEMA.fields),
    length: rows,
    nullCount: 0,
    children,
  })
  return new RecordBatch(NUMBERED_SCHEMA, data)
}

function textOf(set, row) {
  return row % 3 === 2 ? null : `set ${set} row ${row}`
}

module.exports = { NUMBERED_SCHEMA, numberedBatch, textOf }
