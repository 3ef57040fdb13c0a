/** Worker: streams rows from file to file, past JavaScript, and says so, until somebody ends it. */
const { join } = require('node:path')
const { parentPort, workerData } = require('node:worker_threads')
const { PackedReader, PackedWriter } = require('./packed.cjs')
const { exportStream, importStream } = require('../../dist/cjs/cdata/public.js')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const ROWS = 20_000

function open(name) {
  const directory = join(workerData.directory, name)
  return PackedWriter.open({ schema: NUMBERED_SCHEMA, directory })
}

async function main() {
  const source = await open('source')
  const batch = numberedBatch(0, 0, ROWS)
  for (let i = 0; i < 10; i++) await source.write(batch)
  const paths = (await source.finish()).groups.map(({ path }) => path)
  for (let set = 0; ; set++) {
    const reader = await PackedReader.open({ paths, schema: NUMBERED_SCHEMA })
    const exported = exportStream(reader)
    const stream = importStream(exported.address)
    exported.release()
    const writer = await open(`set-${set}`)
    parentPort.postMessage('writing')
    await writer.writeAll(stream)
    await writer.finish()
    await reader.close()
  }
}

main()
