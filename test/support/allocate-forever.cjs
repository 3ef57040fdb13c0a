/**
 * node allocate-forever.cjs <store> [rounds]: take ids and timestamps and print them as
 * [first id, behind the last id, timestamp], for so many rounds or until somebody kills this.
 */
const { writeSync } = require('node:fs')
const { LocalAllocator, LocalMetaStore } = require('../../dist/cjs/sync/index.js')

const [directory, rounds] = process.argv.slice(2)

async function main() {
  const store = await LocalMetaStore.open(directory)
  const allocator = await LocalAllocator.open(store, { batch: 7 })
  for (let round = 0; round < Number(rounds ?? Infinity); round++) {
    const { begin, end } = await allocator.allocate(1 + (round % 5))
    const timestamp = await allocator.allocateTimestamp()
    writeSync(1, `["${begin}","${end}","${timestamp}"]\n`)
  }
  await allocator.close()
  await store.close()
}

main()
