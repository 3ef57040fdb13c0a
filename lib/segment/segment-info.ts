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
 * (StorageV2), 3 column groups that a manifest lists (StorageV3). Milvus's numbers; it has no 1.
 */
export type StorageVersion = 0 | 2 | 3

/** Those whose files the lists of a segment's logs name. */
export type LogStorageVersion = Exclude<StorageVersion, 3>

/** What Milvus's metadata knows of a segment, as far as its files go (`data.SegmentInfo`). */
export interface SegmentInfo extends SegmentIds {
  readonly storageVersion: StorageVersion
  /** Undefined where nothing says it: Milvus's files do not hold it. */
  readonly schema: CollectionSchema | undefined
  /** Rows, deleted ones included. */
  readonly numRows: number
  /**
   * By field (StorageV1) or column group. Of StorageV3 the manifest names the files; a sync says
   * rows, times and sizes here, under paths where nothing is.
   */
  readonly binlogs: readonly FieldBinlog[]
  /** Primary-key statistics; field id is the primary key's. */
  readonly statslogs: readonly FieldBinlog[]
  /** BM25 statistics, by sparse field. */
  readonly bm25logs: readonly FieldBinlog[]
  /** The segment's own delete logs; those of L0 segments are not its own. */
  readonly deltalogs: readonly FieldBinlog[]
  /** StorageV3: `{"ver":N,"base_path":"…"}`; empty or absent where there is no manifest. */
  readonly manifestPath?: string
}

/** Id of the log that merges the statistics of every chunk. */
export const MERGED_LOG_ID = 1n
