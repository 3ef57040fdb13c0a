/** Shortcuts over the bridge: batches of one column, and the way out of JavaScript and back. */
import { type Data, Field, makeData, RecordBatch, Schema, Struct, type Vector } from 'apache-arrow'
import { exportRecordBatch, importRecordBatch } from '../../lib/cdata/public.js'

export function oneColumn(data: Data, metadata?: Map<string, string>): RecordBatch {
  const schema = new Schema([new Field('column', data.type, true, metadata)])
  const type = new Struct(schema.fields)
  const rows = makeData({ type, length: data.length, nullCount: 0, children: [data] })
  return new RecordBatch(schema, rows)
}

export function columnOf(batch: RecordBatch): Vector {
  return batch.getChildAt(0)!
}

/** Through the C structs and back. */
export function roundTrip(batch: RecordBatch): RecordBatch {
  const exported = exportRecordBatch(batch)
  try {
    return importRecordBatch(exported)
  } finally {
    exported.release()
  }
}
