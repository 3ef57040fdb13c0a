/**
 * arrow-packed itself, from Node: apache-arrow batches in JavaScript memory to closed files, and
 * files to apache-arrow batches, all of them kept.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { memoryUsage, PackedReader, PackedWriter } from '../../../dist/esm/index.js'
import { ROOT } from '../../driver/paths.mjs'
import { serve, Unsupported } from './serve.mjs'

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** What `settings.vectors` of a job means for the options of a writer. */
const VECTORS = {
  stored: () => ({ vectors: 'uncompressed' }),
  always: (codec) => ({ vectors: codec }),
  auto: () => ({}),
  split: (_, vectors) => ({
    columns: Object.fromEntries(vectors.map((name) => [name, { encoding: 'byteStreamSplit' }])),
  }),
}

function writerOptions({ files, level, threads, settings }, schema) {
  const { layout, vectors, rowGroupBytes } = settings
  const codec = { codec: 'zstd', level }
  const wide = schema.fields.filter(({ type }) => type.byteWidth !== undefined)
  return {
    schema,
    fieldIds: 'auto',
    groups: files.map(({ path, columns }, id) => ({ id, path, fields: columns })),
    layout,
    ...(layout === 'small' ? {} : { compression: codec }),
    concurrency: threads,
    ...(rowGroupBytes === undefined ? {} : { rowGroupBytes }),
    ...VECTORS[vectors](
      codec,
      wide.map(({ name }) => name),
    ),
  }
}

/** What is not built yet is not a failure. */
async function supported(work) {
  try {
    return await work()
  } catch (error) {
    throw error.code === 'NotSupported' ? new Unsupported(error.message) : error
  }
}

async function write(job, { schema, batches }) {
  const writer = await supported(() => PackedWriter.open(writerOptions(job, schema)))
  for (const batch of batches) await writer.write(batch)
  const { rows } = await writer.finish()
  return { rows }
}

function openReader({ files, settings }) {
  return supported(() =>
    PackedReader.open({
      paths: files.map(({ path }) => path),
      columns: files.flatMap(({ columns }) => columns),
      mmap: settings.mapped,
    }),
  )
}

async function read(job) {
  const reader = await openReader(job)
  const batches = []
  let rows = 0
  for await (const batch of reader) {
    batches.push(batch)
    rows += batch.numRows
  }
  return { rows, batches }
}

async function take(job) {
  const reader = await openReader(job)
  if (typeof reader.take !== 'function') throw new Unsupported('PackedReader has no take yet')
  const taken = await supported(() => reader.take(job.take))
  await reader.close()
  return { rows: taken.numRows, taken }
}

async function firstBatch(job) {
  const reader = await openReader(job)
  const batch = await reader.readNext()
  await reader.close()
  return { rows: batch.numRows, batch }
}

memoryUsage() // loads the addon, as other peers load theirs when they are imported

await serve({
  versions: { 'arrow-packed': version, node: process.version },
  load: ({ data }) => tableFromIPC(readFileSync(data)),
  operations: { write, read, projected: read, take, 'first-batch': firstBatch },
})
