/**
 * node commit-appends.cjs <JSON>: committers that append files to one manifest, all at the same
 * time, with `merge`; one line for every commit: `{ name, version }`, and one at the end of all.
 *
 * `{ storage, basePath, names: string[], appends, retryLimit, killAt? }`: a name per committer; each
 * appends files `<name>_0`, `<name>_1`, … and writes every file before it commits it. `killAt` is a
 * stage of a manifest's write that this process ends itself at.
 */
const { subscribe } = require('node:diagnostics_channel')
const { writeSync } = require('node:fs')
const { LocalChunkManager, ManifestTransaction, RemoteChunkManager } = require('./packed.cjs')

const { storage, basePath, names, appends, retryLimit, killAt } = JSON.parse(process.argv[2])

const print = (line) => writeSync(1, `${JSON.stringify(line)}\n`)

if (killAt !== undefined) {
  subscribe(`arrow-packed:${killAt}`, ({ path }) => {
    if (/manifest-\d+\.avro$/.test(path)) process.kill(process.pid, 'SIGKILL')
  })
}

async function open() {
  if (storage.storageType !== 'local') return RemoteChunkManager.open({ storage })
  return new LocalChunkManager({ rootPath: storage.rootPath })
}

async function commitAll(chunkManager, name) {
  for (let number = 0; number < appends; number += 1) {
    const path = `${basePath}/_data/${name}_${number}.parquet`
    await chunkManager.write(path, Buffer.from(name))
    const options = { chunkManager, basePath, resolver: 'merge', retryLimit }
    const transaction = await ManifestTransaction.open(options)
    const file = { path, startIndex: 0, endIndex: 1, properties: {} }
    const groups = [{ columns: ['id'], files: [file], format: 'parquet' }]
    const { version } = await transaction.appendFiles(groups).commit()
    print({ name: `${name}_${number}`, version })
  }
}

async function run() {
  const chunkManager = await open()
  const start = performance.now()
  await Promise.all(names.map((name) => commitAll(chunkManager, name)))
  print({ ms: Math.round(performance.now() - start) })
}

run()
