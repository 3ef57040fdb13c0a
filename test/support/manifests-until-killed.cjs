/**
 * node manifests-until-killed.cjs <directory> <first set> <rows>: write one numbered set of rows
 * after the other, in files that roll, and commit each to one manifest, until somebody kills this
 * process.
 */
const {
  LocalChunkManager,
  ManifestTransaction,
  PackedRecordManifestWriter,
} = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const BATCH_ROWS = 250

const [rootPath, firstSet, rowCount] = process.argv.slice(2)
const rows = Number(rowCount)
const place = { chunkManager: new LocalChunkManager({ rootPath }), basePath: 'seg' }

async function commitSet(set) {
  const writer = await PackedRecordManifestWriter.open({
    ...place,
    schema: NUMBERED_SCHEMA,
    policy: { kind: 'schemaBased', patterns: ['pk|text'] },
    rollingBytes: 32 << 10,
    bufferBytes: 128 << 10,
  })
  for (let first = 0; first < rows; first += BATCH_ROWS) {
    await writer.write(numberedBatch(set, first, Math.min(BATCH_ROWS, rows - first)))
  }
  await writer.close()
  const transaction = await ManifestTransaction.open(place)
  await transaction.appendFiles(writer.getWrittenManifest().columnGroups).commit()
}

async function main() {
  process.stdout.write('"ready"\n')
  for (let set = Number(firstSet); ; set++) await commitSet(set)
}

main()
