/**
 * Worker: opens the segment of `workerData` and gives rows by position or key again and again, one
 * message for each time, until somebody ends it.
 */
const { parentPort, workerData } = require('node:worker_threads')
const { LocalChunkManager, openChunkManager, SegmentReader } = require('./packed.cjs')

async function main() {
  const { place, storage, method } = workerData
  const isRemote = storage.address !== undefined
  const chunkManager = isRemote ? await openChunkManager(storage) : new LocalChunkManager(storage)
  const reader = await SegmentReader.open({ ...place, chunkManager })
  parentPort.postMessage('open')
  for (;;) {
    if (method === 'take') await reader.take([8, 0, 4])
    else await reader.get([8n, 0n, 77n])
    parentPort.postMessage(method)
  }
}

main()
