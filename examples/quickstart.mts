// The main job on real data: word vectors and flights become segments as Milvus lays them out,
// one row of each is deleted, and what is read back is compared value by value and answers a
// question. Run by scripts/quickstart from the root.
import { readFile, rm } from 'node:fs/promises'
import { DataType, makeVector, Table, tableFromIPC } from 'apache-arrow'
import {
  compressionRatio,
  compressionSaving,
  convertFromArrowSchema,
  DeleteData,
  hybridTimestamp,
  InsertData,
  LocalChunkManager,
  locateSegment,
  SegmentReader,
  segmentStats,
  vectorsOf,
  verifySegment,
  withSystemFields,
  writeSegment,
} from 'arrow-packed'

const output = 'build/quickstart'
const chunkManager = new LocalChunkManager({ rootPath: output })
const now = hybridTimestamp(Date.now())
/** Of log ids; a coordinator gives them to Milvus. */
let nextLog = now

/** Write a table with a key `id` as a segment; its row 0 is deleted later on. */
async function write(source: Table, collection: string, segmentId: number) {
  const arrowSchema = source.schema
  const options = { name: collection, primaryKey: 'id', fields: { word: { maxLength: 64 } } }
  const schema = withSystemFields(convertFromArrowSchema(arrowSchema, options))
  const rows = source.numRows
  const system = new Table({
    RowID: makeVector(BigInt64Array.from({ length: rows }, (_, row) => now + BigInt(row))),
    Timestamp: makeVector(new BigInt64Array(rows).fill(now)),
  })
  const deletes = new DeleteData()
  deletes.append(source.getChild('id')?.get(0), now + 1n)
  await writeSegment({
    schema,
    chunkManager,
    ids: { collectionId: 1, partitionId: 2, segmentId },
    allocateId: () => nextLog++,
    data: [InsertData.fromBatch(schema, source.assign(system))],
    deletes,
  })
  return schema
}

/** Every value of a column from row `first` on; of vectors, every component. */
function* valuesOf(table: Table, name: string, first = 0): Generator<unknown> {
  let row = 0
  for (const batch of table.batches) {
    const column = batch.getChild(name)
    if (column === null) return
    const skipped = Math.max(0, Math.min(first - row, batch.numRows))
    row += batch.numRows
    if (DataType.isFixedSizeList(column.type) || DataType.isFixedSizeBinary(column.type)) {
      const { data, dim } = vectorsOf(batch, name, { element: 'float32' })
      yield* data.subarray(skipped * dim)
    } else {
      yield* column.slice(skipped)
    }
  }
}

/** Compare what was read with the rows that are left; how many values are equal, how many not. */
function compare(source: Table, read: Table) {
  let equal = 0
  let different = 0
  for (const { name } of source.schema.fields) {
    const found = valuesOf(read, name)
    for (const value of valuesOf(source, name, 1)) {
      if (Object.is(value, found.next().value)) equal++
      else different++
    }
    while (!found.next().done) different++
  }
  return { equal, different }
}

const count = (value: number) => value.toLocaleString('en')

function print(lines: string[][], isText: (column: number) => boolean) {
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  for (const line of lines) {
    const cells = line.map((cell, i) => {
      const width = widths?.[i] ?? 0
      return isText(i) ? cell.padEnd(width) : cell.padStart(width)
    })
    console.log(`  ${cells.join('  ')}`)
  }
}

/** What lies where in a segment, found by its number alone. */
async function locate(segmentId: number) {
  const segment = await locateSegment({ chunkManager, segmentId })
  const groups = segmentStats(segment).groups.map(({ id, fields, ...sums }, index) => [
    String(id),
    fields.join(', '),
    segment.binlogs[index]?.binlogs[0]?.logPath ?? '',
    ...[sums.entries, sums.memoryBytes, sums.logBytes].map(count),
    compressionRatio(sums.memoryBytes, sums.logBytes).toFixed(3),
    `${(100 * compressionSaving(sums.memoryBytes, sums.logBytes)).toFixed(1)} %`,
  ])
  const sizes = ['Arrow bytes', 'file bytes', 'file/Arrow', 'saving']
  const titles = ['group', 'fields', 'insert log', 'rows', ...sizes]
  print([titles, ...groups], (column) => column === 1 || column === 2)
  for (const { binlogs } of [...segment.statslogs, ...segment.deltalogs]) {
    for (const { logPath, logSize, entriesNum } of binlogs) {
      console.log(`  ${logPath}: ${count(entriesNum)} entries, ${count(logSize)} bytes`)
    }
  }
  return segment
}

/** One data set through the whole loop; returns it as read. */
async function roundTrip(title: string, source: Table, collection: string, segmentId: number) {
  console.log(`\n${title}: ${count(source.numRows)} rows, one of them deleted`)
  const started = performance.now()
  const schema = await write(source, collection, segmentId)
  const written = performance.now()
  const segment = await locate(segmentId)
  const { binlogs, deltalogs } = segment
  const opened = performance.now()
  const reader = await SegmentReader.open({ schema, binlogs, deltalogs, chunkManager })
  const read = await reader.toTable()
  const ended = performance.now()
  await reader.close()
  const { equal, different } = compare(source, read)
  const { ok, logs, problems } = await verifySegment({ chunkManager, segment })
  const times = `written in ${(written - started).toFixed()} ms, read in ${(ended - opened).toFixed()} ms`
  console.log(`  ${times}; ${count(equal)} values equal, ${count(different)} different`)
  console.log(`  ${logs} logs agree with their metadata: ${ok ? 'yes' : 'NO'}`)
  for (const { path, rule, expected, received } of problems) {
    console.error(`  ${path}: expected ${expected} for ${rule} but received ${received}`)
  }
  if (!ok || different > 0 || equal === 0) process.exitCode = 1
  return read
}

/** The words whose vectors have the largest cosine with the vector of `word`. */
function nearest(table: Table, word: string, limit: number) {
  const entries = table.batches.flatMap((batch) => {
    const { data, dim } = vectorsOf(batch, 'embedding', { element: 'float32' })
    const words = batch.getChild('word')?.toArray() as string[]
    return Array.from(words, (text, row) => ({
      word: text,
      vector: data.subarray(row * dim, (row + 1) * dim),
    }))
  })
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
  const target = entries.find((entry) => entry.word === word)?.vector ?? new Float32Array(0)
  const cosine = (vector: Float32Array) =>
    dot(vector, target) / Math.sqrt(dot(vector, vector) * dot(target, target))
  return entries
    .filter((entry) => entry.word !== word)
    .map((entry) => ({ word: entry.word, similarity: cosine(entry.vector) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, limit)
}

await rm(output, { recursive: true, force: true })

// The fields of the word table carry their ids, and each vector gets a file of its own.
const words = await roundTrip(
  'Words with 100-dimensional vectors',
  tableFromIPC(await readFile('examples/data/words-100d.arrow')),
  'words',
  3,
)

// Flights have no key: their number is one.
const flights = tableFromIPC(await readFile('node_modules/vega-datasets/data/flights-200k.arrow'))
const id = makeVector(BigInt64Array.from({ length: flights.numRows }, (_, row) => BigInt(row)))
await roundTrip('Flights', new Table({ id }).assign(flights), 'flights', 4)

console.log('\nNearest words, by cosine of the vectors as read:')
for (const word of ['river', 'doctor', 'guitar', 'france']) {
  const found = nearest(words, word, 5)
  const list = found.map((entry) => `${entry.word} ${entry.similarity.toFixed(2)}`).join(', ')
  console.log(`  ${word.padEnd(7)} ${list}`)
}
if (process.exitCode) console.error('\nFAILED: what was read differs from what was written')
