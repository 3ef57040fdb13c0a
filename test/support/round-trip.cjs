/**
 * Write numbered rows, read them back, print or post how many were right. As a script:
 * node round-trip.cjs <directory> [idle]; with `idle` a writer and a reader stay open at the end.
 */
const { join } = require('node:path')
const { isMainThread, parentPort, workerData } = require('node:worker_threads')
const { memoryUsage, PackedReader, PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch, textOf } = require('./numbered-rows.cjs')

const ROWS = 20_000
const [directory, idle] = isMainThread ? process.argv.slice(2) : [workerData.directory]

function groupsIn(home) {
  return [
    { id: 0, path: join(home, '0'), fields: ['pk', 'text'] },
    { id: 102, path: join(home, '102'), fields: ['embedding'] },
  ]
}

async function main() {
  const groups = groupsIn(join(directory, 'set'))
  const writer = await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups })
  await writer.write(numberedBatch(1, 0, ROWS))
  await writer.finish()

  const paths = groups.map(({ path }) => path)
  const reader = await PackedReader.open({ paths, releasePrevious: true })
  let right = 0
  for await (const batch of reader) {
    const keys = batch.getChild('pk')
    const texts = batch.getChild('text')
    for (let i = 0; i < batch.numRows; i++) {
      const row = Number(keys.get(i)) - 1_000_000
      if (texts.get(i) === textOf(1, row)) right++
    }
  }
  await reader.close()
  if (idle) {
    await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups: groupsIn(join(directory, 'idle')) })
    await PackedReader.open({ paths })
  }
  const { pending } = memoryUsage()
  if (isMainThread) process.stdout.write(`${JSON.stringify({ right, pending })}\n`)
  else parentPort.postMessage({ right, pending })
}

main()
