/** Column-group files of our own writer: every layout, codec, encoding, and types of every kind. */
const { join } = require('node:path')
const arrow = require('apache-arrow')
const { PackedWriter, toVectorColumn } = require('../packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('../numbered-rows.cjs')
const { Random } = require('../random.cjs')

const KEY = Buffer.from('footer_key_16B__')
const ENCRYPTION = { key: KEY, keyMetadata: 'a key' }
const ROWS = 500
const DIM = 8

const field = (name, type, id) =>
  new arrow.Field(name, type, true, new Map([['PARQUET:field_id', String(id)]]))
const item = (type) => new arrow.Field('item', type, true)
const MEMBERS = new arrow.Struct([
  new arrow.Field('n', new arrow.Int32(), true),
  new arrow.Field('tags', new arrow.List(item(new arrow.Utf8())), true),
])
const PAIRS = new arrow.Map_(
  new arrow.Field(
    'entries',
    new arrow.Struct([
      new arrow.Field('key', new arrow.Utf8(), false),
      new arrow.Field('value', new arrow.Int32(), true),
    ]),
    false,
  ),
)

/** Name, type, and the value of a row; every seventh is null. */
const COLUMNS = [
  ['flag', new arrow.Bool(), (row) => row % 3 === 0],
  ['small', new arrow.Int8(), (row) => (row % 255) - 127],
  ['number', new arrow.Int32(), (row) => row * 7919],
  ['sorted', new arrow.Int64(), (row) => BigInt(row) * 1000n],
  ['half', new arrow.Float16(), (row) => row / 8],
  ['real', new arrow.Float64(), (row) => row / 3],
  ['word', new arrow.Utf8(), (row) => `word ${row % 11}`],
  ['text', new arrow.Utf8(), (row) => 'text '.repeat(row % 9) + row],
  ['bytes', new arrow.Binary(), (row) => Uint8Array.of(row, row >> 8)],
  ['label', new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()), (row) => `l${row % 5}`],
  ['day', new arrow.DateDay(), (row) => new Date(row * 86_400_000)],
  ['time', new arrow.TimestampMicrosecond(), (row) => row * 1000],
  ['list', new arrow.List(item(new arrow.Int32())), (row) => [row, null, row + 1].slice(row % 4)],
  [
    'lists',
    new arrow.List(item(new arrow.List(item(new arrow.Utf8())))),
    (row) => [[`${row}`], [], ['a', null]].slice(row % 3),
  ],
  ['members', MEMBERS, (row) => ({ n: row, tags: ['x', `${row}`].slice(row % 3) })],
  ['pairs', PAIRS, (row) => new Map([[`k${row % 3}`, row]])],
]
const TYPED_SCHEMA = new arrow.Schema(
  COLUMNS.map(([name, type], index) => field(name, type, 100 + index)),
)

function batchOf(schema, length, children) {
  const type = new arrow.Struct(schema.fields)
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length, nullCount: 0, children: children.map(({ data }) => data[0]) }),
  )
}

function typedBatch(first, rows, isNull = (row) => row % 7 === 3) {
  const columns = COLUMNS.map(([, type, valueAt]) => {
    const values = Array.from({ length: rows }, (_, i) =>
      isNull(first + i) ? null : valueAt(first + i),
    )
    return arrow.vectorFromArray(values, type)
  })
  return batchOf(TYPED_SCHEMA, rows, columns)
}

/** Vectors of noise, which do not compress. */
function vectors(rows, seed) {
  const random = new Random(seed)
  return Float32Array.from({ length: rows * DIM }, () => random.next() - 0.5)
}

function vectorBatch(rows) {
  const column = toVectorColumn(vectors(rows, 1), DIM, { as: 'fixed_size_binary' })
  const ids = arrow.vectorFromArray(
    Array.from({ length: rows }, (_, row) => BigInt(row)),
    new arrow.Int64(),
  )
  const schema = new arrow.Schema([field('id', ids.type, 100), field('v', column.type, 101)])
  return batchOf(schema, rows, [ids, column])
}

const typed = (rows = ROWS, isNull = undefined) => {
  const half = rows >> 1
  return rows < 2
    ? [typedBatch(0, rows)]
    : [typedBatch(0, half, isNull), typedBatch(half, half, isNull)]
}
const numbered = () => [0, 100, 200].map((first) => numberedBatch(1, first, 100))
const PAIR = [
  { id: 0, fields: ['pk', 'text'] },
  { id: 102, fields: ['embedding'] },
]
const one = (schema) => [{ id: 0, fields: schema.fields.map(({ name }) => name) }]
const QUANTIZE = { v: { fieldId: 102, scaleFieldId: 103 } }
const QUANTIZED_GROUPS = [
  { id: 0, fields: ['id', 103] },
  { id: 102, fields: [102] },
]
const encodings = {
  number: { encoding: 'deltaBinaryPacked' },
  sorted: { encoding: 'deltaBinaryPacked' },
  text: { encoding: 'deltaByteArray' },
  word: { encoding: 'deltaLengthByteArray' },
  real: { encoding: 'byteStreamSplit' },
}

/** Name: batches, groups and options of the writer. */
function plans() {
  const plan = (batches, options = {}, groups = undefined) => ({ batches, options, groups })
  const codec = (name) =>
    plan(numbered(), { compression: name, vectors: name, rowGroupBytes: 16384 }, PAIR)
  return {
    dictionary: plan(numbered(), { rowGroupBytes: 8192 }, PAIR),
    stored: plan(numbered(), { compression: 'uncompressed' }, PAIR),
    encrypted: plan(numbered(), { encryption: ENCRYPTION, rowGroupBytes: 8192 }, PAIR),
    'pages in CTR': plan(
      numbered(),
      { encryption: { ...ENCRYPTION, algorithm: 'AES_GCM_CTR_V1' } },
      PAIR,
    ),
    snappy: codec('snappy'),
    gzip: codec('gzip'),
    lz4: codec('lz4'),
    brotli: codec('brotli'),
    typed: plan(typed(), { rowGroupBytes: 65536 }),
    'typed, fast': plan(typed(), { layout: 'fast' }),
    'typed, small': plan(typed(), { layout: 'small' }),
    'typed, split': plan(typed(), {}, 'perField'),
    'typed, by Milvus': plan(typed(), {}, 'milvus'),
    'typed, encrypted': plan(typed(), { encryption: ENCRYPTION }),
    'typed, encodings': plan(typed(), { layout: 'fast', columns: encodings }),
    'all null': plan(typed(60, () => true)),
    'one row': plan(typed(1)),
    'no rows': plan([], {}),
    'raw frames': plan([vectorBatch(ROWS)], { layout: 'fast', vectors: 'auto' }),
    'split bytes': plan([vectorBatch(ROWS)], {
      layout: 'small',
      columns: { v: { encoding: 'byteStreamSplit' } },
    }),
    quantized: plan([vectorBatch(ROWS)], { quantize: QUANTIZE }, QUANTIZED_GROUPS),
  }
}

/** Write them below `directory`; name and paths of each set. */
async function writeOwnFiles(directory) {
  const sets = []
  for (const [name, { batches, options, groups }] of Object.entries(plans())) {
    const home = join(directory, name.replaceAll(/\W+/g, '-'))
    const schema = batches[0]?.schema ?? TYPED_SCHEMA
    const place =
      typeof groups === 'string'
        ? { groups, directory: home }
        : {
            groups: (groups ?? one(schema)).map((group) => ({
              ...group,
              path: join(home, `${group.id}`),
            })),
          }
    const writer = await PackedWriter.open({ schema, ...place, ...options })
    for (const batch of batches) await writer.write(batch)
    const result = await writer.finish()
    sets.push({ name: `own, ${name}`, root: home, paths: result.groups.map(({ path }) => path) })
  }
  return sets
}

module.exports = { KEY, NUMBERED_SCHEMA, writeOwnFiles }
