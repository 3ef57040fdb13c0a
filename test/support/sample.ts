import {
  type DataType,
  Field,
  FixedSizeBinary,
  Float64,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow'
import { FIELD_ID_KEY, toVectorColumn } from '../../lib/index.js'

/** Numbers in one vector of the sample's `embedding`. */
export const SAMPLE_DIM = 4

export function field(name: string, type: DataType, id?: number, nullable = false): Field {
  const metadata = id === undefined ? undefined : new Map([[FIELD_ID_KEY, String(id)]])
  return new Field(name, type, nullable, metadata)
}

/** id int64, title utf8 (nullable), score float64, embedding of SAMPLE_DIM float32. */
export function sampleSchema(): Schema {
  return new Schema([
    field('id', new Int64(), 100),
    field('title', new Utf8(), 101, true),
    field('score', new Float64(), 102),
    field('embedding', new FixedSizeBinary(4 * SAMPLE_DIM), 103),
  ])
}

/** A batch of columns in the order of the schema's fields. */
export function batchOf(schema: Schema, columns: readonly Vector[]): RecordBatch {
  const children = columns.map((column) => column.data[0]!)
  const length = children[0]?.length ?? 0
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}

export const sampleTitle = (row: number): string | null => (row % 3 === 2 ? null : `title ${row}`)
export const sampleScore = (row: number): number => row / 4 - 1

export function sampleEmbeddings(start: number, rows: number): Float32Array {
  return Float32Array.from({ length: rows * SAMPLE_DIM }, (_, i) => start * SAMPLE_DIM + i)
}

/** Rows `start` to `start + rows` of the endless sample. */
export function sampleBatch(start: number, rows: number, schema = sampleSchema()): RecordBatch {
  const numbers = Array.from({ length: rows }, (_, i) => start + i)
  return batchOf(schema, [
    makeVector(BigInt64Array.from(numbers, BigInt)),
    vectorFromArray(numbers.map(sampleTitle), new Utf8()),
    makeVector(Float64Array.from(numbers, sampleScore)),
    toVectorColumn(sampleEmbeddings(start, rows), SAMPLE_DIM, { as: 'fixed_size_binary' }),
  ])
}

/** Check that `batches` are rows 0 to `rows` of the sample, in order; returns the row count. */
export function expectSample(batches: readonly RecordBatch[], rows: number): void {
  let row = 0
  for (const batch of batches) {
    const [ids, titles, scores, vectors] = ['id', 'title', 'score', 'embedding'].map(
      (name) => batch.getChild(name)!,
    )
    for (let i = 0; i < batch.numRows; i++, row++) {
      const vector = Float32Array.from(sampleEmbeddings(row, 1))
      const same =
        ids!.get(i) === BigInt(row) &&
        titles!.get(i) === sampleTitle(row) &&
        scores!.get(i) === sampleScore(row) &&
        Buffer.compare(vectors!.get(i) as Uint8Array, new Uint8Array(vector.buffer)) === 0
      if (!same) throw new Error(`row ${row} differs: ${ids!.get(i)}, ${titles!.get(i)}`)
    }
  }
  expect(row).toBe(rows)
}
