/**
 * The peer parquet-wasm with apache-arrow, as its README shows it. A write starts from bytes of
 * an IPC stream, which is what it takes; the level of ZSTD is its own.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { tableFromIPC, tableToIPC } from 'apache-arrow'
import { requirePeer, serve, versionOf } from './serve.mjs'

const parquet = requirePeer('parquet-wasm/node')
const BATCH_ROWS = 65_536

function load({ data, files }) {
  const table = tableFromIPC(readFileSync(data))
  return files.map(({ columns }) => tableToIPC(table.select(columns), 'stream'))
}

function write({ files, rows }, streams) {
  for (const [index, { path }] of files.entries()) {
    const { ZSTD } = parquet.Compression
    const properties = new parquet.WriterPropertiesBuilder().setCompression(ZSTD).build()
    const table = parquet.Table.fromIPCStream(streams[index])
    writeFileSync(path, parquet.writeParquet(table, properties))
  }
  return { rows }
}

function read({ files }, options = {}) {
  const tables = files.map(({ path, columns }) => {
    const bytes = new Uint8Array(readFileSync(path))
    const table = parquet.readParquet(bytes, { columns, batchSize: BATCH_ROWS, ...options })
    return tableFromIPC(table.intoIPCStream())
  })
  return { rows: tables[0].numRows, tables }
}

await serve({
  versions: { 'parquet-wasm': versionOf('parquet-wasm') },
  load,
  operations: {
    write,
    read: (job) => read(job),
    projected: (job) => read(job),
    'first-batch': (job) => read(job, { limit: 8192 }),
  },
})
