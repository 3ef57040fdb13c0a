/** Worker: writes one file into an object store without an end, until somebody ends it. */
const { parentPort, workerData } = require('node:worker_threads')
const { Field, FixedSizeBinary, makeData, RecordBatch, Schema, Struct } = require('apache-arrow')
const { PackedWriter } = require('./packed.cjs')

const ROWS = 4096
const WIDTH = 4096

async function main() {
  const type = new FixedSizeBinary(WIDTH)
  const schema = new Schema([new Field('x', type, false, new Map([['PARQUET:field_id', '100']]))])
  const column = makeData({ type, length: ROWS, nullCount: 0, data: new Uint8Array(ROWS * WIDTH) })
  const struct = { type: new Struct(schema.fields), length: ROWS, nullCount: 0, children: [column] }
  const batch = new RecordBatch(schema, makeData(struct))
  const { path, storage } = workerData
  const groups = [{ id: 101, path, fields: ['x'] }]
  const writer = await PackedWriter.open({ schema, groups, storage })
  await writer.write(batch)
  parentPort.postMessage('writing')
  for (;;) await writer.write(batch)
}

main()
