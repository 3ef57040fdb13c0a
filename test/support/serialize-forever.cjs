/** Worker: makes bytes of records and records of bytes, over and over, until somebody ends it. */
const { parentPort } = require('node:worker_threads')
const { deserializeRecord, serializeRecord } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

async function main() {
  const batch = numberedBatch(0, 0, 100_000)
  const bytes = await serializeRecord(batch, NUMBERED_SCHEMA)
  parentPort.postMessage('serializing')
  for (;;) {
    await Promise.all([
      serializeRecord(batch, NUMBERED_SCHEMA, { level: 9 }),
      serializeRecord(batch, NUMBERED_SCHEMA, { buffers: 'lz4' }),
      deserializeRecord(bytes, NUMBERED_SCHEMA),
    ])
  }
}

main()
