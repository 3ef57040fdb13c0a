/** Worker: reads files by a filter, over and over, until somebody ends it. */
const { parentPort, workerData } = require('node:worker_threads')
const { PackedReader, PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const ROWS = 50_000

async function main() {
  const writer = await PackedWriter.open({
    schema: NUMBERED_SCHEMA,
    directory: workerData.directory,
    groups: 'perField',
    rowGroupBytes: 64 << 10,
  })
  await writer.write(numberedBatch(0, 0, ROWS))
  const paths = (await writer.finish()).groups.map(({ path }) => path)
  parentPort.postMessage('filtering')
  for (;;) {
    const filter = {
      or: [
        ['pk', '<', ROWS / 2],
        ['text', 'is null'],
      ],
    }
    const reader = await PackedReader.open({ paths, filter, batchRows: 500 })
    for await (const batch of reader) reader.release(batch)
    await reader.close()
  }
}

main()
