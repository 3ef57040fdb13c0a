/**
 * Worker: reads a manifest of `workerData.rootPath` to its end, its rows by position and a chunk,
 * and says what it found; with `forever` again and again.
 */
const { parentPort, workerData } = require('node:worker_threads')
const { LocalChunkManager, ManifestReader, memoryUsage } = require('./packed.cjs')

const { rootPath, basePath, forever } = workerData

async function readOnce() {
  const chunkManager = new LocalChunkManager({ rootPath })
  const reader = await ManifestReader.open({ chunkManager, basePath, batchRows: 64 })
  let rows = 0
  let sum = 0n
  for await (const batch of reader) {
    rows += batch.numRows
    for (const id of batch.getChild('id')) sum += id
  }
  const last = await ManifestReader.open({ chunkManager, basePath, columns: ['id'] })
  const taken = await last.take([rows - 1, 0])
  const chunks = await last.chunkReader(0)
  const chunk = await chunks.getChunk(chunks.numChunks - 1)
  await Promise.all([chunks.close(), last.close()])
  const ids = [...taken.getChild('id'), chunk.getChild('id').get(chunk.numRows - 1)]
  return { rows, sum: String(sum), ids: ids.map(Number) }
}

async function main() {
  do {
    const found = await readOnce()
    parentPort.postMessage({ ...found, pending: memoryUsage().pending })
  } while (forever)
}

main()
