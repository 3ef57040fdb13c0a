/**
 * node ingest-until-killed.cjs <JSON>: go on with the numbered stream where the worker in a
 * directory stopped, until the message before `end`, or until this process is killed: by its
 * parent, or by itself when a stage is published the `hit`-th time.
 *
 * Prints where every source goes on, every message that is accepted, and whether it came to the
 * end; what was printed before a kill has been read.
 */
const { subscribe } = require('node:diagnostics_channel')
const { writeSync } = require('node:fs')
const library = require('./packed.cjs')
const stream = require('./numbered-stream.cjs')

const DIM = 8
/** Writes that overlap. */
const LANES = 6

/** `{ directory, end, stage?, hit?, ...options of the worker }` */
const { directory, end, stage, hit, ...options } = JSON.parse(process.argv[2])

const print = (line) => writeSync(1, `${JSON.stringify(line)}\n`)

const SCHEMA = library.createCollectionSchema({
  name: 'numbered',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: DIM },
    { name: 'title', dataType: 'VarChar', maxLength: 100 },
  ],
})

function killAt(name, times) {
  let left = times
  subscribe(`arrow-packed:${name}`, () => {
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  })
}

function messageOf(number) {
  const keys = stream.keysOf(number)
  const rows = library.InsertData.fromColumns(SCHEMA, {
    id: BigInt64Array.from(keys, BigInt),
    embedding: new Uint8Array(
      Float32Array.from({ length: keys.length * DIM }, () => number).buffer,
    ),
    title: keys.map((key) => stream.titleOf(number, key)),
  })
  const deletes = stream.deletesOf(number).map(BigInt)
  return { source: stream.sourceOf(number), sequence: number, rows, deletes }
}

async function writeFrom(worker, numbers) {
  const lane = async () => {
    for (const number of numbers) {
      await worker.write(messageOf(number))
      print({ accepted: number })
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Messages below the end that the worker does not have, every source from its own place on. */
function* missing(worker) {
  for (let number = 0; number < end; number++) {
    if (BigInt(number) > (worker.lastSequence(stream.sourceOf(number)) ?? -1n)) yield number
  }
}

async function main() {
  if (stage !== undefined) killAt(stage, hit)
  const worker = await library.IngestWorker.open({ directory, schema: SCHEMA, ...options })
  const sources = Array.from({ length: stream.SOURCES }, (_, number) => stream.sourceOf(number))
  const resumed = sources.map((source) => Number(worker.lastSequence(source) ?? -1n))
  print({ resumed })
  await writeFrom(worker, missing(worker))
  await worker.close()
  print({ done: true })
}

main()
