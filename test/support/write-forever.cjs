/** Worker: writes set after set of numbered rows and says so, until somebody ends it. */
const { join } = require('node:path')
const { parentPort, workerData } = require('node:worker_threads')
const { PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const ROWS = 20_000

async function main() {
  const batch = numberedBatch(0, 0, ROWS)
  for (let set = 0; ; set++) {
    const writer = await PackedWriter.open({
      schema: NUMBERED_SCHEMA,
      groups: [
        { id: 0, path: join(workerData.directory, `${set}`, '0'), fields: ['pk', 'text'] },
        { id: 102, path: join(workerData.directory, `${set}`, '102'), fields: ['embedding'] },
      ],
    })
    parentPort.postMessage('writing')
    for (let i = 0; i < 1000; i++) await writer.write(batch)
    await writer.finish()
  }
}

main()
