import type { ManifestColumnGroup, ManifestDeltaLog } from '../manifest/index.js'

/** A file of statistics that is to be listed under a key of a manifest. */
export interface StagedStatistics {
  /** `bloom_filter.{field}` or `bm25.{field}`. */
  readonly key: string
  readonly path: string
  readonly sizeBytes: number
}

/** The files of a pack that no manifest names yet. */
export interface StagedPack {
  /** Keys of all files. */
  readonly paths: readonly string[]
  /** One file each; none without rows. */
  readonly columnGroups: readonly ManifestColumnGroup[]
  readonly statistics: readonly StagedStatistics[]
  readonly deltaLogs: readonly ManifestDeltaLog[]
}

/** Keys that Milvus lists the statistics of a segment under. */
export const bloomFilterKey = (fieldId: bigint): string => `bloom_filter.${fieldId}`
export const bm25Key = (fieldId: bigint): string => `bm25.${fieldId}`
