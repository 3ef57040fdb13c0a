/** Files of layout 'small', and every encoding, as pyarrow, DuckDB and Polars read them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Data, makeData, RecordBatch, Schema, Struct, Table, tableToIPC } from 'apache-arrow'
import {
  type ColumnEncoding,
  type ColumnWriteOptions,
  PackedWriter,
  type PackedWriterOptions,
} from '../../lib/index.js'
import { kindsBatch, kindsSchema } from '../support/columns-of-kinds.js'
import { expectReadByOthers } from '../support/other-readers.js'
import type { ChunkFacts } from '../support/packed-fixtures.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { Random } from '../support/random.cjs'
import { temporaryDirectory } from '../support/temporary.js'

const ROWS = 8000
const directory = temporaryDirectory('small-layout')

/** The best of each kind, and the same columns with nulls and values at random. */
const fields = kindsSchema.fields.flatMap((field, index) => {
  const metadata = new Map([['PARQUET:field_id', String(200 + index)]])
  const nullable = field.clone({ name: `${field.name}_null`, nullable: true, metadata })
  return [field, nullable]
})
const schema = new Schema(fields)

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

function rows(): RecordBatch {
  const random = new Random(31)
  const kinds = kindsBatch(ROWS, random).data.children
  const children = kinds.flatMap((child) => [child, withNulls(child, random)])
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length: ROWS, nullCount: 0, children }))
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
}
const MOST_CHOICES = 4

/** One choice after the other, for a column and its twin with nulls. */
function choicesOf(turn: number): Record<string, ColumnWriteOptions> {
  const entries = Object.entries(CHOICES).flatMap(([name, encodings]) => {
    const encoding = encodings[turn % encodings.length]!
    return [
      [name, { encoding }],
      [`${name}_null`, { encoding }],
    ]
  })
  return Object.fromEntries(entries) as Record<string, ColumnWriteOptions>
}

const cases: [string, Partial<PackedWriterOptions>][] = [
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

  beforeAll(async () => {
    writeFileSync(ipc, tableToIPC(new Table([batch]), 'stream'))
    for (const [name, options] of cases) {
      const path = join(directory, `${name}.parquet`)
      const groups = [{ id: 0, path, fields: schema.names as string[] }]
      const writer = await PackedWriter.open({ schema, groups, ...options })
      await writer.write(batch)
      const [group] = (await writer.finish()).groups
      paths.set(name, path)
      const split = (column: string) =>
        column.startsWith('vector') &&
        group!.columns[column]!.encodings.includes('BYTE_STREAM_SPLIT')
      readable.set(
        name,
        (schema.names as string[]).filter((column) => !split(column)),
      )
      const { chunks } = await oracle.ask<{ chunks: ChunkFacts[][] }>('facts', { path })
      for (const { column, encodings } of chunks.flat()) {
        const said = group!.columns[column]!.encodings
        expect(encodings).toEqual(expect.arrayContaining([...said]))
      }
    }
  })

  test.each(cases.map(([name]) => name))('pyarrow: %s', async (name) => {
    const request = { ipc, offset: 0, rows: ROWS, paths: [paths.get(name)!] }
    expect(await oracle.ask('sameAsIpc', request)).toEqual([])
  })

  test('DuckDB and Polars, but for vectors as byte stream split', () => {
    expectReadByOthers(
      cases.map(([name]) => {
        return { name, path: paths.get(name)!, ipc, columns: readable.get(name)! }
      }),
    )
  })
})
