/** Trees of our own: segments of every storage version, with and without a manifest, and records as bytes. */
const { writeFileSync, mkdirSync } = require('node:fs')
const { join } = require('node:path')
const library = require('../packed.cjs')

const BASE = 'insert_log/1/2/3'
const TEXTS = library.createCollectionSchema({
  name: 'texts',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: 4 },
    { name: 'pages', dataType: 'Int32', nullable: true },
    { name: 'meta', dataType: 'JSON' },
    { name: 'tags', dataType: 'Array', elementType: 'VarChar', maxCapacity: 4, maxLength: 20 },
    { name: 'text', dataType: 'VarChar', maxLength: 99 },
    { name: 'terms', dataType: 'SparseFloatVector', isFunctionOutput: true },
  ],
  functions: [
    { name: 'bm25', type: 'BM25', inputFieldNames: ['text'], outputFieldNames: ['terms'] },
  ],
})
const WORDS = library.createCollectionSchema({
  name: 'words',
  fields: [
    { name: 'word', dataType: 'VarChar', maxLength: 99, isPrimaryKey: true },
    { name: 'code', dataType: 'Int8Vector', dim: 8 },
  ],
})

const textRow = (id) => ({
  RowID: id,
  Timestamp: 10 + id,
  id,
  embedding: Float32Array.of(id, -id, 0.5, 1),
  pages: id % 3 === 0 ? null : id * 10,
  meta: { id, of: [`${id}`] },
  tags: ['a', `${id}`].slice(id % 3),
  text: `text ${id}`,
  terms: new Map([
    [7, 1 + (id % 3)],
    [9 + id, 1],
  ]),
})
const wordRow = (id) => ({
  RowID: id,
  Timestamp: 10 + id,
  word: `word ${id}`,
  code: Int8Array.from({ length: 8 }, (_, i) => (id + i) % 100),
})

function chunksOf(schema, rowOf) {
  const whole = library.withSystemFields(schema)
  return [0, 40].map((first) =>
    library.InsertData.fromRows(
      whole,
      Array.from({ length: 40 }, (_, i) => rowOf(1 + first + i)),
    ),
  )
}

async function writeTree(root, schema, rowOf, keyOf, options = {}) {
  const chunkManager = new library.LocalChunkManager({ rootPath: root })
  const deletes = new library.DeleteData()
  for (const id of [1, 2, 41]) deletes.append(keyOf(id), 60)
  let logId = 1000n
  const info = await library.writeSegment({
    schema,
    chunkManager,
    ids: { collectionId: 1, partitionId: 2, segmentId: 3 },
    allocateId: () => logId++,
    data: chunksOf(schema, rowOf),
    deletes,
    ...options,
  })
  return { root, schema, chunkManager, info }
}

async function withManifest(name, root, schema, rowOf, keyOf) {
  const tree = await writeTree(root, schema, rowOf, keyOf)
  const { chunkManager } = tree
  const info = await library.createManifest({ chunkManager, segment: tree.info })
  const { manifest } = await new library.ManifestStore(chunkManager, BASE).open(-1)
  writeFileSync(join(root, 'manifest.json'), library.encodeManifestJson(manifest, 1, BASE))
  return { name, ...tree, info, basePath: BASE }
}

/** Segments with what their readers need to know of them. */
async function writeOwnTrees(directory) {
  const at = (name) => join(directory, name)
  const texts = [TEXTS, textRow, BigInt]
  const words = [WORDS, wordRow, (id) => `word ${id}`]
  return [
    { name: 'segment of V2', ...(await writeTree(at('v2'), ...texts)) },
    { name: 'segment of V1', ...(await writeTree(at('v1'), ...texts, { storageVersion: 0 })) },
    {
      name: 'segment of V2, words',
      ...(await writeTree(at('v2-words'), ...words, { bloomFilter: 'basic' })),
    },
    {
      name: 'segment of V1, words',
      ...(await writeTree(at('v1-words'), ...words, { storageVersion: 0 })),
    },
    await withManifest('segment with a manifest', at('v3'), ...texts),
  ]
}

/** Records as bytes: in one frame, and with buffers of their own. */
async function writeOwnRecords(directory) {
  mkdirSync(directory, { recursive: true })
  const schema = library.convertToArrowSchema(library.withSystemFields(TEXTS))
  const record = library.buildRecord(library.withSystemFields(TEXTS), chunksOf(TEXTS, textRow))
  const forms = { frame: {}, zstd: { buffers: 'zstd' }, lz4: { buffers: 'lz4' } }
  for (const [name, options] of Object.entries(forms)) {
    const bytes = await library.serializeRecord(record.toBatch(), schema, options)
    writeFileSync(join(directory, name), bytes)
  }
  return { root: directory, schema, files: Object.keys(forms) }
}

module.exports = { writeOwnRecords, writeOwnTrees }
