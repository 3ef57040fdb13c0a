/** Worker: hashes keys and indexes deletes, over and over, until somebody ends it. */
const { parentPort } = require('node:worker_threads')
const { PrimaryKeyStats, DataType } = require('./packed.cjs')
const { VisibilityFilter } = require('../../dist/cjs/packed/index.js')

const keys = BigInt64Array.from({ length: 1_000_000 }, (_, row) => BigInt(row))

async function main() {
  parentPort.postMessage('indexing')
  for (;;) {
    const filter = new VisibilityFilter(2n ** 62n)
    await Promise.all([
      PrimaryKeyStats.build({ fieldId: 100n, pkType: DataType.Int64, keys: [keys] }),
      filter.addDeletes(keys, keys),
    ])
  }
}

main()
