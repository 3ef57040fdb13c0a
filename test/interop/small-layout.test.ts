/** Files of layout 'small', and every encoding, as pyarrow, DuckDB and Polars read them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Data,
  type DataType,
  Field,
  Float32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  type ColumnEncoding,
  type ColumnWriteOptions,
  PackedWriter,
  type PackedWriterOptions,
  type WrittenColumn,
} from '../../lib/index.js'
import { kindsBatch, kindsSchema } from '../support/columns-of-kinds.js'
import { expectReadByOthers } from '../support/other-readers.js'
import type { ChunkFacts } from '../support/packed-fixtures.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { Random } from '../support/random.cjs'
import { temporaryDirectory } from '../support/temporary.js'

const ROWS = 8000
const directory = temporaryDirectory('small-layout')

const list = (type: DataType) => new List(new Field('element', type, true))

/** What the kinds do not have: lists, float32, and texts of which a dictionary is soon full. */
const FURTHER: Readonly<Record<string, DataType>> = {
  tags: list(new Utf8()),
  numbers: list(new Int64()),
  ratio: new Float32(),
  long: new Utf8(),
}
const FURTHER_NAMES = Object.keys(FURTHER)

/** The best of each kind, the same columns with nulls and values at random, and the further ones. */
const schema = new Schema([
  ...kindsSchema.fields.flatMap((field, index) => {
    const metadata = new Map([['PARQUET:field_id', String(200 + index)]])
    const nullable = field.clone({ name: `${field.name}_null`, nullable: true, metadata })
    return [field, nullable]
  }),
  ...FURTHER_NAMES.map((name, index) => {
    const metadata = new Map([['PARQUET:field_id', String(300 + index)]])
    return new Field(name, FURTHER[name]!, true, metadata)
  }),
])

/** The same values, a quarter of them null. */
function withNulls(data: Data, random: Random): Data {
  const bitmap = new Uint8Array(Math.ceil(data.length / 8))
  let nullCount = 0
  for (let i = 0; i < data.length; i++) {
    if (random.below(4) === 0) nullCount++
    else bitmap[i >> 3]! |= 1 << (i & 7)
  }
  const buffers = [data.valueOffsets, data.values, bitmap, data.typeIds]
  return data.clone(data.type, 0, data.length, nullCount, buffers as never)
}

/** A value of a further column; null now and then. */
function furtherValue(name: string, row: number, random: Random): unknown {
  if (random.below(9) === 0) return null
  const word = () => random.below(2 ** 30).toString(36)
  switch (name) {
    case 'tags':
      return Array.from({ length: row % 4 }, (_, i) => (i === 2 ? null : `tag ${random.below(20)}`))
    case 'numbers':
      return Array.from({ length: random.below(4) }, (_, i) => BigInt(7 * row + i))
    case 'ratio':
      return Math.fround(random.next())
    default:
      return Array.from({ length: 40 }, word).join(' ')
  }
}

function rows(): RecordBatch {
  const random = new Random(31)
  const kinds = kindsBatch(ROWS, random).data.children
  const further = FURTHER_NAMES.map((name) => {
    const values = Array.from({ length: ROWS }, (_, row) => furtherValue(name, row, random))
    return vectorFromArray(values as never[], FURTHER[name]!).data[0]!
  })
  const children = kinds.flatMap((child) => [child, withNulls(child, random)])
  const type = new Struct(schema.fields)
  const data = { type, length: ROWS, nullCount: 0, children: [...children, ...further] }
  return new RecordBatch(schema, makeData(data))
}

/** Every encoding that a column can have. */
const CHOICES: Readonly<Record<string, readonly ColumnEncoding[]>> = {
  rising: ['plain', 'dictionary', 'deltaBinaryPacked', 'byteStreamSplit'],
  noise: ['deltaBinaryPacked', 'byteStreamSplit'],
  few: ['plain', 'dictionary', 'deltaBinaryPacked', 'byteStreamSplit'],
  moment: ['plain', 'deltaBinaryPacked'],
  score: ['plain', 'byteStreamSplit'],
  path: ['plain', 'dictionary', 'deltaLengthByteArray', 'deltaByteArray'],
  word: ['deltaLengthByteArray', 'deltaByteArray'],
  text: ['deltaLengthByteArray', 'deltaByteArray'],
  vector: ['plain', 'byteStreamSplit'],
  tags: ['plain', 'dictionary', 'deltaLengthByteArray', 'deltaByteArray'],
  numbers: ['plain', 'dictionary', 'deltaBinaryPacked', 'byteStreamSplit'],
  ratio: ['plain', 'dictionary', 'byteStreamSplit'],
  long: ['plain', 'dictionary', 'deltaLengthByteArray', 'deltaByteArray'],
}
const MOST_CHOICES = 4

/** One choice after the other, for a column and its twin with nulls. */
function choicesOf(turn: number): Record<string, ColumnWriteOptions> {
  const entries = Object.entries(CHOICES).flatMap(([name, encodings]) => {
    const encoding = encodings[turn % encodings.length]!
    const twins = FURTHER_NAMES.includes(name) ? [] : [[`${name}_null`, { encoding }]]
    return [[name, { encoding }], ...twins]
  })
  return Object.fromEntries(entries) as Record<string, ColumnWriteOptions>
}

const auto = { codec: 'zstd', level: 'auto' } as const
const cases: [string, Partial<PackedWriterOptions>][] = [
  ['milvus', {}],
  ['fast', { layout: 'fast' }],
  ['fast with levels by the kind', { layout: 'fast', compression: auto }],
  ['small with levels by the kind', { layout: 'small', compression: auto }],
  ['small with lz4', { layout: 'small', compression: 'lz4' }],
  ['small', { layout: 'small' }],
  ['small in small row groups', { layout: 'small', rowGroupBytes: 200_000 }],
  ...Array.from({ length: MOST_CHOICES }, (_, turn): [string, Partial<PackedWriterOptions>] => [
    `encodings ${turn}`,
    { layout: turn % 2 === 0 ? 'fast' : 'small', columns: choicesOf(turn) },
  ]),
]

describeWithPyarrow("files of layout 'small' and of every encoding", () => {
  const oracle = new Oracle()
  afterAll(() => oracle.close())
  const batch = rows()
  const ipc = join(directory, 'rows.arrows')
  const paths = new Map<string, string>()
  /** What others than Arrow read of a file: not the vectors whose bytes are split. */
  const readable = new Map<string, string[]>()
  const written = new Map<string, Readonly<Record<string, WrittenColumn>>>()

  beforeAll(async () => {
    writeFileSync(ipc, tableToIPC(new Table([batch]), 'stream'))
    for (const [name, options] of cases) {
      const path = join(directory, `${name}.parquet`)
      const groups = [{ id: 0, path, fields: schema.names as string[] }]
      const writer = await PackedWriter.open({ schema, groups, ...options })
      await writer.write(batch)
      const [group] = (await writer.finish()).groups
      paths.set(name, path)
      written.set(name, group!.columns)
      const split = (column: string) =>
        column.startsWith('vector') &&
        group!.columns[column]!.encodings.includes('BYTE_STREAM_SPLIT')
      readable.set(
        name,
        (schema.names as string[]).filter((column) => !split(column)),
      )
      const { chunks } = await oracle.ask<{ chunks: ChunkFacts[][] }>('facts', { path })
      for (const [column, { encodings }] of Object.entries(group!.columns)) {
        const own = chunks.flat().filter((chunk) => chunk.column.split('.')[0] === column)
        expect(own.flatMap((chunk) => chunk.encodings)).toEqual(
          expect.arrayContaining([...encodings]),
        )
      }
    }
  })

  test.each(cases.map(([name]) => name))('pyarrow: %s', async (name) => {
    const request = { ipc, offset: 0, rows: ROWS, paths: [paths.get(name)!] }
    expect(await oracle.ask('sameAsIpc', request)).toEqual([])
  })

  test('a dictionary that was full is reported, and taken back where a sample chose it', () => {
    // Turn 1 asks for dictionaries: of texts of 1.6 MB, where 1 MiB is the most.
    const { long, word } = written.get('encodings 1')!
    expect(long!.dictionaryFallback).toBe(true)
    expect([...long!.encodings].sort()).toEqual(['PLAIN', 'RLE_DICTIONARY'])
    expect(word!.dictionaryFallback).toBe(false)
    for (const name of ['small', 'fast']) {
      for (const column of Object.values(written.get(name)!)) {
        expect(column.dictionaryFallback).toBe(false)
      }
    }
    expect(written.get('small')!.numbers!.encodings).toEqual(['DELTA_BINARY_PACKED'])
    expect(written.get('small')!.tags!.encodings).toEqual(['RLE_DICTIONARY'])
  })

  test('DuckDB and Polars, but for vectors as byte stream split', () => {
    expectReadByOthers(
      cases.map(([name]) => {
        return { name, path: paths.get(name)!, ipc, columns: readable.get(name)! }
      }),
    )
  })
})
