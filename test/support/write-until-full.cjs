/**
 * node write-until-full.cjs <directory> <MiB> [quantize]: write so many MiB that do not compress (as
 * codes of vectors a quarter of them) and print how it ended, what later calls say, and which files
 * are left.
 */
const { randomFillSync } = require('node:crypto')
const { readdirSync } = require('node:fs')
const { join } = require('node:path')
const { Field, FixedSizeBinary, RecordBatch, Schema, Struct, makeData } = require('apache-arrow')
const { PackedWriter } = require('./packed.cjs')

const [directory, mebibytes, quantize] = process.argv.slice(2)
const ROWS = 1024
const TYPE = new FixedSizeBinary(1024)
const SCHEMA = new Schema([new Field('noise', TYPE, false, new Map([['PARQUET:field_id', '100']]))])

function noise() {
  const data = randomFillSync(new Uint8Array(ROWS * TYPE.byteWidth))
  const whole = new Int32Array(data.buffer)
  if (quantize) new Float32Array(data.buffer).set(whole.map((bits) => bits % 1000))
  const child = makeData({ type: TYPE, length: ROWS, nullCount: 0, data })
  const type = new Struct(SCHEMA.fields)
  return new RecordBatch(SCHEMA, makeData({ type, length: ROWS, nullCount: 0, children: [child] }))
}

function describe(error) {
  return { name: error.name, code: error.code, path: error.path, retryable: error.retryable }
}

async function main() {
  const path = join(directory, 'deep', 'noise')
  const writer = await PackedWriter.open({
    schema: SCHEMA,
    groups: [{ id: 0, path, fields: quantize ? ['noise_int8', 'noise_scale'] : ['noise'] }],
    ...(quantize ? { quantize: { noise: { fieldId: 101, scaleFieldId: 102 } } } : {}),
    bufferBytes: 1 << 20,
  })
  const report = { ended: null, later: null, files: [] }
  try {
    for (let i = 0; i < Number(mebibytes); i++) await writer.write(noise())
    await writer.finish()
  } catch (error) {
    report.ended = describe(error)
    report.later = await writer.write(noise()).then(() => null, describe)
  }
  await writer.close()
  report.files = readdirSync(directory, { recursive: true })
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

main()
