import type { Data, RecordBatch, Schema, Table } from 'apache-arrow'
import { expectBoolean, expectKnownKeys, expectObject, expectOneOf } from '../config/index.js'
import {
  type ArrowRecord,
  allFields,
  type CollectionSchema,
  type FieldSchema,
  fieldIdOf,
} from '../schema/index.js'
import { batchesOf } from './batch-columns.js'
import { type SerDe, serDeOf } from './ser-de.js'

/** Options of {@link rowsOf}. */
export interface RowsOfOptions {
  /** JSON parsed (the default), integers beyond 2^53 as bigint; or as its text. */
  json?: 'parsed' | 'text' | undefined
  /** Give bytes and vectors memory of their own; by default they view the record's. */
  copy?: boolean | undefined
}

/** One column of the rows. */
interface RowColumn {
  readonly name: string
  readonly data: Data
  readonly serDe: SerDe
}

/**
 * Rows in Arrow form as objects from field name to value; see `serDeOf` for what values are.
 *
 * Columns are matched by field id, else by name; fields without a column and columns without a
 * field are left out. Sub-fields of struct arrays are keys of their own.
 *
 * @throws PackedError InvalidArgument for a bad option, TypeMismatch for a column of another type.
 */
export function* rowsOf(
  input: RecordBatch | Table | ArrowRecord,
  schema: CollectionSchema,
  options: RowsOfOptions = {},
): Generator<Record<string, unknown>> {
  const known = expectObject(options, 'the options of rowsOf')
  expectKnownKeys(known, ['json', 'copy'], 'rowsOf')
  const jsonText = expectOneOf(known.json, 'json', ['parsed', 'text'], 'parsed') === 'text'
  const copy = expectBoolean(known.copy, 'copy', false)
  for (const batch of batchesOf(input)) {
    const columns = rowColumns(batch, schema, jsonText)
    for (let row = 0; row < batch.numRows; row++) {
      const values: Record<string, unknown> = {}
      for (const { name, data, serDe } of columns) values[name] = serDe.deserialize(data, row, copy)
      yield values
    }
  }
}

function rowColumns(batch: RecordBatch, schema: CollectionSchema, jsonText: boolean): RowColumn[] {
  return allFields(schema).flatMap((field) => {
    const index = columnIndex(batch.schema, field)
    if (index < 0) return []
    const data = batch.data.children[index]!
    return [{ name: field.name, data, serDe: serDeOf(field, { jsonText }) }]
  })
}

function columnIndex({ fields }: Schema, { fieldId, name }: FieldSchema): number {
  const index = fields.findIndex((column) => fieldIdOf(column) === fieldId)
  return index >= 0 ? index : fields.findIndex((column) => column.name === name)
}
