/** The data sets: columns in order, the column groups of the packed layout, what is projected. */
import {
  categories,
  embeddings,
  flags,
  int32Below,
  int32s,
  int64Below,
  metas,
  normals,
  prices32,
  prices64,
  quantised,
  randomKeys,
  rising,
  rowIds,
  shuffledKeys,
  timestamps,
  titles,
  uniforms,
  withNulls,
} from './columns.mjs'

const VECTOR_GROUPS = [
  ['RowID', 'Timestamp', 'pk', 'category', 'price', 'score', 'flag'],
  ['title', 'meta'],
  ['embedding'],
]

function vectorTable(embedding, { rows, batchRows }) {
  return {
    rows,
    batchRows,
    projection: ['pk', 'embedding'],
    groups: VECTOR_GROUPS,
    columns: {
      RowID: rowIds(),
      Timestamp: timestamps(),
      pk: shuffledKeys(),
      category: categories('category'),
      title: titles(4, 11),
      meta: metas(),
      price: prices32(),
      score: uniforms(),
      flag: flags(0.3),
      embedding,
    },
  }
}

function scalarTable() {
  const columns = {
    RowID: rowIds(),
    Timestamp: timestamps(),
    pk: randomKeys(),
    i32: int32s(),
    i32_small: int32Below(1000),
    i64_null: withNulls(int64Below(1_000_000)),
    f32: normals(),
    f64_null: withNulls(uniforms()),
    flag: flags(0.3),
    flag_null: withNulls(flags(0.5)),
    category: categories('category'),
    title: titles(4, 11),
    name_null: withNulls(titles(2, 4)),
    meta: metas(),
  }
  const texts = ['title', 'name_null', 'meta']
  const rest = Object.keys(columns).filter((name) => !texts.includes(name))
  return {
    rows: 3_000_000,
    batchRows: 250_000,
    projection: ['pk', 'f64_null'],
    groups: [rest, ['title', 'name_null'], ['meta']],
    columns,
  }
}

function wideTable() {
  const kinds = Object.entries({
    i32: int32s(),
    i64: rising(),
    f32: normals(),
    f64: prices64(),
    cat: categories('cat'),
    i64n: withNulls(int64Below(1_000_000)),
    f64n: withNulls(uniforms()),
    flag: flags(0.3),
    str: titles(3, 5),
    i32s: int32Below(1000),
  })
  const columns = { RowID: rowIds(), Timestamp: timestamps(), pk: randomKeys() }
  for (let i = 0; i < 197; i++) {
    const [kind, column] = kinds[i % kinds.length]
    columns[`c${String(i).padStart(3, '0')}_${kind}`] = column
  }
  const names = Object.keys(columns)
  return {
    rows: 200_000,
    batchRows: 50_000,
    projection: ['pk', ...names.slice(10, 20)],
    groups: [names.slice(0, 67), names.slice(67, 134), names.slice(134)],
    columns,
  }
}

/** Two integers a row: what one row costs at the least. */
function integerTable() {
  return {
    rows: 10_000_000,
    batchRows: 500_000,
    projection: ['pk'],
    groups: [['RowID', 'pk']],
    columns: { RowID: rowIds(), pk: randomKeys() },
  }
}

/** The tables at their full size, by name; made when they are asked for. */
export const TABLES = {
  vec768: () => vectorTable(embeddings(768), { rows: 100_000, batchRows: 10_000 }),
  vec128q: () => vectorTable(quantised(128), { rows: 500_000, batchRows: 50_000 }),
  scalar: scalarTable,
  wide: wideTable,
  integers: integerTable,
}
