// The code of docs/segments.md in one piece; run from the root of a checkout.
import { readFile, rm } from 'node:fs/promises'
import {
  createCollectionSchema,
  DeleteData,
  hybridTimestamp,
  InsertData,
  LocalChunkManager,
  SegmentReader,
  withSystemFields,
  writeSegment,
} from 'arrow-packed'

await rm('build/segments', { recursive: true, force: true })
const chunkManager = new LocalChunkManager({ rootPath: 'build/segments' })
let nextLog = 1000n
const place = { chunkManager, allocateId: () => nextLog++ }

const movieSchema = withSystemFields(
  createCollectionSchema({
    name: 'movies',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'title', dataType: 'VarChar', maxLength: 256, nullable: true },
      { name: 'rating', dataType: 'Float', nullable: true },
      { name: 'numbers', dataType: 'FloatVector', dim: 2 },
    ],
  }),
)

const movies = JSON.parse(await readFile('node_modules/vega-datasets/data/movies.json', 'utf8'))
const noon = hybridTimestamp(Date.UTC(2026, 0, 1, 12))
const flushes = [new InsertData(movieSchema), new InsertData(movieSchema)]
for (let row = 0; row < movies.length; row++) {
  flushes[row < 2000 ? 0 : 1]?.appendRow({
    RowID: row,
    Timestamp: noon + BigInt(row),
    id: row,
    title: movies[row].Title === null ? null : String(movies[row].Title),
    rating: movies[row]['IMDB Rating'],
    numbers: [movies[row]['US Gross'] ?? 0, movies[row]['Production Budget'] ?? 0],
  })
}

const deletes = new DeleteData()
deletes.append(0, noon + 5000n)
deletes.append(1, noon + 6000n)

const ids = { collectionId: 1, partitionId: 2, segmentId: 3 }
const info = await writeSegment({ ...place, schema: movieSchema, ids, data: flushes, deletes })
for (const { fieldId, childFields, binlogs } of info.binlogs) {
  const rows = binlogs.map((log) => log.entriesNum)
  console.log(`group ${fieldId}: fields ${childFields.join()}, rows ${rows.join(' + ')}`)
}

for (const after of [0n, 999n, 5000n, 6000n]) {
  const reader = await SegmentReader.open({
    schema: movieSchema,
    binlogs: info.binlogs,
    deltalogs: info.deltalogs,
    chunkManager,
    readTimestamp: noon + after,
    columns: ['title', 'rating'],
  })
  const table = await reader.toTable()
  console.log(`noon + ${after}: ${table.numRows} rows, first ${table.get(0)?.title}`)
}

import { makeVector, Table, tableFromIPC } from 'apache-arrow'
import { convertFromArrowSchema, vectorsOf } from 'arrow-packed'

const words = tableFromIPC(await readFile('examples/data/words-100d.arrow'))
const wordSchema = withSystemFields(
  convertFromArrowSchema(words.schema, { name: 'words', primaryKey: 'id' }),
)
const system = new Table({
  RowID: makeVector(BigInt64Array.from({ length: words.numRows }, (_, row) => BigInt(row))),
  Timestamp: makeVector(new BigInt64Array(words.numRows).fill(noon)),
})
const data = [InsertData.fromBatch(wordSchema, words.assign(system))]

const old = await writeSegment({
  ...place,
  schema: wordSchema,
  ids: { ...ids, segmentId: 4 },
  data,
  storageVersion: 0,
})
console.log(`StorageV1: ${old.binlogs.length} binlogs of ${old.numRows} rows`)

const source = { schema: wordSchema, binlogs: old.binlogs, chunkManager }
for await (const batch of await SegmentReader.open({ ...source, columns: ['embedding'] })) {
  const { data: values, dim, rows } = vectorsOf(batch, 'embedding', { element: 'float32' })
  console.log(`${rows} vectors of ${dim}, one Float32Array of ${values.length}`)
}

import { convertSegment, exportForMilvusImport, locateSegment, verifySegment } from 'arrow-packed'

const segment = await locateSegment({ chunkManager, segmentId: 4 })
const verification = await verifySegment({ chunkManager, segment })
console.log(`ok: ${verification.ok}, ${verification.logs} logs, ${verification.rows} rows`)

const converted = await convertSegment({
  source: { chunkManager, segment },
  target: { chunkManager },
  storageVersion: 2,
  segmentId: 5,
  firstLogId: 2000,
})
for (const { fieldId, binlogs } of converted.binlogs) {
  const [log] = binlogs
  console.log(`group ${fieldId}: ${log?.entriesNum} rows in ${log?.logPath}`)
}

const moved = { schema: wordSchema, binlogs: converted.binlogs, chunkManager }
const reader = await SegmentReader.open({ ...moved, columns: ['id', 'word'], batchRows: 3 })
console.log((await reader.readNext())?.toArray().join('\n'))
await reader.close()

const request = await exportForMilvusImport({
  form: 'backup',
  collectionName: 'words',
  segments: [converted],
  source: chunkManager,
  prefix: 'export/words',
})
console.log(JSON.stringify(request))
