import type { FieldBinlog } from '../binlog/index.js'
import type { CollectionSchema } from '../schema/index.js'

/** Which segment, in Milvus's numbers. */
export interface SegmentIds {
  readonly collectionId: bigint
  readonly partitionId: bigint
  readonly segmentId: bigint
}

/**
 * How the rows of a segment are stored: 0 one binlog per field (StorageV1), 2 column groups
 * (StorageV2). Milvus's numbers; it has no 1.
 */
export type StorageVersion = 0 | 2

/** What Milvus's metadata knows of a segment, as far as its files go (`data.SegmentInfo`). */
export interface SegmentInfo extends SegmentIds {
  readonly storageVersion: StorageVersion
  /** Undefined where nothing says it: Milvus's files do not hold it. */
  readonly schema: CollectionSchema | undefined
  /** Rows, deleted ones included. */
  readonly numRows: number
  /** By field (StorageV1) or column group (StorageV2). */
  readonly binlogs: readonly FieldBinlog[]
  /** Primary-key statistics; field id is the primary key's. */
  readonly statslogs: readonly FieldBinlog[]
  /** BM25 statistics, by sparse field. */
  readonly bm25logs: readonly FieldBinlog[]
  /** The segment's own delete logs; those of L0 segments are not its own. */
  readonly deltalogs: readonly FieldBinlog[]
}

/** Id of the log that merges the statistics of every chunk. */
export const MERGED_LOG_ID = 1n
