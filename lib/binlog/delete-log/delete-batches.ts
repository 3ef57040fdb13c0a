import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Data, Field, Int64, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow'
import type { DeleteData } from '../../data/index.js'
import { deleteSchema } from './delete-columns.js'
import { encodeRows, printDeleteRow } from './print-rows.js'

/** Rows of a batch, as Milvus writes them. */
const BATCH_ROWS = 1024

/** Deletes as batches of one of the forms. */
export interface DeleteBatches {
  schema: Schema
  batches: RecordBatch[]
  /** Bytes of the values themselves (`original_size`). */
  textBytes: number
}

/** One JSON row per delete, in the column `val`; other work of the event loop runs in between. */
export async function textBatches(deletes: DeleteData): Promise<DeleteBatches> {
  const { keys, timestamps, rowCount } = deletes
  const schema = new Schema([new Field('val', new Utf8(), false)])
  const batches: RecordBatch[] = []
  let textBytes = 0
  for (const [start, end] of rangesOf(rowCount)) {
    const rows = Array.from({ length: end - start }, (_, index) =>
      printDeleteRow(keys[start + index]!, timestamps[start + index]!),
    )
    const column = textColumn(rows)
    textBytes += column.values.length
    batches.push(batchOf(schema, [column]))
    if (end < rowCount) await nextTurn()
  }
  return { schema, batches, textBytes }
}

/** A column of keys and one of times. */
export function columnBatches({ keys, timestamps, rowCount, keyKind }: DeleteData): DeleteBatches {
  const schema = deleteSchema(keyKind === 'varchar' ? 'utf8' : 'int64')
  const type = new Int64()
  let textBytes = 0
  const batches = rangesOf(rowCount).map(([start, end]) => {
    const times = makeData({ type, data: timestamps.subarray(start, end) })
    const part = keys.slice(start, end)
    const key = Array.isArray(part)
      ? textColumn(part as string[])
      : makeData({ type, data: part as BigInt64Array })
    textBytes += key.values.byteLength + times.values.byteLength
    return batchOf(schema, [key, times])
  })
  return { schema, batches, textBytes }
}

function rangesOf(rows: number): [number, number][] {
  return Array.from({ length: Math.ceil(rows / BATCH_ROWS) }, (_, index) => [
    index * BATCH_ROWS,
    Math.min((index + 1) * BATCH_ROWS, rows),
  ])
}

function textColumn(rows: readonly string[]): Data<Utf8> {
  const { bytes, offsets } = encodeRows(rows)
  const length = rows.length
  return makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets: offsets, data: bytes })
}

function batchOf(schema: Schema, children: Data[]): RecordBatch {
  const type = new Struct(schema.fields)
  const length = children[0]!.length
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}
