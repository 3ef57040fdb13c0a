/** Every way into column-group files: name -> ({ subject, broken, random }) => promise. */
const { Type } = require('apache-arrow')
const { PackedReader, inspectFile } = require('../packed.cjs')
const { KEY } = require('./own-files.cjs')

const keyRetriever = () => KEY
const MOST_ROWS = 20_000

/** Look at values of each column: damage must not surface later. */
function lookAt(batch, random) {
  for (let column = 0; column < batch.numCols; column++) {
    const values = batch.getChildAt(column)
    for (let row = 0; row < values.length; row += 1 + random.below(64)) {
      valueAt(values, row)
    }
  }
}

/** Times that no JavaScript number has are apache-arrow's to refuse. */
function valueAt(values, row) {
  try {
    const value = values.get(row)
    if (typeof value === 'object') JSON.stringify(value, plain)
  } catch (error) {
    if (!/not safe to convert|Invalid time value/.test(error.message)) throw error
  }
}

const plain = (_, value) => (typeof value === 'bigint' ? String(value) : value)

/** Read every batch to the end, or until there have been more rows than any whole file here has. */
async function scan(reader, random) {
  let rows = 0
  for await (const batch of reader) {
    rows += batch.numRows
    lookAt(batch, random)
    if (rows > MOST_ROWS) return
  }
}

async function using(reader, use) {
  const opened = await reader
  try {
    await use(opened)
  } finally {
    await opened.close()
  }
}

function optionsOf({ random, subject }) {
  return {
    keyRetriever,
    lenient: subject.lenient || random.next() < 0.3,
    mmap: random.next() < 0.3,
    copy: random.next() < 0.3,
    releasePrevious: random.next() < 0.3,
    batchRows: random.pick([undefined, 1000, 37]),
    batchBytes: random.pick([undefined, 4096]),
    bufferBytes: random.pick([0, 1, 65536, 256 << 20]),
  }
}

const shapeOf = (random) => random.pick([{}, { vectors: 'fixed_size_list' }, { quantized: 'raw' }])

/** Some fields of the whole files, in another order. */
function projection(schema, random) {
  const names = schema.fields.map(({ name }) => name).filter(() => random.next() < 0.6)
  return names.length > 0 ? names.reverse() : undefined
}

/** Some row positions, a few of them twice, and one group of rows. */
async function rowsOf(reader, random) {
  const { numRows, rowGroups } = reader
  if (numRows > 0) {
    const positions = Array.from({ length: 20 }, () => random.below(Math.min(numRows, 2 ** 40)))
    lookAt(await reader.take([...positions, positions[0]]), random)
  }
  if (rowGroups.length > 0) {
    const { group, index, rows } = random.pick(rowGroups)
    if (rows <= MOST_ROWS) lookAt(await reader.readRowGroup({ group, index }), random)
  }
}

/** All of a group, said or not, or the end of it: the same of each group. */
const windowOf = (rows, random) =>
  random.pick([
    {},
    { startIndex: 0, endIndex: rows },
    { startIndex: random.below(rows), endIndex: rows },
  ])

/** A reader over the paths with options of chance and these. */
const open = (context, options = {}) =>
  PackedReader.open({ paths: context.subject.paths, ...optionsOf(context), ...options })

/** Conditions on columns that filters take, by chance; undefined where there is none. */
function filterOf(fields, random) {
  const conditions = fields.flatMap(({ name, type }) => {
    if (type.typeId === Type.Int && type.bitWidth > 8)
      return [
        [name, '<', 20],
        [name, 'in', [1, 7]],
      ]
    if (type.typeId === Type.Utf8)
      return [
        [name, '>=', 'text'],
        [name, '!=', 'word 1'],
      ]
    return type.typeId === Type.Float ? [[name, '<=', 3.5]] : []
  })
  if (conditions.length === 0) return undefined
  const one = random.pick(conditions)
  const other = random.pick(conditions)
  return random.pick([one, { not: one }, { or: [one, [other[0], 'is null']] }, [one, other]])
}

const PACKED_DOORS = {
  scan: (context) =>
    using(open(context, shapeOf(context.random)), (reader) => scan(reader, context.random)),
  columns: (context) => {
    const { random, subject } = context
    const columns = projection(subject.schema, random)
    return using(open(context, { columns }), (reader) => scan(reader, random))
  },
  schema: (context) =>
    using(open(context, { schema: context.subject.schema }), (reader) =>
      scan(reader, context.random),
    ),
  filter: (context) => {
    const filter = filterOf(context.subject.schema.fields, context.random)
    return using(open(context, { filter }), (reader) => scan(reader, context.random))
  },
  rows: (context) =>
    using(open(context, shapeOf(context.random)), (reader) => rowsOf(reader, context.random)),
  windows: (context) => {
    const { random, subject } = context
    const window = subject.rows === 0 ? {} : windowOf(subject.rows, random)
    const columnGroups = subject.paths.map((path) => ({ files: [{ path, ...window }] }))
    const options = { paths: undefined, lenient: undefined, columnGroups }
    return using(open(context, options), (reader) => scan(reader, random))
  },
  inspect: ({ broken }) => inspectFile(broken, { keyRetriever }),
}

module.exports = { PACKED_DOORS, filterOf, keyRetriever, lookAt, scan, using }
