/**
 * The peer hyparquet with hyparquet-writer, both JavaScript only; ZSTD by @bokuweb/zstd-wasm for
 * writing and by hyparquet-compressors for reading. Columns are arrays of JavaScript values or
 * typed arrays, before the write and after the read.
 */
import { readFileSync } from 'node:fs'
import { Type, tableFromIPC } from 'apache-arrow'
import { importPeer, requirePeer, serve, versionOf } from './serve.mjs'

const { parquetWriteFile } = await importPeer('hyparquet-writer/src/node.js')
const { asyncBufferFromFile, parquetRead } = await importPeer('hyparquet/src/node.js')
const { compressors } = await importPeer('hyparquet-compressors/src/index.js')
const zstd = requirePeer('@bokuweb/zstd-wasm')

const ROW_GROUP_ROWS = 100_000

function physicalType({ typeId, bitWidth, precision, byteWidth }) {
  switch (typeId) {
    case Type.Int:
      return { type: bitWidth === 64 ? 'INT64' : 'INT32' }
    case Type.Float:
      return { type: precision === 2 ? 'DOUBLE' : 'FLOAT' }
    case Type.Bool:
      return { type: 'BOOLEAN' }
    case Type.Utf8:
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
    case Type.Binary:
      return { type: 'BYTE_ARRAY' }
    default:
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: byteWidth }
  }
}

function columnOf(table, name) {
  const { type, nullable } = table.schema.fields.find((field) => field.name === name)
  const vector = table.getChild(name)
  const typed = (type.typeId === Type.Int || type.typeId === Type.Float) && vector.nullCount === 0
  const element = {
    name,
    ...physicalType(type),
    repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
  }
  return { element, data: typed ? vector.toArray() : Array.from(vector) }
}

async function load({ data, files }) {
  await zstd.init()
  const table = tableFromIPC(readFileSync(data))
  return files.map(({ columns }) => columns.map((name) => columnOf(table, name)))
}

async function write({ files, level, rows }, loaded) {
  const ZSTD = (bytes) => zstd.compress(bytes, level)
  for (const [index, { path: filename }] of files.entries()) {
    const columns = loaded[index]
    await parquetWriteFile({
      filename,
      columnData: columns.map(({ element, data }) => ({ name: element.name, data })),
      schema: [
        { name: 'root', num_children: columns.length },
        ...columns.map(({ element }) => element),
      ],
      codec: 'ZSTD',
      compressors: { ZSTD },
      rowGroupSize: ROW_GROUP_ROWS,
    })
  }
  return { rows }
}

/** Rows of the first column; every file has the same. */
async function read({ files }, range = {}) {
  const kept = []
  let rows = 0
  for (const [index, { path, columns }] of files.entries()) {
    const file = await asyncBufferFromFile(path)
    const onChunk = ({ columnName, columnData, rowStart, rowEnd }) => {
      kept.push(columnData)
      if (index === 0 && columnName === columns[0]) rows += rowEnd - rowStart
    }
    await parquetRead({ file, columns, compressors, utf8: false, onChunk, ...range })
  }
  return { rows, kept }
}

await serve({
  versions: {
    hyparquet: versionOf('hyparquet'),
    'hyparquet-writer': versionOf('hyparquet-writer'),
  },
  load,
  operations: {
    write,
    read: (job) => read(job),
    projected: (job) => read(job),
    'first-batch': (job) => read(job, { rowStart: 0, rowEnd: 8192 }),
  },
})
