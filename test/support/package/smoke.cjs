/**
 * What an installed package must be able to do, whichever way it was loaded. Copied beside the
 * node_modules of a consumer: nothing of the checkout may be needed.
 */
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { setTimeout: pause } = require('node:timers/promises')

const ROWS = 20_000
const DIM = 16

/** Rows with a null, a text and a vector each. */
function tableOf({ Float64, Int64, Table, Utf8, vectorFromArray }, { toVectorColumn }) {
  const numbers = Array.from({ length: ROWS }, (_, row) => row)
  const vectors = Float32Array.from({ length: ROWS * DIM }, (_, i) => i)
  return new Table({
    id: vectorFromArray(
      numbers.map((row) => BigInt(row) << 32n),
      new Int64(),
    ),
    title: vectorFromArray(
      numbers.map((row) => `row ${row}`),
      new Utf8(),
    ),
    score: vectorFromArray(
      numbers.map((row) => (row % 10 === 0 ? null : row / 8)),
      new Float64(),
    ),
    embedding: toVectorColumn(vectors, DIM),
  })
}

/** Rows of `batch`, of which the first is row `first`, that hold what was written. */
function rightRows(batch, first, { vectorsOf }) {
  const { data, dim } = vectorsOf(batch, 'embedding', { element: 'float32' })
  const column = (name) => batch.getChild(name)
  let right = 0
  for (let i = 0; i < batch.numRows; i++) {
    const row = first + i
    const isRight =
      column('id').get(i) === BigInt(row) << 32n &&
      column('title').get(i) === `row ${row}` &&
      column('score').get(i) === (row % 10 === 0 ? null : row / 8) &&
      dim === DIM &&
      data[i * DIM + 3] === row * DIM + 3
    if (isRight) right++
  }
  return right
}

/** How opening a file in a bucket went that cannot be reached; called off once S3 is loaded. */
async function openRemote({ PackedReader }) {
  const calling = new AbortController()
  const storage = {
    storageType: 'remote',
    address: '127.0.0.1:9',
    bucketName: 'b',
    region: 'us-east-1',
    accessKeyId: 'a',
    secretAccessKey: 's',
    useSsl: false,
  }
  let outcome
  const opening = PackedReader.open({ paths: ['x'], storage, signal: calling.signal }).then(
    () => 'opened',
    (error) => error.code ?? error.name,
  )
  opening.then((value) => {
    outcome = value
  })
  const isLoaded = () => readFileSync('/proc/self/maps', 'utf8').includes('libarrow_s3.so')
  while (outcome === undefined && !isLoaded()) await pause(5)
  calling.abort('called off')
  await opening
  return isLoaded() ? 'loaded' : outcome
}

/**
 * Write, read and look at vectors, then load the client of S3.
 *
 * @param arrow the exports of apache-arrow; `packed` those of arrow-packed.
 * @param directory where files may be made.
 */
exports.smoke = async function smoke(arrow, packed, directory) {
  const table = tableOf(arrow, packed)
  const writer = await packed.PackedWriter.open({
    schema: table.schema,
    fieldIds: 'auto',
    directory: join(directory, 'seg'),
  })
  await writer.write(table)
  const { groups } = await writer.finish()
  const paths = groups.map(({ path }) => path)

  const reader = await packed.PackedReader.open({ paths })
  let rows = 0
  let right = 0
  for await (const batch of reader) {
    right += rightRows(batch, rows, packed)
    rows += batch.numRows
  }
  await reader.close()
  return { paths, rows, right, remote: await openRemote(packed) }
}
