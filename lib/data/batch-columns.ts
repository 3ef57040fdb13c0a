import type { Data, RecordBatch, Table } from 'apache-arrow'
import { unexpected } from '../config/index.js'
import { type ArrowRecord, type FieldSchema, fieldIdOf } from '../schema/index.js'
import { badColumn } from './data-error.js'

/** Rows in Arrow form. */
export type BatchLike = RecordBatch | Table | ArrowRecord

/** @throws PackedError InvalidArgument for what has no rows in Arrow form. */
export function batchesOf(input: unknown): readonly RecordBatch[] {
  const value = (typeof input === 'object' && input !== null ? input : {}) as Partial<
    Table & ArrowRecord & RecordBatch
  >
  if (typeof value.toBatch === 'function') return [value.toBatch()]
  if (Array.isArray(value.batches)) return value.batches
  if (value.schema !== undefined && value.data !== undefined) return [input as RecordBatch]
  throw unexpected('a RecordBatch, a Table or an ArrowRecord', 'the batch', input)
}

/**
 * The columns of a batch by the fields they belong to: by field id in the metadata, else by name.
 *
 * @param unknown makes the error for a column that is no field.
 * @throws PackedError InvalidData for an unknown or repeated column and for a short one.
 */
export function columnsOf(
  batch: RecordBatch,
  fields: readonly FieldSchema[],
  unknown: (name: string) => Error,
): Map<FieldSchema, Data> {
  const columns = new Map<FieldSchema, Data>()
  batch.schema.fields.forEach((column, index) => {
    const id = fieldIdOf(column)
    const field =
      fields.find(({ fieldId }) => fieldId === id) ??
      fields.find(({ name }) => name === column.name)
    if (field === undefined) throw unknown(column.name)
    if (columns.has(field)) throw badColumn(field.name, 'one column', `"${column.name}", too`)
    const data = batch.data.children[index]
    if (data === undefined || data.length !== batch.numRows) {
      throw badColumn(field.name, `${batch.numRows} rows`, String(data?.length ?? 'none'))
    }
    columns.set(field, data)
  })
  return columns
}
