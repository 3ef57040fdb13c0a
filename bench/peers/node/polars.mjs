/**
 * The peer nodejs-polars: readIPC, writeParquet, readParquet. Frames stay in native memory; vectors
 * become binary of any length. The level of ZSTD is Polars' own.
 */
import { readFileSync } from 'node:fs'
import { requirePeer, serve, versionOf } from './serve.mjs'

const polars = requirePeer('nodejs-polars')

function load({ data, files }) {
  const frame = polars.readIPC(readFileSync(data))
  return files.map(({ columns }) => frame.select(...columns))
}

function write({ files, rows }, frames) {
  for (const [index, { path }] of files.entries()) {
    frames[index].writeParquet(path, { compression: 'zstd' })
  }
  return { rows }
}

function read({ files }, options = {}) {
  const frames = files.map(({ path, columns }) =>
    polars.readParquet(path, { columns, parallel: 'auto', ...options }),
  )
  return { rows: frames[0].height, frames }
}

await serve({
  versions: { 'nodejs-polars': versionOf('nodejs-polars') },
  load,
  operations: {
    write,
    read: (job) => read(job),
    projected: (job) => read(job),
    'first-batch': (job) => read(job, { nRows: 8192 }),
  },
})
