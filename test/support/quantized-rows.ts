/** Rows of a collection whose vectors are stored as codes, and what they are decoded to. */
import type { InsertData } from '../../lib/data/index.js'
import { type QuantizedField, quantizeVectors } from '../../lib/index.js'
import { createCollectionSchema } from '../../lib/schema/index.js'
import { chunk } from './segments.js'

export const CODES_DIM = 4

/** 102: codes with a scale each, in 103; 105: codes with one scale. */
export const CODES = createCollectionSchema({
  name: 'codes',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true, fieldId: 100 },
    { name: 'v8', dataType: 'Int8Vector', dim: CODES_DIM, fieldId: 102 },
    { name: 'vs', dataType: 'Float', fieldId: 103 },
    { name: 'w8', dataType: 'Int8Vector', dim: CODES_DIM, fieldId: 105 },
  ],
})

/** The same, decoded by whoever reads it. */
export const DECODED = createCollectionSchema({
  name: 'codes',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true, fieldId: 100 },
    { name: 'v8', dataType: 'FloatVector', dim: CODES_DIM, fieldId: 102 },
    { name: 'vs', dataType: 'Float', fieldId: 103 },
    { name: 'w8', dataType: 'FloatVector', dim: CODES_DIM, fieldId: 105 },
  ],
})

export const SCALE = Math.fround(1 / 64)

const numbersOf = (id: number): Float32Array =>
  Float32Array.from({ length: CODES_DIM }, (_, i) => Math.sin(id * CODES_DIM + i) * 1.5)

/** Rows of these ids, written at ten times them, and how their codes are decoded. */
export async function codesOf(
  ids: readonly number[],
  scale = SCALE,
): Promise<{ data: InsertData; quantized: QuantizedField[] }> {
  const values = Float32Array.from(ids.flatMap((id) => [...numbersOf(id)]))
  const own = await quantizeVectors({ values, dim: CODES_DIM })
  const common = await quantizeVectors({ values, dim: CODES_DIM, scale })
  const part = (codes: Int8Array, row: number) =>
    codes.slice(row * CODES_DIM, (row + 1) * CODES_DIM)
  const rows = ids.map((id, row) => ({
    ...{ RowID: BigInt(id), Timestamp: BigInt(id * 10), id: BigInt(id) },
    ...{ v8: part(own.codes, row), vs: own.scales[row], w8: part(common.codes, row) },
  }))
  const shared = { dim: CODES_DIM, bits: 8 } as const
  const quantized: QuantizedField[] = [
    {
      ...{ fieldId: 102n, name: 'v8', source: { fieldId: 101n, name: 'v' } },
      ...{ ...shared, scale: 'vector', scaleFieldId: 103n, maxError: own.maxError },
    },
    {
      ...{ fieldId: 105n, name: 'w8', source: { fieldId: 104n, name: 'w' } },
      ...{ ...shared, scale: 'segment', scaleValue: scale, maxAbs: scale * 127 },
      maxError: common.maxError,
    },
  ]
  return { data: chunk(CODES, rows), quantized }
}
