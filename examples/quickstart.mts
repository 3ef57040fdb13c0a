// The main job on real data: word vectors and flights go into column groups, come back, are
// compared value by value, and answer a question. Run by scripts/quickstart from the root.
import { readFile, rm } from 'node:fs/promises'
import { DataType, type Table, tableFromIPC } from 'apache-arrow'
import {
  type ColumnGroupResult,
  PackedReader,
  PackedWriter,
  type PackedWriterOptions,
  vectorsOf,
} from 'arrow-packed'

const output = 'build/quickstart'

/** Write every batch of a table as column groups below `options.directory`. */
async function writeTable(table: Table, options: Omit<PackedWriterOptions, 'schema'>) {
  const writer = await PackedWriter.open({ schema: table.schema, ...options })
  try {
    await writer.writeAll(table.batches)
    return (await writer.finish()).groups
  } finally {
    await writer.close() // without finish(): no file appears
  }
}

/** Read the files of a segment back, joined by row. */
async function readTable(groups: ColumnGroupResult[]) {
  const reader = await PackedReader.open({ paths: groups.map((group) => group.path) })
  try {
    return await reader.toTable()
  } finally {
    await reader.close()
  }
}

/** Every value of a column in row order; of vectors, every component. */
function* valuesOf(table: Table, name: string): Generator<unknown> {
  for (const batch of table.batches) {
    const column = batch.getChild(name)
    if (column === null) return
    const isVector =
      DataType.isFixedSizeList(column.type) || DataType.isFixedSizeBinary(column.type)
    yield* isVector ? vectorsOf(batch, name).data : column
  }
}

/** Compare two tables value by value; returns how many are equal and how many are not. */
function compare(source: Table, read: Table) {
  let equal = 0
  let different = 0
  for (const { name } of source.schema.fields) {
    const found = valuesOf(read, name)
    for (const value of valuesOf(source, name)) {
      if (Object.is(value, found.next().value)) equal++
      else different++
    }
    while (!found.next().done) different++
  }
  return { equal, different }
}

/** The words whose vectors have the largest cosine with the vector of `word`. */
function nearest(table: Table, word: string, count: number) {
  const entries: { word: string; vector: Float32Array }[] = []
  for (const batch of table.batches) {
    const { data, dim, rows } = vectorsOf(batch, 'embedding', { element: 'float32' })
    const words = batch.getChild('word')
    for (let row = 0; row < rows; row++) {
      entries.push({ word: words?.get(row), vector: data.subarray(row * dim, (row + 1) * dim) })
    }
  }
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
  const target = entries.find((entry) => entry.word === word)?.vector ?? new Float32Array(0)
  const cosine = (vector: Float32Array) =>
    dot(vector, target) / Math.sqrt(dot(vector, vector) * dot(target, target))
  return entries
    .filter((entry) => entry.word !== word)
    .map((entry) => ({ word: entry.word, similarity: cosine(entry.vector) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count)
}

function printGroups(groups: ColumnGroupResult[]) {
  const rows = groups.map((group) => [
    String(group.id),
    group.fields.join(', '),
    group.path,
    ...[group.rows, group.rowGroups, group.uncompressedBytes, group.fileBytes].map((count) =>
      count.toLocaleString('en'),
    ),
    (group.uncompressedBytes / group.fileBytes).toFixed(2),
  ])
  const header = [
    'group',
    'fields',
    'path',
    'rows',
    'row groups',
    'Arrow bytes',
    'file bytes',
    'ratio',
  ]
  const lines = [header, ...rows]
  const widths = header.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  const isText = (i: number) => i === 1 || i === 2
  for (const line of lines) {
    const cells = line.map((cell, i) =>
      isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    )
    console.log(`  ${cells.join('  ')}`)
  }
}

/** One data set through the whole loop; returns it as read. */
async function roundTrip(
  title: string,
  source: Table,
  options: Omit<PackedWriterOptions, 'schema'>,
) {
  console.log(`\n${title}: ${source.numRows.toLocaleString('en')} rows`)
  const started = performance.now()
  const groups = await writeTable(source, options)
  const written = performance.now()
  printGroups(groups)
  const read = await readTable(groups)
  const ended = performance.now()
  const { equal, different } = compare(source, read)
  const times = `written in ${(written - started).toFixed()} ms, read in ${(ended - written).toFixed()} ms`
  console.log(`  ${times}; ${equal.toLocaleString('en')} values equal, ${different} different`)
  if (different > 0 || equal === 0) process.exitCode = 1
  return read
}

await rm(output, { recursive: true, force: true })

// The fields of the word table carry their ids; 'milvus' gives each vector a file of its own.
const words = await roundTrip(
  'Words with 100-dimensional vectors',
  tableFromIPC(await readFile('examples/data/words-100d.arrow')),
  { directory: `${output}/words`, groups: 'milvus' },
)

// The fields of the flights have no ids: 'auto' numbers them. One file per field.
await roundTrip(
  'Flights',
  tableFromIPC(await readFile('node_modules/vega-datasets/data/flights-200k.arrow')),
  { directory: `${output}/flights`, groups: 'perField', fieldIds: 'auto' },
)

console.log('\nNearest words, by cosine of the vectors as read:')
for (const word of ['river', 'doctor', 'guitar', 'france']) {
  const found = nearest(words, word, 5)
  const list = found.map((entry) => `${entry.word} ${entry.similarity.toFixed(2)}`).join(', ')
  console.log(`  ${word.padEnd(7)} ${list}`)
}
if (process.exitCode) console.error('\nFAILED: what was read differs from what was written')
