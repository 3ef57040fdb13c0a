/** Files of layout 'fast' are ordinary Parquet: pyarrow reads them equal, and says what is in them. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Bool,
  Field,
  FixedSizeBinary,
  Float64,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
} from 'apache-arrow'
import {
  type ColumnEncoding,
  PackedReader,
  PackedWriter,
  type PackedWriterOptions,
} from '../../lib/index.js'
import type { ChunkFacts } from '../support/packed-fixtures.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { Random } from '../support/random.cjs'
import { randomBatch } from '../support/random-table.js'
import { temporaryDirectory } from '../support/temporary.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const ROWS = 20_000
const VECTOR_BYTES = 256

const field = (name: string, type: Field['type'], id: number, nullable: boolean) =>
  new Field(name, type, nullable, new Map([['PARQUET:field_id', String(id)]]))

/** Random columns of both kinds, and a required one of each encoding that a sample may choose. */
const schema = new Schema([
  field('row', new Int64(), 100, false),
  field('noise', new Int64(), 101, false),
  field('maybe', new Float64(), 102, true),
  field('word', new Utf8(), 103, false),
  field('text', new Utf8(), 104, true),
  field('flag', new Bool(), 105, true),
  field('tags', new List(new Field('element', new Utf8(), true)), 106, true),
  field('vector', new FixedSizeBinary(VECTOR_BYTES), 107, false),
  field('maybe_vector', new FixedSizeBinary(16), 108, true),
])

function batchOf(rows: number): RecordBatch {
  const random = randomBatch(schema, rows, new Random(7))
  const words = Buffer.from('wordwort'.repeat(rows / 2))
  const children = random.data.children.slice()
  children[0] = makeData({
    type: new Int64(),
    data: BigInt64Array.from({ length: rows }, (_, i) => 4490000n + BigInt(i)),
  })
  children[3] = makeData({
    type: new Utf8(),
    length: rows,
    nullCount: 0,
    valueOffsets: Int32Array.from({ length: rows + 1 }, (_, i) => 4 * i),
    data: new Uint8Array(words),
  })
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length: rows, nullCount: 0, children }))
}

/** One of each that can be asked for, on required and on nullable columns, one of them nested. */
const ENCODINGS: Readonly<Record<string, { encoding: ColumnEncoding; parquet: string }>> = {
  row: { encoding: 'deltaBinaryPacked', parquet: 'DELTA_BINARY_PACKED' },
  noise: { encoding: 'byteStreamSplit', parquet: 'BYTE_STREAM_SPLIT' },
  maybe: { encoding: 'byteStreamSplit', parquet: 'BYTE_STREAM_SPLIT' },
  word: { encoding: 'deltaByteArray', parquet: 'DELTA_BYTE_ARRAY' },
  text: { encoding: 'deltaLengthByteArray', parquet: 'DELTA_LENGTH_BYTE_ARRAY' },
  tags: { encoding: 'deltaByteArray', parquet: 'DELTA_BYTE_ARRAY' },
  maybe_vector: { encoding: 'byteStreamSplit', parquet: 'BYTE_STREAM_SPLIT' },
}
const chosenEncodings = Object.fromEntries(
  Object.entries(ENCODINGS).map(([name, { encoding }]) => [name, { encoding }]),
)

describeWithPyarrow("layout 'fast'", () => {
  const directory = temporaryDirectory('fast-layout')
  const oracle = new Oracle()
  afterAll(() => oracle.close())
  const whole = batchOf(ROWS)
  let run = 0

  async function write(options: Partial<PackedWriterOptions>, step = ROWS): Promise<string[]> {
    const home = join(directory, String(run++))
    const groups = [
      { id: 0, path: join(home, '0'), fields: schema.fields.slice(0, 7).map(({ name }) => name) },
      { id: 1, path: join(home, '1'), fields: ['vector'] },
      { id: 2, path: join(home, '2'), fields: ['maybe_vector'] },
    ]
    const writer = await PackedWriter.open({ schema, groups, layout: 'fast', ...options })
    try {
      for (let at = 0; at < ROWS; at += step) await writer.write(whole.slice(at, at + step))
      await writer.finish()
    } finally {
      await writer.close()
    }
    return groups.map(({ path }) => path)
  }

  const chunksOf = async (path: string) =>
    (await oracle.ask<{ chunks: ChunkFacts[][] }>('facts', { path })).chunks

  test.each<[string, Partial<PackedWriterOptions>]>([
    ['as it comes', {}],
    ['with small row groups', { rowGroupBytes: 300_000 }],
    ['with every vector compressed', { vectors: 'always' }],
    ['with stored vectors', { vectors: 'stored' }],
    ["with stored vectors in layout 'milvus'", { layout: 'milvus', vectors: 'stored' }],
    ['with other codecs', { compression: 'snappy', columns: { text: { codec: 'gzip' } } }],
    [
      'with chosen encodings',
      { columns: { row: { encoding: 'plain' }, text: { encoding: 'dictionary' } } },
    ],
    ['with an encoding for each column', { columns: chosenEncodings }],
    [
      'with an encoding for each column in small row groups',
      { columns: chosenEncodings, rowGroupBytes: 100_000 },
    ],
    ['with split bytes', { columns: { vector: { encoding: 'byteStreamSplit' } } }],
    ['with a tiny buffer, on one thread', { concurrency: 1, bufferBytes: 1 }],
  ])('reads back equal %s', async (_, options) => {
    const paths = await write(options, 3001)
    const ipc = join(directory, `${run}.arrows`)
    writeFileSync(ipc, tableToIPC(new Table([whole]), 'stream'))
    expect(await oracle.ask('sameAsIpc', { ipc, offset: 0, rows: ROWS, paths })).toEqual([])
    const reader = await PackedReader.open({ paths })
    expect((await reader.toTable()).numRows).toBe(ROWS)
    await reader.close()
  })

  test('takes deltas and dictionaries where a sample says so', async () => {
    const [scalars, vectors] = await write({})
    const [chunks] = await chunksOf(scalars!)
    const facts = new Map(chunks!.map((chunk) => [chunk.column, chunk]))
    expect(facts.get('row')!.encodings).toContain('DELTA_BINARY_PACKED')
    expect(facts.get('noise')!.encodings).toEqual(['PLAIN', 'RLE'])
    expect(facts.get('word')!.dictionary).toBe(true)
    expect(facts.get('noise')!.dictionary).toBe(false)
    expect([...facts.values()].map(({ codec }) => codec)).toEqual(Array(7).fill('ZSTD'))
    expect((await chunksOf(vectors!)).flat()).toMatchObject([{ codec: 'ZSTD', dictionary: false }])
  })

  test('takes the encodings that are asked for', async () => {
    const paths = await write({ columns: chosenEncodings })
    const chunks = (await Promise.all(paths.map(chunksOf))).flat(2)
    for (const [name, { parquet }] of Object.entries(ENCODINGS)) {
      const chunk = chunks.find(({ column }) => column.split('.')[0] === name)!
      expect(`${name} ${chunk.encodings}`).toBe(`${name} ${[parquet, 'RLE'].sort()}`)
      expect(chunk.dictionary).toBe(false)
    }
  })

  test('stores vectors that do not compress inside frames of the codec, a few bytes larger', async () => {
    const [, auto] = await write({})
    const [, always] = await write({ vectors: 'always' })
    const [, stored] = await write({ vectors: 'stored' })
    const bytes = ROWS * VECTOR_BYTES
    const size = (path: string) => readFileSync(path).length
    expect(size(auto!)).toBeGreaterThan(bytes)
    expect(size(auto!)).toBeLessThan(bytes * 1.001)
    expect(size(always!)).not.toBe(size(auto!))
    expect((await chunksOf(stored!)).flat()).toMatchObject([{ codec: 'UNCOMPRESSED' }])
  })

  test.each(['fast', 'milvus'] as const)(
    'begins stored pages of vectors at multiples of 64, one to a row group: %s',
    async (layout) => {
      const [, path] = await write({ layout, vectors: 'stored', rowGroupBytes: 1 << 20 }, 777)
      const file = readFileSync(path!)
      const values = whole.getChild('vector')!.data[0]!.values as Uint8Array
      const reader = await PackedReader.open({ paths: [path!], mmap: true })
      let row = 0
      for (const { rows } of reader.rowGroups) {
        const page = values.subarray(row * VECTOR_BYTES, (row + rows) * VECTOR_BYTES)
        const at = file.indexOf(page)
        expect(at).toBeGreaterThan(0)
        expect(at % 64).toBe(0)
        row += rows
      }
      expect(row).toBe(ROWS)
      // Views of the one ArrayBuffer over the mapped file: nothing was copied, nothing is lent.
      const table = await reader.toTable()
      expect(table.numRows).toBe(ROWS)
      const pages = table.getChild('vector')!.data.map(({ values }) => values as Uint8Array)
      expect(new Set(pages.map(({ buffer }) => buffer)).size).toBe(1)
      expect(pages[0]!.buffer.byteLength).toBe(file.length)
      await reader.close()
    },
  )

  test('makes the same files however the rows come and on any number of threads', async () => {
    const bytesOf = async (options: Partial<PackedWriterOptions>, step: number) =>
      (await write(options, step)).map((path) => sha256(readFileSync(path)))
    const expected = await bytesOf({}, ROWS)
    expect(await bytesOf({}, 113)).toEqual(expected)
    expect(await bytesOf({ concurrency: 1 }, 5000)).toEqual(expected)
    expect(await bytesOf({ copy: true }, 4096)).toEqual(expected)
  })
})
