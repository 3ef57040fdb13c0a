// Opens a writer under a signal, writes, forgets it, and tells what the garbage collector did.
const { getEventListeners } = require('node:events')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')
const { Field, Int64, makeData, makeVector, RecordBatch, Schema, Struct } = require('apache-arrow')
const { listFiles } = require('./list-files.cjs')
const { PackedWriter } = require('./packed.cjs')

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')
const directory = process.argv[2]
const { signal } = new AbortController()

async function writeAndForget() {
  const schema = new Schema([new Field('id', new Int64(), false)])
  const writer = await PackedWriter.open({ schema, fieldIds: 'auto', directory, signal })
  const column = makeVector(new BigInt64Array(1 << 18)).data[0]
  const type = new Struct(schema.fields)
  const data = makeData({ type, length: 1 << 18, nullCount: 0, children: [column] })
  await writer.write(new RecordBatch(schema, data))
}

async function main() {
  let warning = null
  process.on('warning', ({ code }) => {
    warning = code
  })
  await writeAndForget()
  const before = listFiles(directory).length
  for (let turn = 0; turn < 200 && (warning === null || listFiles(directory).length > 0); turn++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const listeners = getEventListeners(signal, 'abort').length
  console.log(JSON.stringify({ before, after: listFiles(directory).length, warning, listeners }))
}

main()
