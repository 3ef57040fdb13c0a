import { type Data, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow'
import { expectObject } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { ArrowRecord } from './arrow-record.js'
import { fieldIdOf } from './field-ids.js'
import { sameType } from './same-type.js'

/** A record over one record batch, whose memory it shares. */
export class SimpleArrowRecord implements ArrowRecord {
  readonly schema: Schema
  readonly numRows: number
  readonly fieldIdToColumn: ReadonlyMap<bigint, number>
  readonly #batch: RecordBatch

  /**
   * @param batch its columns are found by `PARQUET:field_id`; columns without one are carried
   *   along, and found by nobody.
   * @throws PackedError InvalidSchema for a repeated or broken field id.
   */
  constructor(batch: RecordBatch) {
    expectObject(batch, 'batch')
    this.schema = batch.schema
    this.numRows = batch.numRows
    this.fieldIdToColumn = columnsOf(batch.schema)
    this.#batch = batch
  }

  column(fieldId: bigint): Data | undefined {
    const index = this.fieldIdToColumn.get(fieldId)
    return index === undefined ? undefined : this.#batch.data.children[index]
  }

  toBatch(): RecordBatch {
    return this.#batch
  }
}

function columnsOf(schema: Schema): ReadonlyMap<bigint, number> {
  const columns = new Map<bigint, number>()
  schema.fields.forEach((field, index) => {
    const id = fieldIdOf(field)
    if (id === undefined) return
    const before = columns.get(id)
    if (before !== undefined) {
      throw new PackedError(
        'InvalidSchema',
        `Expected unique field ids but received ${id} for "${schema.fields[before]!.name}" and ` +
          `for "${field.name}"`,
        { field: field.name },
      )
    }
    columns.set(id, index)
  })
  return columns
}

/** True for columns of the same ids, names, types and nullability in the same order. */
function sameFields(left: Schema, right: Schema): boolean {
  return (
    left.fields.length === right.fields.length &&
    left.fields.every((field, index) => {
      const other = right.fields[index]!
      if (field === other) return true
      return (
        field.name === other.name &&
        field.nullable === other.nullable &&
        fieldIdOf(field) === fieldIdOf(other) &&
        sameType(field.type, other.type)
      )
    })
  )
}

/**
 * The columns of a record that a schema names, in its order, found by field id; no copy. A
 * SimpleArrowRecord that has the schema already is given back as it is.
 *
 * @throws PackedError InvalidSchema for a field of `schema` without id or without a column in the
 *   record, TypeMismatch for a column of another type, InvalidData for a column that is shorter
 *   than the record or has nulls where the schema allows none.
 */
export function projectRecord(record: ArrowRecord, schema: Schema): SimpleArrowRecord {
  expectObject(record, 'record')
  expectObject(schema, 'schema')
  if (record instanceof SimpleArrowRecord && sameFields(record.schema, schema)) return record
  const children = schema.fields.map((field) => {
    const { name, type, nullable } = field
    const id = fieldIdOf(field)
    const data = id === undefined ? undefined : record.column(id)
    const refuse = (code: 'InvalidSchema' | 'TypeMismatch' | 'InvalidData', received: string) =>
      new PackedError(code, `Expected ${expectedColumn(name, id)} but received ${received}`, {
        field: name,
      })
    if (data === undefined) throw refuse('InvalidSchema', 'a record without it')
    if (!sameType(data.type, type)) {
      throw refuse('TypeMismatch', `${data.type} where the schema has ${type}`)
    }
    if (data.length !== record.numRows) {
      throw refuse('InvalidData', `${data.length} of ${record.numRows} rows`)
    }
    if (!nullable && data.nullCount > 0) {
      throw refuse('InvalidData', `null in row ${firstNull(data)} where the schema allows none`)
    }
    return data
  })
  const type = new Struct(schema.fields)
  const data = makeData({ type, length: record.numRows, nullCount: 0, children })
  return new SimpleArrowRecord(new RecordBatch(schema, data))
}

function expectedColumn(name: string, id: bigint | undefined): string {
  return id === undefined ? `a field id for field "${name}"` : `field "${name}" (id ${id})`
}

function firstNull(data: Data): number {
  let row = 0
  while (data.getValid(row)) row++
  return row
}
