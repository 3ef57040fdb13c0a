/**
 * node expire-until-killed.cjs <root> <base>: expire every version but the latest, printing a line
 * and waiting after each that is gone, until somebody kills this process.
 */
const { setTimeout: sleep } = require('node:timers/promises')
const { expireManifests, LocalChunkManager } = require('./packed.cjs')

const [rootPath, basePath] = process.argv.slice(2)
const chunkManager = new LocalChunkManager({ rootPath })
const remove = chunkManager.remove.bind(chunkManager)

chunkManager.remove = async (path, options) => {
  await remove(path, options)
  process.stdout.write(`"${path}"\n`)
  await sleep(100)
}

const age = { olderThanMs: 0, workersStopped: true }
expireManifests({ chunkManager, basePath, keep: 1, ...age, dryRun: false })
