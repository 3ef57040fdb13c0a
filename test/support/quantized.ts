/** Vectors that are written as codes, and what they have to become. */
import { Int64, makeVector, type RecordBatch, Schema } from 'apache-arrow'
import {
  type PackedWriteResult,
  PackedWriter,
  type PackedWriterOptions,
  toVectorColumn,
  type VectorForm,
} from '../../lib/index.js'
import { batchOf, field } from './sample.js'

export const QUANTIZED_DIM = 24
/** No number of `vectorNumbers` is further from 0. */
export const BOUND = 4

/** Deterministic numbers within the bound, rows of unlike magnitude, one of zeros. */
export function vectorNumbers(rows: number, seed = 1): Float32Array {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  return Float32Array.from({ length: rows * QUANTIZED_DIM }, (_, i) => {
    const row = Math.floor(i / QUANTIZED_DIM)
    return row === 5 ? 0 : (next() * BOUND) / ((row % 9) + 1)
  })
}

/** Every sixth row, beginning with the third, is null. */
export const isNullRow = (row: number): boolean => row % 6 === 2

/** `id` int64 (100), `a` vectors with nulls (101), `b` vectors without (104). */
export function vectorBatch(rows: number, form: VectorForm = 'fixed_size_binary'): RecordBatch {
  const validity = new Uint8Array(Math.ceil(rows / 8))
  for (let row = 0; row < rows; row++) {
    if (!isNullRow(row)) validity[row >> 3]! |= 1 << (row & 7)
  }
  const a = toVectorColumn(vectorNumbers(rows, 1), QUANTIZED_DIM, { as: form, validity })
  const b = toVectorColumn(vectorNumbers(rows, 2), QUANTIZED_DIM, { as: form })
  const schema = new Schema([
    field('id', new Int64(), 100),
    field('a', a.type, 101, true),
    field('b', b.type, 104),
  ])
  const ids = makeVector(BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)))
  return batchOf(schema, [ids, a, b])
}

/** `a` with scales of its own, `b` with one scale. */
export const QUANTIZE = {
  a: { fieldId: 102, scaleFieldId: 103 },
  b: { fieldId: 105, scale: 'segment', maxAbs: BOUND },
} as const

/** Write `batches` with `QUANTIZE`, unless `options` say something else. */
export async function writeQuantized(
  batches: readonly RecordBatch[],
  options: Partial<PackedWriterOptions>,
): Promise<PackedWriteResult & { paths: string[] }> {
  const { schema } = batches[0]!
  const writer = await PackedWriter.open({ schema, quantize: QUANTIZE, ...options })
  try {
    await writer.writeAll(batches)
    const result = await writer.finish()
    return { ...result, paths: result.groups.map(({ path }) => path) }
  } finally {
    await writer.close()
  }
}
