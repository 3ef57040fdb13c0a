/** Segments in a tree of their own, written by the library as Milvus lays them out. */

import { DeleteData, InsertData } from '../../lib/data/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  withSystemFields,
} from '../../lib/schema/index.js'
import type { SegmentReaderOptions, WriteSegmentOptions } from '../../lib/segment/index.js'
import { type SegmentInfo, SegmentReader, writeSegment } from '../../lib/segment/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'

/** Ids 100 (pk int64), 101 (vector of 4), 102 (nullable int32), 103 (varchar). */
export const BOOKS = createCollectionSchema({
  name: 'books',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: 4 },
    { name: 'pages', dataType: 'Int32', nullable: true },
    { name: 'title', dataType: 'VarChar', maxLength: 256 },
  ],
})

/** The same with text for keys. */
export const TITLES = createCollectionSchema({
  name: 'titles',
  fields: [
    { name: 'title', dataType: 'VarChar', maxLength: 256, isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: 4 },
  ],
})

export type Values = Record<string, unknown>

/** A row of {@link BOOKS} that follows from its key. */
export function book(id: number, timestamp: number): Values {
  return {
    RowID: BigInt(id),
    Timestamp: BigInt(timestamp),
    id: BigInt(id),
    embedding: Float32Array.of(id, id + 0.25, -id, 1),
    pages: id % 3 === 0 ? null : id * 10,
    title: `title ${id}`,
  }
}

export function chunk(schema: CollectionSchema, rows: Values[]): InsertData {
  return InsertData.fromRows(withSystemFields(schema), rows)
}

/** Keys 1 to 5 in chunks of 3 and 2, written at 10, 20, …, 50. */
export function twoChunks(): InsertData[] {
  return [
    chunk(BOOKS, [book(1, 10), book(2, 20), book(3, 30)]),
    chunk(BOOKS, [book(4, 40), book(5, 50)]),
  ]
}

export function deletes(
  ...pairs: [key: bigint | string, timestamp: bigint | number][]
): DeleteData {
  const data = new DeleteData()
  for (const [key, timestamp] of pairs) data.append(key, timestamp)
  return data
}

/** Numbers from `first` on. */
export function counter(first = 1000n): () => bigint {
  let next = first
  return () => next++
}

export const IDS = { collectionId: 1n, partitionId: 2n, segmentId: 3n }

/** A segment with a tree below `directory`. */
export async function segmentIn(
  directory: string,
  data: InsertData[],
  options: Partial<WriteSegmentOptions> = {},
): Promise<{ chunkManager: LocalChunkManager; info: SegmentInfo }> {
  const chunkManager = new LocalChunkManager({ rootPath: directory })
  const schema = options.schema ?? BOOKS
  const info = await writeSegment({
    schema,
    chunkManager,
    ids: IDS,
    allocateId: counter(),
    data,
    ...options,
  })
  return { chunkManager, info }
}

/** Everything that a reader gives, row by row. */
export async function rowsOfSegment(options: SegmentReaderOptions): Promise<Values[]> {
  const reader = await SegmentReader.open(options)
  const rows: Values[] = []
  for await (const batch of reader) {
    for (const row of batch) rows.push({ ...row?.toJSON() })
  }
  return rows
}

/** The values of one column, in order. */
export async function columnOf(name: string, options: SegmentReaderOptions): Promise<unknown[]> {
  return (await rowsOfSegment({ ...options, columns: [name] })).map((row) => row[name])
}
