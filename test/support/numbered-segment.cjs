/** Segments whose rows follow from their number. */
const { randomFillSync } = require('node:crypto')
const library = require('./packed.cjs')

const DIM = 64

const SCHEMA = library.createCollectionSchema({
  name: 'numbered',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: DIM },
    { name: 'title', dataType: 'VarChar', maxLength: 100 },
  ],
})

const numbers = (rows, of) => BigInt64Array.from({ length: rows }, (_, row) => BigInt(of(row)))

/** Keys from `number * 1_000_000` on; vectors are noise, which does not compress. */
function numberedChunk(number, rows) {
  return library.InsertData.fromColumns(library.withSystemFields(SCHEMA), {
    RowID: numbers(rows, (row) => row),
    Timestamp: numbers(rows, () => 10),
    id: numbers(rows, (row) => number * 1_000_000 + row),
    embedding: randomFillSync(new Uint8Array(rows * DIM * 4)),
    title: Array.from({ length: rows }, (_, row) => `title ${number} ${row}`),
  })
}

/** Two chunks and a delete of the first key, StorageV1 for odd numbers. */
function writeNumbered(rootPath, number, rows) {
  const deletes = new library.DeleteData()
  deletes.append(number * 1_000_000, 20)
  let logId = 2n
  return library.writeSegment({
    schema: SCHEMA,
    chunkManager: new library.LocalChunkManager({ rootPath }),
    ids: { collectionId: 1, partitionId: 2, segmentId: number },
    allocateId: () => logId++,
    storageVersion: number % 2 === 0 ? 2 : 0,
    data: [numberedChunk(number, rows), numberedChunk(number + 1, rows)],
    deletes,
  })
}

module.exports = { writeNumbered }
