/**
 * The peer LanceDB: createTable and query().toArrow(). Its format is Lance, not Parquet: one table
 * in a folder, whatever the number of files, and no level of ZSTD.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { requirePeer, serve, Unsupported, versionOf } from './serve.mjs'

const lancedb = requirePeer('@lancedb/lancedb')
const { tableFromIPC } = requirePeer('apache-arrow')

const connect = ({ directory }) => lancedb.connect(join(directory, 'lance'))

async function write(job, table) {
  const database = await connect(job)
  await database.createTable('data', table)
  return { rows: table.numRows }
}

async function open(job) {
  const database = await connect(job)
  return database.openTable('data')
}

async function read(job, columns) {
  const query = (await open(job)).query()
  const table = await (columns ? query.select(columns) : query).toArrow()
  return { rows: table.numRows, table }
}

async function take(job) {
  const table = await open(job)
  if (typeof table.takeOffsets !== 'function') throw new Unsupported('no takeOffsets')
  const taken = await table.takeOffsets(job.take).toArrow()
  return { rows: taken.numRows, taken }
}

async function firstBatch(job) {
  for await (const batch of (await open(job)).query()) return { rows: batch.numRows, batch }
  return { rows: 0 }
}

await serve({
  versions: { '@lancedb/lancedb': versionOf('@lancedb/lancedb') },
  load: ({ data }) => tableFromIPC(readFileSync(data)),
  operations: {
    write,
    read: (job) => read(job),
    projected: (job) => read(job, job.projection),
    take,
    'first-batch': firstBatch,
  },
})
