import { type Data, makeData, RecordBatch, Struct } from 'apache-arrow'
import { expectBoolean, expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  allFields,
  type CollectionSchema,
  convertToArrowSchema,
  DataType,
  dataTypeName,
  type FieldSchema,
  primaryKeyField,
  SimpleArrowRecord,
} from '../schema/index.js'
import { createFieldData } from './create-field-data.js'
import { badColumn } from './data-error.js'
import type { FieldData } from './field-data.js'
import type { InsertData } from './insert-data.js'

/** Options of {@link buildRecord}. */
export interface BuildRecordOptions {
  /** Name columns by their decimal field id, as StorageV3 does; by their names by default. */
  useFieldId?: boolean | undefined
}

/**
 * One Arrow record of the rows of all chunks, in their order.
 *
 * Of one chunk the record views the memory; of several every buffer is allocated once. The
 * record does not change when rows are appended to the chunks afterwards.
 *
 * @throws PackedError InvalidSchema without a primary key; InvalidArgument without chunks;
 *   InvalidData for a field that a chunk does not have or has no or fewer rows of; TypeMismatch
 *   for a field whose type in a chunk is another.
 */
export function buildRecord(
  schema: CollectionSchema,
  chunks: readonly InsertData[],
  options: BuildRecordOptions = {},
): SimpleArrowRecord {
  const known = expectObject(options, 'the options of buildRecord')
  expectKnownKeys(known, ['useFieldId'], 'buildRecord')
  const useFieldId = expectBoolean(known.useFieldId, 'useFieldId', false)
  primaryKeyField(schema)
  if (chunks.length === 0) throw unexpected('at least one InsertData', 'chunks', chunks)
  const arrowSchema = convertToArrowSchema(schema, useFieldId)
  const children = allFields(schema).map((field) => columnOf(field, chunks))
  const length = chunks.reduce((rows, chunk) => rows + chunk.rowCount, 0)
  const type = new Struct(arrowSchema.fields)
  const data = makeData({ type, length, nullCount: 0, children })
  return new SimpleArrowRecord(new RecordBatch(arrowSchema, data))
}

function columnOf(field: FieldSchema, chunks: readonly InsertData[]): Data {
  const columns = chunks.map((chunk, index) => checkedColumn(field, chunk, index))
  if (columns.length === 1) return columns[0]!.toArrow()
  const merged = createFieldData(field)
  let rows = 0
  let bytes = 0
  for (const column of columns) {
    rows += column.length
    bytes += column.valueBytes
  }
  merged.reserve(rows, bytes)
  for (const column of columns) merged.appendColumn(column.toArrow())
  return merged.toArrow()
}

function checkedColumn(field: FieldSchema, chunk: InsertData, index: number): FieldData {
  const column = chunk.field(field.fieldId)
  if (column === undefined) {
    const message =
      `Expected field "${field.name}" (id ${field.fieldId}) in chunk ${index} but received ` +
      'a chunk without it'
    throw new PackedError('InvalidData', message, { field: field.name })
  }
  const { dataType, elementType, nullable } = column.field
  if (dataType !== field.dataType || elementType !== field.elementType) {
    const expected = `${typeText(field)} in chunk ${index}`
    throw badColumn(field.name, expected, typeText(column.field), 'TypeMismatch')
  }
  if (nullable && !field.nullable && column.nullCount > 0) {
    throw badColumn(field.name, `no nulls in chunk ${index}`, `${column.nullCount}`)
  }
  if (column.length === 0) throw badColumn(field.name, `rows in chunk ${index}`, 'none')
  if (column.length === chunk.rowCount) return column
  const expected = `${chunk.rowCount} rows in chunk ${index}`
  throw badColumn(field.name, expected, String(column.length))
}

function typeText({ dataType, elementType }: FieldSchema): string {
  const elements = elementType === DataType.None ? '' : ` of ${dataTypeName(elementType)}`
  return `${dataTypeName(dataType)}${elements}`
}
