/**
 * node --expose-gc forget-manifest-readers.cjs <root> <base>: opens manifest readers and chunk
 * readers, reads a little and forgets them; one line of what is left of them:
 * `{ rows, lentBytes, poolBytes, descriptors }`, the last two as changes.
 */
const { readdirSync } = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const { LocalChunkManager, ManifestReader, memoryUsage } = require('./packed.cjs')

const [rootPath, basePath] = process.argv.slice(2)
const chunkManager = new LocalChunkManager({ rootPath })
const descriptors = () => readdirSync('/proc/self/fd').length

async function readAndForget() {
  const reader = await ManifestReader.open({ chunkManager, basePath, batchRows: 500 })
  const batch = await reader.readNext()
  const taken = await reader.take([0, 1, reader.numRows - 1])
  const chunks = await reader.chunkReader(1)
  const chunk = await chunks.getChunk(0)
  return batch.numRows + taken.numRows + chunk.numRows
}

async function main() {
  await readAndForget()
  const before = { poolBytes: memoryUsage().poolBytes, descriptors: descriptors() }
  let rows = 0
  for (let round = 0; round < 30; round++) rows += await readAndForget()
  const most = descriptors() - before.descriptors
  for (let i = 0; i < 200; i++) {
    global.gc()
    await sleep(10)
    if (memoryUsage().lentBytes === 0 && descriptors() <= before.descriptors) break
  }
  const left = {
    rows,
    most,
    lentBytes: memoryUsage().lentBytes,
    poolBytes: memoryUsage().poolBytes - before.poolBytes,
    descriptors: descriptors() - before.descriptors,
  }
  console.log(JSON.stringify(left))
}

main()
