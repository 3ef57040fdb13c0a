/**
 * node upload-until-killed.cjs <storage as JSON> <spool> <MiB>: write one file of so many MiB
 * through a spool, and upload it until somebody kills this process. Prints how it went otherwise.
 */
const { FixedSizeBinary, makeData, RecordBatch, Struct } = require('apache-arrow')
const { Field, Schema } = require('apache-arrow')
const { randomFillSync } = require('node:crypto')
const { PackedWriter } = require('./packed.cjs')

const WIDTH = 4096
const BATCH_MIB = 64

const [storage, spool, mebibytes] = process.argv.slice(2)
const type = new FixedSizeBinary(WIDTH)
const id = new Map([['PARQUET:field_id', '100']])
const schema = new Schema([new Field('payload', type, false, id)])

/** Another content each time: no part of the file is like another. */
function batchOf(bytes) {
  const data = randomFillSync(new Uint8Array(bytes))
  const length = bytes / WIDTH
  const children = [makeData({ type, length, nullCount: 0, data })]
  const struct = { type: new Struct(schema.fields), length, nullCount: 0, children }
  return new RecordBatch(schema, makeData(struct))
}

async function main() {
  const writer = await PackedWriter.open({
    schema,
    groups: [{ id: 100, path: 'large', fields: ['payload'] }],
    storage: JSON.parse(storage),
    spool,
  })
  for (let left = Number(mebibytes); left > 0; left -= BATCH_MIB) {
    await writer.write(batchOf(Math.min(left, BATCH_MIB) << 20))
  }
  process.stdout.write('"written"\n')
  await writer.finish()
  process.stdout.write('"finished"\n')
}

main().catch(({ code, message }) => process.stdout.write(`${JSON.stringify({ code, message })}\n`))
