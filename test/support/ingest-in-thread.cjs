/**
 * A worker in a thread (`new Worker(…, { workerData: { directory } })`) that writes one message
 * after the other and posts every one that is accepted, until it is told to end: 'close' flushes
 * and closes; or until the thread is terminated.
 */
const { parentPort, workerData } = require('node:worker_threads')
const { IngestWorker } = require('../../dist/cjs/ingest/index.js')
const { createCollectionSchema, InsertData } = require('./packed.cjs')

const ROWS = 50
const SCHEMA = createCollectionSchema({
  name: 'notes',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'title', dataType: 'VarChar', maxLength: 256, nullable: true },
    { name: 'v', dataType: 'FloatVector', dim: 4 },
  ],
})

let isEnding = false
parentPort.on('message', () => {
  isEnding = true
})

async function main() {
  const { directory } = workerData
  const worker = await IngestWorker.open({ directory, schema: SCHEMA, insertBufferBytes: 4096 })
  let sequence = Number(worker.lastSequence('s') ?? -1n) + 1
  parentPort.postMessage({ resumed: sequence })
  for (; !isEnding; sequence++) {
    const rows = Array.from({ length: ROWS }, (_, row) => ({
      id: BigInt(sequence * ROWS + row),
      title: null,
      v: [sequence, row, 0, 1],
    }))
    const data = InsertData.fromRows(SCHEMA, rows)
    await worker.write({ source: 's', sequence, rows: data })
    parentPort.postMessage({ accepted: sequence })
  }
  await worker.close()
  parentPort.postMessage({ closed: sequence })
  parentPort.close()
}

main()
