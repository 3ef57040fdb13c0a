/** Workers in directories of their own, and what is in their segments. */
import { join } from 'node:path'
import {
  Field,
  FixedSizeBinary,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import type { IngestWorkerOptions } from '../../lib/ingest/index.js'
import { IngestWorker } from '../../lib/ingest/index.js'
import { type CollectionSchema, createCollectionSchema } from '../../lib/schema/index.js'
import { type ChunkManager, LocalChunkManager } from '../../lib/storage/index.js'
import { LocalMetaStore, MetaCatalog } from '../../lib/sync/index.js'
import { rowsOfSegment, type Values } from './segments.js'

/** Ids 100 (pk int64), 101 (nullable text), 102 (vector of 4). */
export const NOTES = createCollectionSchema({
  name: 'notes',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'title', dataType: 'VarChar', maxLength: 256, nullable: true },
    { name: 'v', dataType: 'FloatVector', dim: 4 },
  ],
})
const WIDTH = 16
const FIELDS = [
  new Field('id', new Int64(), false),
  new Field('title', new Utf8(), true),
  new Field('v', new FixedSizeBinary(WIDTH), false),
]

/** Rows of {@link NOTES} with keys from `first` on; the rest follows from the key. */
export function notes(first: number, rows: number): RecordBatch {
  const ids = BigInt64Array.from({ length: rows }, (_, row) => BigInt(first + row))
  const titles = Array.from({ length: rows }, (_, row) => titleOf(first + row))
  const vectors = Float32Array.from({ length: rows * 4 }, (_, at) => first + Math.floor(at / 4))
  const children = [
    makeData({ type: new Int64(), length: rows, data: ids }),
    vectorFromArray(titles, new Utf8()).data[0] ?? makeData({ type: new Utf8(), length: 0 }),
    makeData({
      type: new FixedSizeBinary(WIDTH),
      length: rows,
      data: new Uint8Array(vectors.buffer),
    }),
  ]
  const data = makeData({ type: new Struct(FIELDS), length: rows, nullCount: 0, children })
  return new RecordBatch(new Schema(FIELDS), data)
}

export function titleOf(id: number): string | null {
  return id % 7 === 0 ? null : `note ${id}`
}

/** A worker for {@link NOTES}; `schema: undefined` gives it none. */
export function openWorker(
  directory: string,
  options: { [Name in keyof IngestWorkerOptions]?: IngestWorkerOptions[Name] | undefined } = {},
): Promise<IngestWorker> {
  const given = { directory, schema: NOTES, fsync: 'never', ...options }
  return IngestWorker.open(given as IngestWorkerOptions)
}

/** Use the catalog of a metadata store that nobody has open here. */
export async function withCatalog<T>(
  metaDirectory: string,
  use: (catalog: MetaCatalog) => Promise<T>,
): Promise<T> {
  const store = await LocalMetaStore.open(metaDirectory)
  try {
    return await use(new MetaCatalog(store))
  } finally {
    await store.close()
  }
}

/** Every row that a reader of the collection sees, over all its segments. */
export async function rowsStored(
  place: { metaDirectory: string; chunkManager: ChunkManager },
  schema: CollectionSchema = NOTES,
  collectionName = schema.name,
): Promise<Values[]> {
  const { metaDirectory, chunkManager } = place
  return withCatalog(metaDirectory, async (catalog) => {
    const collection = await catalog.collection(collectionName)
    const rows: Values[] = []
    for (const segment of await catalog.segmentsToRead(collection!.collectionId)) {
      const { binlogs, deltalogs, l0Deltalogs, manifestPath } = segment
      const logs = { binlogs, deltalogs, l0Deltalogs, manifestPath }
      for (const row of await rowsOfSegment({ ...logs, schema, chunkManager })) rows.push(row)
    }
    return rows
  })
}

/** The same of a worker's directory where nothing is placed elsewhere. */
export function rowsIn(directory: string, schema: CollectionSchema = NOTES): Promise<Values[]> {
  const chunkManager = new LocalChunkManager({ rootPath: join(directory, 'segments') })
  return rowsStored({ metaDirectory: join(directory, 'meta'), chunkManager }, schema)
}

/** Primary keys in ascending order. */
export function keysOf(rows: readonly Values[]): number[] {
  return rows.map(({ id }) => Number(id)).sort((left, right) => left - right)
}

/** first, first + 1, …, first + count - 1. */
export function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at)
}
