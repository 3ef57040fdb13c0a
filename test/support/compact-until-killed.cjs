/**
 * node compact-until-killed.cjs <JSON>: compact a collection, unless this process is killed: by its
 * parent, or by itself when a stage is published the `hit`-th time.
 *
 * Prints `"ready"` when it begins, and what became of it: the report, or the error's code.
 */
const { subscribe } = require('node:diagnostics_channel')
const { writeSync } = require('node:fs')
const { join } = require('node:path')
const library = require('./packed.cjs')

/** `{ directory, collectionId, stage?, hit?, ...options of compactSegments }` */
const { directory, collectionId, stage, hit, ...options } = JSON.parse(process.argv[2])

const print = (line) => writeSync(1, `${JSON.stringify(line)}\n`)

if (stage !== undefined) {
  let left = hit
  subscribe(`arrow-packed:${stage}`, () => {
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  })
}

async function compact() {
  const store = await library.LocalMetaStore.open(join(directory, 'meta'))
  print('ready')
  try {
    const { groups } = await library.compactSegments({
      catalog: new library.MetaCatalog(store),
      storage: { storageType: 'local', rootPath: join(directory, 'segments') },
      collectionId: BigInt(collectionId),
      ...options,
    })
    print({ groups: groups.length })
  } catch (error) {
    print({ code: error.code, message: error.message })
  } finally {
    await store.close()
  }
}

compact()
