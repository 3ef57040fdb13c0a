/**
 * node commit-until-killed.cjs <root> <base>: append 1,000 rows to a segment in one transaction
 * after the other until somebody kills this process, with a pause between data and commit.
 */
const { setTimeout: sleep } = require('node:timers/promises')
const library = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const ROWS = 1000
const PAUSE_MS = 500

const [rootPath, basePath] = process.argv.slice(2)
const chunkManager = new library.LocalChunkManager({ rootPath })

async function append(set) {
  const transaction = await library.ManifestTransaction.open({ chunkManager, basePath })
  const writer = await library.PackedRecordManifestWriter.open({
    schema: NUMBERED_SCHEMA,
    chunkManager,
    basePath,
  })
  await writer.write(numberedBatch(set, 0, ROWS))
  await writer.close()
  process.stdout.write('"written"\n')
  await sleep(PAUSE_MS)
  await transaction.appendFiles(writer.getWrittenManifest().columnGroups).commit()
}

async function appendForever() {
  for (let set = 0; ; set++) await append(set)
}

appendForever()
