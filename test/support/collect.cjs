/**
 * node --expose-gc collect.cjs <directory>: what the garbage collector gives back. Prints what was
 * kept, what is lent and borrowed in the end, files before and after, and warning codes.
 */
const { join } = require('node:path')
const { setImmediate: turn } = require('node:timers/promises')
const { listFiles } = require('./list-files.cjs')
const { memoryUsage, PackedReader, PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const BATCHES = 40
const BATCH_ROWS = 8192
const MAX_OUTSTANDING_BYTES = 8 << 20
const MAX_TURNS = 500

const [directory] = process.argv.slice(2)
const warnings = []
process.on('warning', ({ code }) => warnings.push(code))

/** Collect until `done`, giving finalizers their turns of the event loop. */
async function collectUntil(done) {
  for (let i = 0; i < MAX_TURNS && !done(); i++) {
    globalThis.gc()
    await turn()
  }
}

async function writeSample() {
  const groups = [{ id: 0, path: join(directory, 'all'), fields: ['pk', 'text', 'embedding'] }]
  const writer = await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups })
  for (let i = 0; i < BATCHES; i++) {
    await writer.write(numberedBatch(0, i * BATCH_ROWS, BATCH_ROWS))
  }
  await writer.finish()
  return groups.map(({ path }) => path)
}

async function keepEveryBatch(paths) {
  const options = { paths, batchRows: BATCH_ROWS, maxOutstandingBytes: MAX_OUTSTANDING_BYTES }
  const reader = await PackedReader.open(options)
  const batches = []
  let most = 0
  for await (const batch of reader) {
    batches.push(batch)
    most = Math.max(most, memoryUsage().lentBytes)
  }
  await reader.close()
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0)
  const last = batches.at(-1).getChild('pk')
  return { most, rows, last: Number(last.get(last.length - 1)) }
}

async function forgetWriter() {
  const path = join(directory, 'forgotten', '0')
  const groups = [{ id: 0, path, fields: ['pk', 'text', 'embedding'] }]
  const writer = await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups })
  await writer.write(numberedBatch(0, 0, BATCH_ROWS))
  return listFiles(directory).length
}

async function main() {
  const paths = await writeSample()
  const kept = await keepEveryBatch(paths)
  await collectUntil(() => memoryUsage().lentBytes === 0)
  const { lentBytes, borrowedBytes } = memoryUsage()

  const files = [await forgetWriter()]
  await collectUntil(() => listFiles(directory).length === 1 && warnings.length > 0)
  files.push(listFiles(directory).length)
  process.stdout.write(`${JSON.stringify({ kept, lentBytes, borrowedBytes, files, warnings })}\n`)
}

main()
