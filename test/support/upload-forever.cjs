/**
 * Native writers over an uploader that answers only some steps, as a worker or as a process:
 *   node upload-forever.cjs <silent step> <end: exit CODE | own>
 * Worker: says 'silent' when the first request stays without an answer, until somebody ends it.
 * Process: prints "silent", and exits with CODE; `own`: answers everything and ends by itself.
 */
const { isMainThread, parentPort, workerData } = require('node:worker_threads')
const { memoryUsage } = require('./packed.cjs')
const { flattenBatch, flattenSchema } = require('../../dist/cjs/cdata/index.js')
const { callAsync, callSync } = require('../../dist/cjs/native/index.js')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const PART_BYTES = 64 << 10
const [silentStep, end] = isMainThread ? process.argv.slice(2) : [workerData.silentStep]

const objects = []
let said = false

function uploader({ ticket, step, key, content }) {
  if (step === silentStep) {
    if (!said) say()
    said = true
    return
  }
  if (step === 'complete' || step === 'put') objects.push(key)
  const value = step === 'part' ? `tag-${content.length}` : 'upload'
  setTimeout(() => callSync((addon) => addon.uploadSettle(ticket, null, value)), 1)
}

function say() {
  if (!isMainThread) parentPort.postMessage('silent')
  else process.stdout.write('"silent"\n', () => setTimeout(() => process.exit(Number(end)), 20))
}

const options = {
  groups: [
    { id: 0n, path: '0', columns: [0, 1], metadata: [] },
    { id: 1n, path: '1', columns: [2], metadata: [] },
  ],
  layout: 'milvus',
  compatibility: 'current',
  compression: { codec: 'uncompressed' },
  columns: [],
  quantize: [],
  quantization: '',
  deltaEncoding: true,
  rowGroupBytes: 64 << 10,
  pageBytes: 0,
  bufferBytes: 1 << 20,
  userMetadata: [],
  replace: false,
  fsync: false,
  concurrency: 0,
  storage: {
    storageType: 'minio',
    address: '127.0.0.1:9',
    bucketName: 'bucket',
    multipartPartBytes: PART_BYTES,
    uploadBytesInFlight: 4 * PART_BYTES,
  },
  uploader,
}

async function main() {
  const schema = callSync((addon) => addon.importSchema(flattenSchema(NUMBERED_SCHEMA)))
  const flag = callSync((addon) => addon.newCancel())
  const writer = await callAsync((addon, done) => addon.writerOpen(schema, options, flag, done))
  const batch = flattenBatch(numberedBatch(0, 0, silentStep === 'put' ? 10 : 50_000))
  await callAsync((addon, done) => addon.writerWrite(writer, batch, done))
  await callAsync((addon, done) => addon.writerFinish(writer, done))
  const { pending, poolBytes } = memoryUsage()
  process.stdout.write(`${JSON.stringify({ objects, pending, poolBytes })}\n`)
}

main()
