/**
 * node manifest-until-full.cjs <directory> <MiB…>: write files of so many MiB that do not compress,
 * one after the other, with one manifest writer; print how it ended and which files are left.
 */
const { randomFillSync } = require('node:crypto')
const { Field, FixedSizeBinary, RecordBatch, Schema, Struct, makeData } = require('apache-arrow')
const { LocalChunkManager, PackedRecordManifestWriter } = require('./packed.cjs')
const { listFiles } = require('./list-files.cjs')

const [directory, ...sizes] = process.argv.slice(2)
const ROWS = 1024
const TYPE = new FixedSizeBinary(1024)
const SCHEMA = new Schema([new Field('noise', TYPE, false, new Map([['PARQUET:field_id', '100']]))])

function noise() {
  const data = randomFillSync(new Uint8Array(ROWS * TYPE.byteWidth))
  const child = makeData({ type: TYPE, length: ROWS, nullCount: 0, data })
  const type = new Struct(SCHEMA.fields)
  return new RecordBatch(SCHEMA, makeData({ type, length: ROWS, nullCount: 0, children: [child] }))
}

async function main() {
  const writer = await PackedRecordManifestWriter.open({
    schema: SCHEMA,
    basePath: 'seg',
    chunkManager: new LocalChunkManager({ rootPath: directory }),
    rollingBytes: 0,
    bufferBytes: 1 << 20,
  })
  const report = { rolled: 0, ended: null, later: null }
  try {
    for (const mebibytes of sizes) {
      for (let i = 0; i < Number(mebibytes); i++) await writer.write(noise())
      await writer.flush()
      report.rolled = listFiles(directory).length
    }
  } catch ({ name, code, path, retryable }) {
    report.ended = { name, code, path: path.replace(/[0-9a-f-]{36}/, 'uuid'), retryable }
    report.later = await writer.write(noise()).catch((error) => error.code)
  }
  await writer.close()
  report.groups = writer.getWrittenManifest().columnGroups.length
  report.orphans = writer.orphans
  report.files = listFiles(directory).length
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

main()
