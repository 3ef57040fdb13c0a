/** node no-external.cjs <path>: write and read where external ArrayBuffers are forbidden. */
const { Field, Int64, RecordBatch, Schema, Struct, makeData } = require('apache-arrow')
const { allocate, memoryUsage, PackedReader, PackedWriter } = require('./packed.cjs')

const ROWS = 20_000
const [path] = process.argv.slice(2)

async function main() {
  const schema = new Schema([
    new Field('column', new Int64(), false, new Map([['PARQUET:field_id', '100']])),
  ])
  const values = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(i))
  const children = [makeData({ type: new Int64(), data: values })]
  const data = makeData({ type: new Struct(schema.fields), length: ROWS, nullCount: 0, children })
  const writer = await PackedWriter.open({ schema, groups: [{ id: 0, path, fields: ['column'] }] })
  await writer.write(new RecordBatch(schema, data))
  await writer.finish()

  const reader = await PackedReader.open({ paths: [path], batchRows: ROWS })
  let rows = 0
  let equal = true
  let lentBytes = 0
  for await (const batch of reader) {
    for (const value of batch.getChildAt(0)) equal &&= value === BigInt(rows++)
    lentBytes = Math.max(lentBytes, memoryUsage().lentBytes)
  }
  await reader.close()
  const allocated = allocate(64).byteLength
  process.stdout.write(`${JSON.stringify({ rows, equal, lentBytes, allocated })}\n`)
}

main()
