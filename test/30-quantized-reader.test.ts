/** Codes of vectors that readers decode. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FixedSizeBinary, type FixedSizeList, Schema, Table } from 'apache-arrow'
import {
  dequantizeVectors,
  PackedReader,
  type PackedReaderOptions,
  QUANTIZATION_KEY,
  quantizationOf,
  quantizeVectors,
  vectorsOf,
} from '../lib/index.js'
import {
  BOUND,
  isNullRow,
  QUANTIZE,
  QUANTIZED_DIM,
  vectorBatch,
  vectorNumbers,
  writeQuantized,
} from './support/quantized.js'
import { rejection } from './support/rejection.js'
import { field } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 3000
const home = temporaryDirectory('quantized-reader')

/** What the numbers of a column become, row by row; null where the row is. */
async function expectedRows(name: 'a' | 'b'): Promise<(Float32Array | null)[]> {
  const values = vectorNumbers(ROWS, name === 'a' ? 1 : 2)
  const scale = name === 'a' ? 'vector' : BOUND / 127
  const decoded = await dequantizeVectors(
    await quantizeVectors({ values, dim: QUANTIZED_DIM, scale }),
  )
  return Array.from({ length: ROWS }, (_, row) =>
    name === 'a' && isNullRow(row)
      ? null
      : decoded.subarray(row * QUANTIZED_DIM, (row + 1) * QUANTIZED_DIM),
  )
}

/** The vectors of a table, batch by batch. */
function rowsOf(table: Table, name: string): (Float32Array | null)[] {
  return table.batches.flatMap((batch) => {
    const { data, dim, rows, validity } = vectorsOf(batch, name, { element: 'float32' })
    expect(dim).toBe(QUANTIZED_DIM)
    return Array.from({ length: rows }, (_, row) => {
      const valid = validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1
      return valid ? data.slice(row * dim, (row + 1) * dim) : null
    })
  })
}

async function read(options: PackedReaderOptions): Promise<Table> {
  const reader = await PackedReader.open(options)
  try {
    return await reader.toTable()
  } finally {
    await reader.close()
  }
}

const namesOf = (table: Table): string[] => table.schema.fields.map(({ name }) => name)

describe('a reader of quantized vectors', () => {
  let paths: string[]
  let a: (Float32Array | null)[]
  let b: (Float32Array | null)[]
  beforeAll(async () => {
    const batch = vectorBatch(ROWS)
    const written = await writeQuantized([batch.slice(0, 1234), batch.slice(1234)], {
      directory: join(home, 'one'),
      rowGroupBytes: 20_000,
    })
    paths = written.paths
    ;[a, b] = await Promise.all([expectedRows('a'), expectedRows('b')])
  })

  test.each<[string, Partial<PackedReaderOptions>]>([
    ['as it comes', {}],
    ['as lists', { vectors: 'fixed_size_list' }],
    ['in small batches', { batchRows: 100 }],
    ['within bytes', { batchBytes: 5000 }],
    ['mapped', { mmap: true }],
    ['copied', { copy: true }],
    ['in another order', { columns: ['b_int8', 102, 'id'] }],
  ])('decodes them %s', async (_, options) => {
    const table = await read({ paths, ...options })
    expect(namesOf(table).sort()).toEqual(['a_int8', 'b_int8', 'id'])
    expect(rowsOf(table, 'a_int8')).toEqual(a)
    expect(rowsOf(table, 'b_int8')).toEqual(b)
    const codes = table.schema.fields.find(({ name }) => name === 'a_int8')!
    expect(codes.metadata.get('PARQUET:field_id')).toBe('102')
    expect(codes.nullable).toBe(true)
  })

  test('gives codes and scales as they are stored', async () => {
    const table = await read({ paths, quantized: 'raw', vectors: 'fixed_size_list' })
    expect(namesOf(table)).toEqual(['id', 'a_scale', 'a_int8', 'b_int8'])
    const dim = QUANTIZED_DIM
    const [expected, scales] = [
      await quantizeVectors({ values: vectorNumbers(ROWS, 2), dim, scale: BOUND / 127 }),
      await quantizeVectors({ values: vectorNumbers(ROWS, 1), dim }),
    ]
    const codes = table.batches.flatMap((batch) => [...vectorsOf(batch, 'b_int8').data])
    expect(codes).toEqual([...expected.codes])
    const stored = table.getChild('a_scale')!
    const wanted = [...scales.scales].map((scale, row) => (isNullRow(row) ? null : scale))
    expect(Array.from({ length: ROWS }, (_, row) => stored.get(row))).toEqual(wanted)
    expect(quantizationOf(new Map())).toEqual([])
  })

  test('leaves scales out unless they are asked for', async () => {
    expect(namesOf(await read({ paths, columns: ['a_scale', 'a_int8'] }))).toEqual([
      'a_scale',
      'a_int8',
    ])
    expect(namesOf(await read({ paths: [paths[0]!] }))).toEqual(['id', 'a_scale'])
    expect(namesOf(await read({ paths, columns: ['id'] }))).toEqual(['id'])
  })

  test('decodes what a schema asks for as float32', async () => {
    const list = vectorBatch(1, 'fixed_size_list').schema.fields[2]!.type as FixedSizeList
    const schema = new Schema([
      field('raw', new FixedSizeBinary(QUANTIZED_DIM), 102, true),
      field('decoded', list, 105),
    ])
    const table = await read({ paths, schema })
    expect(String(table.schema.fields[0]!.type)).toBe(`FixedSizeBinary[${QUANTIZED_DIM}]`)
    expect(rowsOf(table, 'decoded')).toEqual(b)
    const wanted = new Schema([field('v', new FixedSizeBinary(4 * QUANTIZED_DIM), 102, true)])
    expect(rowsOf(await read({ paths, schema: wanted }), 'v')).toEqual(a)
    const raw = await rejection(() => read({ paths, schema: wanted, quantized: 'raw' }))
    expect(raw).toMatchObject({ code: 'TypeMismatch', field: 'v' })
    const other = new Schema([field('v', new FixedSizeBinary(4 * QUANTIZED_DIM + 4), 102, true)])
    expect((await rejection(() => read({ paths, schema: other }))).code).toBe('TypeMismatch')
  })

  test('takes rows and reads row groups', async () => {
    const reader = await PackedReader.open({ paths })
    const rows = [2999, 2, 7, 7, 0, 1500]
    const taken = await reader.take(rows)
    expect(rowsOf(taken, 'a_int8')).toEqual(rows.map((row) => a[row]))
    expect(rowsOf(taken, 'b_int8')).toEqual(rows.map((row) => b[row]))
    const part = reader.rowGroups.find(({ group, index }) => group === 1 && index === 1)!
    const batch = await reader.readRowGroup({ group: 1, index: 1 })
    const expected = a.slice(part.rowOffset, part.rowOffset + part.rows)
    expect(rowsOf(new Table([batch]), 'a_int8')).toEqual(expected)
    expect(batch.schema.fields.map(({ name }) => name)).toEqual(['a_int8'])
    const others = await reader.readRowGroup({ group: 0, index: 0 })
    expect(others.schema.fields.map(({ name }) => name)).toEqual(['id'])
    reader.release(batch)
    await reader.close()
    expect((await rejection(() => reader.take([0]))).code).toBe('Closed')
  })

  test('needs the file of the scales, or no decoding', async () => {
    const error = await rejection(() => read({ paths: [paths[1]!] }))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'a_int8' })
    expect(error.message).toContain('field id 103')
    expect((await read({ paths: [paths[1]!], quantized: 'raw' })).numRows).toBe(ROWS)
    expect(rowsOf(await read({ paths: [paths[2]!] }), 'b_int8')).toEqual(b)
  })

  test('reads column groups whose files have other scales', async () => {
    const { paths: others } = await writeQuantized([vectorBatch(200)], {
      directory: join(home, 'two'),
      quantize: { ...QUANTIZE, b: { ...QUANTIZE.b, maxAbs: 40 } },
    })
    const columnGroups = paths.map((path, i) => ({ files: [{ path }, { path: others[i]! }] }))
    const table = await read({ columnGroups })
    expect(rowsOf(table, 'a_int8')).toEqual([...a, ...a.slice(0, 200)])
    const wide = rowsOf(table, 'b_int8')
    expect(wide.slice(0, ROWS)).toEqual(b)
    const quantized = await quantizeVectors({
      values: vectorNumbers(200, 2),
      dim: QUANTIZED_DIM,
      scale: 40 / 127,
    })
    expect(wide.slice(ROWS).flatMap((row) => [...row!])).toEqual([
      ...(await dequantizeVectors(quantized)),
    ])
  })

  test('tells files that were quantized in another way', async () => {
    const { paths: others } = await writeQuantized([vectorBatch(10)], {
      quantize: { a: { fieldId: 102, scale: 'segment', maxAbs: BOUND }, b: QUANTIZE.b },
      groups: [
        { path: join(home, 'three', '0'), fields: ['id'] },
        { path: join(home, 'three', '1'), fields: ['a_int8'] },
        { path: join(home, 'three', '2'), fields: ['b_int8'] },
      ],
    })
    const columnGroups = [0, 1].map((i) => ({
      ...(i === 0 ? { columns: ['id'] } : {}),
      files: [{ path: others[i]! }, { path: paths[i]! }],
    }))
    const error = await rejection(() => read({ columnGroups }))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'a_int8' })
  })

  test('of encrypted files', async () => {
    const key = Buffer.alloc(16, 7)
    const { paths: secret } = await writeQuantized([vectorBatch(ROWS)], {
      directory: join(home, 'secret'),
      encryption: { key, keyMetadata: Buffer.from('mine') },
    })
    const table = await read({ paths: secret, keyRetriever: () => key })
    expect(rowsOf(table, 'a_int8')).toEqual(a)
    expect(rowsOf(table, 'b_int8')).toEqual(b)
  })

  test('with the vectors beside them', async () => {
    const { paths: both } = await writeQuantized([vectorBatch(ROWS)], {
      directory: join(home, 'both'),
      quantize: { b: { ...QUANTIZE.b, keepOriginal: true } },
    })
    const table = await read({ paths: both })
    expect(rowsOf(table, 'b_int8')).toEqual(b)
    const originals = rowsOf(table, 'b').flatMap((row) => [...row!])
    expect(originals).toEqual([...vectorNumbers(ROWS, 2)])
  })

  test('without rows', async () => {
    const { paths: empty } = await writeQuantized([vectorBatch(10).slice(0, 0)], {
      directory: join(home, 'empty'),
    })
    const table = await read({ paths: empty })
    expect(table.numRows).toBe(0)
    expect(String(table.schema.fields.find(({ name }) => name === 'a_int8')!.type)).toBe(
      `FixedSizeBinary[${4 * QUANTIZED_DIM}]`,
    )
  })

  test('whose description is damaged', async () => {
    const damaged = join(home, 'damaged')
    copyFileSync(paths[2]!, damaged)
    const bytes = readFileSync(damaged)
    const at = bytes.lastIndexOf('{"version":1,"fields":')
    bytes.write('[', at)
    writeFileSync(damaged, bytes)
    const error = await rejection(() => read({ paths: [damaged] }))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: damaged })
    expect(error.message).toContain(QUANTIZATION_KEY)
    expect((await read({ paths: [damaged], quantized: 'raw' })).numRows).toBe(ROWS)
    const reader = await PackedReader.open({ paths: [damaged], quantized: 'raw' })
    expect((await rejection(() => quantizationOf(reader.metadata))).code).toBe('MetadataCorrupted')
    await reader.close()
  })

  test('only with words that there are', async () => {
    const error = await rejection(() => read({ paths, quantized: 'yes' as never }))
    expect(error.message).toContain("'decode' | 'raw' for quantized")
  })
})
