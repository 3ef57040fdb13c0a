import {
  type Data,
  FixedSizeBinary,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  type ArrowRecord,
  type CollectionSchema,
  convertToArrowSchema,
  createCollectionSchema,
  SimpleArrowRecord,
  withSystemFields,
} from '../../lib/schema/index.js'

export const RECORD_DIM = 4

/** RowID 0, Timestamp 1, id 100 (key), vector 101, count 102 (nullable), title 103. */
export function recordCollection(): CollectionSchema {
  return withSystemFields(
    createCollectionSchema({
      name: 'records',
      fields: [
        { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true },
        { fieldId: 101, name: 'vector', dataType: 'FloatVector', dim: RECORD_DIM },
        { fieldId: 102, name: 'count', dataType: 'Int32', nullable: true },
        { fieldId: 103, name: 'title', dataType: 'VarChar', typeParams: { max_length: 100 } },
      ],
    }),
  )
}

/** Milvus's own split of {@link recordCollection}. */
export const RECORD_GROUPS = [
  { id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2] },
  { id: 1n, fieldIds: [102n, 103n], columns: [4, 5] },
  { id: 101n, fieldIds: [101n], columns: [3] },
]

export const recordCount = (row: number): number | null => (row % 5 === 4 ? null : row * 3)
export const recordTitle = (row: number): string => `title ${row}`

/** The columns of rows `start` to `start + rows` by field id. */
export function recordColumns(start: number, rows: number): Map<bigint, Data> {
  const numbers = Array.from({ length: rows }, (_, i) => start + i)
  const int64 = (value: (row: number) => bigint) =>
    vectorFromArray(numbers.map(value), new Int64()).data[0]!
  const floats = Float32Array.from({ length: rows * RECORD_DIM }, (_, i) => start * RECORD_DIM + i)
  const type = new FixedSizeBinary(4 * RECORD_DIM)
  return new Map<bigint, Data>([
    [0n, int64((row) => BigInt(row + 1))],
    [1n, int64((row) => BigInt(1000 + row))],
    [100n, int64((row) => BigInt(row) * 2n)],
    [101n, makeData({ type, length: rows, nullCount: 0, data: new Uint8Array(floats.buffer) })],
    [102n, vectorFromArray(numbers.map(recordCount), new Int32()).data[0]!],
    [103n, vectorFromArray(numbers.map(recordTitle), new Utf8()).data[0]!],
  ])
}

/** A batch of columns under a schema. */
export function batchOver(schema: Schema, children: Data[]): RecordBatch {
  const length = children[0]?.length ?? 0
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}

/** Rows `start` to `start + rows` in the schema of {@link recordCollection}. */
export function recordOf(start: number, rows: number): SimpleArrowRecord {
  const schema = convertToArrowSchema(recordCollection())
  return new SimpleArrowRecord(batchOver(schema, [...recordColumns(start, rows).values()]))
}

/** Values of a column over records, by field id; bytes as hex. */
export function valuesOf(records: readonly ArrowRecord[], fieldId: bigint): unknown[] {
  return records.flatMap((record) => {
    const index = record.fieldIdToColumn.get(fieldId)
    if (index === undefined) throw new Error(`no column ${fieldId}`)
    const vector = record.toBatch().getChildAt(index)!
    return Array.from(vector, (value: unknown) =>
      ArrayBuffer.isView(value) ? Buffer.from(value as Uint8Array).toString('hex') : value,
    )
  })
}
