// The code of docs/manifest.md in one piece; run from the root of a checkout.
import { readFile, rm } from 'node:fs/promises'
import { Field, Int32, makeVector, Schema, Table, tableFromIPC } from 'apache-arrow'
import {
  FIELD_ID_KEY,
  isPackedError,
  LocalChunkManager,
  ManifestReader,
  ManifestStore,
  ManifestTransaction,
  PackedRecordManifestWriter,
} from 'arrow-packed'

await rm('build/manifest', { recursive: true, force: true })
const chunkManager = new LocalChunkManager({ rootPath: 'build/manifest' })
const place = { chunkManager, basePath: 'insert_log/1/2/3' }

const words = tableFromIPC(await readFile('examples/data/words-100d.arrow'))
const writer = await PackedRecordManifestWriter.open({
  ...place,
  schema: words.schema,
  fieldIds: 'auto',
  policy: { kind: 'schemaBased', patterns: ['id|word', 'embedding'] },
  rollingBytes: 1 << 20,
})
try {
  for (let first = 0; first < 4000; first += 1000) {
    await writer.write(words.slice(first, first + 1000))
  }
  await writer.close()
} finally {
  await writer.abort()
}
const { columnGroups } = writer.getWrittenManifest()
for (const { columns, files } of columnGroups) {
  console.log(`${columns}: rows ${files.map(({ endIndex }) => endIndex).join(' + ')}`)
}

const first = await ManifestTransaction.open(place)
const { version } = await first.appendFiles(columnGroups).commit()
console.log(`version ${version}, made from version ${first.readVersion}`)

const append = await ManifestTransaction.open(place)
const more = await PackedRecordManifestWriter.open({
  ...place,
  schema: writer.schema,
  policy: { kind: 'columns', columns: append.manifest.columnGroups.map((group) => group.columns) },
})
await more.write(words.slice(4000))
await more.close()
append.appendFiles(more.getWrittenManifest().columnGroups)

const metadata = new Map([[FIELD_ID_KEY, '103']])
const lengths = Int32Array.from(words.slice(0, 4000), ({ word }) => word.length)
const column = await PackedRecordManifestWriter.open({
  ...place,
  schema: new Schema([new Field('length', new Int32(), false, metadata)]),
})
await column.write(new Table({ length: makeVector(lengths) }))
await column.close()
const widen = await ManifestTransaction.open(place)
for (const group of column.getWrittenManifest().columnGroups) widen.addColumnGroup(group)
const added = await widen.commit()
console.log(`version ${added.version}: ${added.manifest.columnGroups.length} column groups`)

try {
  await append.commit()
} catch (error) {
  console.log(isPackedError(error) ? error.code : error)
}

const drop = await ManifestTransaction.open(place)
await drop.dropColumn('length').commit()

const late = await ManifestTransaction.open({ ...place, version: 1, resolver: 'merge', json: true })
const merged = await late.appendFiles(more.getWrittenManifest().columnGroups).commit()
console.log(`version ${merged.version}: ${merged.manifest.columnGroups[0]?.files.length} files`)

for (const version of [1, 2, 4]) {
  const reader = await ManifestReader.open({ ...place, version })
  const names = reader.schema.fields.map(({ name }) => name)
  console.log(`version ${version}: ${reader.numRows} rows of ${names.join()}`)
  await reader.close()
}

const reader = await ManifestReader.open({ ...place, columns: ['word'] })
const taken = await reader.take([7999, 0, 4000])
console.log(taken.toArray().map(({ word }) => word))
await reader.close()

const store = new ManifestStore(chunkManager, place.basePath)
console.log(await store.versions())
const { manifest } = await store.open()
console.log(manifest.columnGroups[1]?.files[0]?.properties)

import {
  createCollectionSchema,
  createManifest,
  InsertData,
  SegmentReader,
  withSystemFields,
  writeSegment,
} from 'arrow-packed'

await rm('build/manifest-books', { recursive: true, force: true })
const books = createCollectionSchema({
  name: 'books',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'title', dataType: 'VarChar', maxLength: 64 },
  ],
})
const titles = ['Emma', 'Walden', 'Ulysses'].map((title, row) => {
  return { RowID: row, Timestamp: 10 * (row + 1), id: BigInt(row), title }
})
const shelf = new LocalChunkManager({ rootPath: 'build/manifest-books' })
let logId = 100n
const segment = await writeSegment({
  schema: books,
  chunkManager: shelf,
  ids: { collectionId: 1n, partitionId: 2n, segmentId: 3n },
  allocateId: () => logId++,
  data: [InsertData.fromRows(withSystemFields(books), titles)],
})
const { manifestPath } = await createManifest({ chunkManager: shelf, segment })
console.log(manifestPath)
const then = { schema: books, chunkManager: shelf, manifestPath, readTimestamp: 20 }
for await (const batch of await SegmentReader.open(then)) {
  console.log([...batch].map((row) => row?.title))
}
