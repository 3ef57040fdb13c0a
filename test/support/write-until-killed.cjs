/**
 * node write-until-killed.cjs <directory> <first set> <rows>: write one numbered set of files
 * after the other, some at a time, until somebody kills this process.
 */
const { join } = require('node:path')
const { PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const LANES = 3
const BATCH_ROWS = 500

const [directory, firstSet, rowCount] = process.argv.slice(2)
const rows = Number(rowCount)
let nextSet = Number(firstSet)

async function writeSet(set) {
  const home = join(directory, String(set))
  const writer = await PackedWriter.open({
    schema: NUMBERED_SCHEMA,
    groups: [
      { id: 0, path: join(home, '0'), fields: ['pk', 'text'] },
      { id: 102, path: join(home, '102'), fields: ['embedding'] },
    ],
    rowGroupBytes: 64 << 10,
    bufferBytes: 128 << 10,
  })
  for (let first = 0; first < rows; first += BATCH_ROWS) {
    await writer.write(numberedBatch(set, first, Math.min(BATCH_ROWS, rows - first)))
  }
  await writer.finish()
  await writer.close()
}

async function writeForever() {
  for (;;) await writeSet(nextSet++)
}

process.stdout.write('"ready"\n')
for (let lane = 0; lane < LANES; lane++) writeForever()
