import type { Data } from 'apache-arrow'
import { unexpected } from '../../config/index.js'
import { batchesOf, columnsOf, type InsertData } from '../../data/index.js'
import { PackedError } from '../../errors/index.js'
import {
  allFields,
  arrowDataBytes,
  type CollectionSchema,
  type FieldSchema,
} from '../../schema/index.js'

/** Columns of as many rows each, by the fields that they are for. */
export interface RowPart {
  readonly numRows: number
  readonly columns: ReadonlyMap<FieldSchema, Data>
}

/** The rows of a message, still in the caller's memory. */
export interface RowsTaken {
  readonly schema: CollectionSchema
  /** Without those that have no row. */
  readonly parts: readonly RowPart[]
  readonly numRows: number
  /** In Arrow, RowID and Timestamp included. */
  readonly bytes: number
}

const SYSTEM_BYTES_PER_ROW = 16

/**
 * Look at the rows of a message: columns are found by field id, else by name. No value is read.
 *
 * @param schema the user's, without system fields.
 * @throws PackedError InvalidArgument (no rows at all), InvalidSchema (a column that is no field,
 *   a field without column that needs one), InvalidData (columns of unequal length).
 */
export function takeRows(schema: CollectionSchema, rows: unknown): RowsTaken {
  const parts = (isInsertData(rows) ? [columnsOfData(schema, rows)] : partsOf(schema, rows)).filter(
    ({ numRows }) => numRows > 0,
  )
  let numRows = 0
  let bytes = 0
  for (const part of parts) {
    for (const field of allFields(schema)) expectColumn(field, part)
    numRows += part.numRows
    bytes += part.numRows * SYSTEM_BYTES_PER_ROW
    for (const column of part.columns.values()) bytes += arrowDataBytes(column)
  }
  return { schema, parts, numRows, bytes }
}

/** What a field without a column is filled with, 'none' where it has to be given. */
export function fillingOf(field: FieldSchema): 'rowId' | 'default' | 'null' | 'empty' | 'none' {
  if (field.isPrimaryKey && field.autoId) return 'rowId'
  if (field.defaultValue !== undefined) return 'default'
  if (field.nullable) return 'null'
  return field.isDynamic ? 'empty' : 'none'
}

function expectColumn(field: FieldSchema, { columns }: RowPart): void {
  if (columns.has(field) || fillingOf(field) !== 'none') return
  const { name, fieldId } = field
  const message = `Expected a column for field "${name}" (id ${fieldId}) but received rows without it`
  throw new PackedError('InvalidSchema', message, { field: name })
}

function partsOf(schema: CollectionSchema, rows: unknown): RowPart[] {
  const fields = allFields(schema)
  return batchesOf(rows).map((batch) => ({
    numRows: batch.numRows,
    columns: columnsOf(batch, fields, (name) => unknownColumn(schema, name)),
  }))
}

function columnsOfData(schema: CollectionSchema, data: InsertData): RowPart {
  const fields = allFields(schema)
  const columns = new Map<FieldSchema, Data>()
  for (const column of data.rowCount === 0 ? [] : data.fields()) {
    const { fieldId, name } = column.field
    const field = fields.find((candidate) => candidate.fieldId === fieldId)
    if (field === undefined) throw unknownColumn(schema, name)
    columns.set(field, column.toArrow())
  }
  return { numRows: data.rowCount, columns }
}

/** By its shape: a class of another copy of the library is as good. */
function isInsertData(rows: unknown): rows is InsertData {
  if (typeof rows !== 'object' || rows === null) {
    throw unexpected('a RecordBatch, a Table, InsertData or a record', 'rows', rows)
  }
  const data = rows as Partial<InsertData>
  return typeof data.rowCount === 'number' && typeof data.fields === 'function'
}

function unknownColumn({ name: collection }: CollectionSchema, name: string): PackedError {
  const message = `Expected fields of collection "${collection}" but received a column "${name}"`
  return new PackedError('InvalidSchema', message, { field: name })
}
