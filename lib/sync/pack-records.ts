import { buildRecord } from '../data/index.js'
import type { ArrowRecord, CollectionSchema } from '../schema/index.js'
import { isInsertData } from '../segment/index.js'
import type { PackChunk } from './sync-pack.js'

/**
 * The rows of a pack as records, over the same memory.
 *
 * @throws PackedError InvalidData, TypeMismatch for a chunk that does not fit the schema.
 */
export function recordsOf(schema: CollectionSchema, chunks: readonly PackChunk[]): ArrowRecord[] {
  return chunks.map((chunk) => (isInsertData(chunk) ? buildRecord(schema, [chunk]) : chunk))
}

/**
 * Ids that Milvus's StorageV1 writer reserves for a pack at once: for every insert log two, one
 * more for a flush, one for deletes, and as many for BM25 statistics. Not all are used.
 */
export function prefetchCount(
  pack: {
    insertData: readonly unknown[]
    deleteData: unknown
    bm25Stats: ReadonlyMap<bigint, unknown>
    isFlush: boolean
  },
  files: number,
): number {
  const flush = pack.isFlush ? 1 : 0
  const inserts = pack.insertData.length > 0 ? 2 * files : 0
  const deletes = pack.deleteData === undefined ? 0 : 1
  const bm25 = pack.bm25Stats.size > 0 ? pack.bm25Stats.size + flush : 0
  return inserts + flush + deletes + bm25
}
