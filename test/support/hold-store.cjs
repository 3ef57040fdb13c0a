/**
 * node hold-store.cjs <directory> <milliseconds>: hold the write transaction of a metadata store,
 * as a process that was stopped in the middle of one does. Prints when it has it.
 */
const { writeSync } = require('node:fs')
const { open } = require('lmdb')

const [directory, milliseconds] = process.argv.slice(2)
const database = open({
  path: directory,
  noSubdir: false,
  keyEncoding: 'binary',
  encoding: 'binary',
  useVersions: true,
  overlappingSync: false,
})
database.transactionSync(() => {
  database.put(Buffer.from('half'), Buffer.from('done'), 1)
  writeSync(1, '"held"\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds))
})
writeSync(1, '"released"\n')
database.close()
