import { Bm25Stats } from '../../data/index.js'
import { PackedError } from '../../errors/index.js'
import { TimestampRange } from '../../packed/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  DataType,
  FunctionType,
  primaryKeyField,
  recordBytes,
  TIMESTAMP_FIELD,
} from '../../schema/index.js'
import type { TimeSpan } from '../../segment/index.js'
import type { DeleteGroup, InsertGroup } from '../message.js'

/** Rows that can be buffered, and what a buffer counts of them. */
export interface CheckedInsert {
  readonly group: InsertGroup
  readonly bytes: number
  readonly times: TimeSpan
  /** By the output field of every BM25 function. */
  readonly bm25: ReadonlyMap<bigint, Bm25Stats>
}

/** Deletes that can be buffered. */
export interface CheckedDelete {
  readonly group: DeleteGroup
  readonly times: TimeSpan
}

/**
 * Rows of a group as they can be buffered.
 *
 * @returns undefined for no rows.
 * @throws PackedError InvalidData for rows that no sync could ever write: without primary key or
 *   timestamp, columns of unequal length, broken sparse vectors; TypeMismatch.
 */
export function checkInsert(
  group: InsertGroup,
  schema: CollectionSchema,
): CheckedInsert | undefined {
  const { record } = group
  const key = primaryKeyField(schema)
  expectColumn(record, key.fieldId, key.name)
  const timestamps = expectColumn(record, TIMESTAMP_FIELD, 'Timestamp')
  for (const id of record.fieldIdToColumn.keys()) expectColumn(record, id, `field ${id}`)
  if (record.numRows === 0) return undefined
  const range = new TimestampRange()
  range.add(timestamps)
  if (range.range === undefined) {
    throw refuse('TypeMismatch', 'Timestamp', 'int64 without null', String(timestamps.type))
  }
  return { group, bytes: bytesOf(record), times: range.range, bm25: bm25Of(record, schema) }
}

/**
 * Deletes of a group as they can be buffered.
 *
 * @returns undefined for no deletes.
 * @throws PackedError InvalidData for unequal numbers of keys and timestamps, TypeMismatch for
 *   keys of another type than the primary key's.
 */
export function checkDelete(
  group: DeleteGroup,
  schema: CollectionSchema,
): CheckedDelete | undefined {
  const { keys, timestamps, keyKind } = group.data
  const { name, dataType } = primaryKeyField(schema)
  if (keys.length !== timestamps.length) {
    throw refuse('InvalidData', name, `${keys.length} timestamps`, String(timestamps.length))
  }
  if (keys.length === 0) return undefined
  const expected = dataType === DataType.Int64 ? 'int64' : 'varchar'
  if (keyKind !== expected) {
    throw refuse('TypeMismatch', name, `${expected} keys of deletes`, `${keyKind}`)
  }
  let from = timestamps[0]!
  let to = from
  for (const timestamp of timestamps) {
    if (timestamp < from) from = timestamp
    if (timestamp > to) to = timestamp
  }
  return { group, times: { from, to } }
}

function expectColumn(record: ArrowRecord, id: bigint, name: string) {
  const column = record.column(id)
  const rows = String(record.numRows)
  if (column === undefined) throw refuse('InvalidData', name, `a column of ${rows} rows`, 'none')
  if (column.length === record.numRows) return column
  throw refuse('InvalidData', name, `${rows} rows`, String(column.length))
}

function bytesOf(record: ArrowRecord): number {
  let bytes = 0
  for (const ofField of recordBytes(record).values()) bytes += ofField
  return bytes
}

/** Counted here rather than at the sync, as what cannot be counted must never be buffered. */
function bm25Of(record: ArrowRecord, schema: CollectionSchema): Map<bigint, Bm25Stats> {
  const outputs = schema.functions
    .filter(({ type }) => type === FunctionType.BM25)
    .flatMap(({ outputFieldIds }) => outputFieldIds)
  const stats = new Map<bigint, Bm25Stats>()
  for (const field of schema.fields) {
    if (!outputs.includes(field.fieldId)) continue
    const counted = new Bm25Stats()
    counted.append(field, expectColumn(record, field.fieldId, field.name))
    stats.set(field.fieldId, counted)
  }
  return stats
}

function refuse(
  code: 'InvalidData' | 'TypeMismatch',
  field: string,
  expected: string,
  received: string,
): PackedError {
  const message = `Expected ${expected} for "${field}" of a message but received ${received}`
  return new PackedError(code, message, { field })
}
