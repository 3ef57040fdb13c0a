/**
 * What a manifest says of a segment (`milvus_storage.Manifest`), encodings aside.
 *
 * Every path in it is a key of the ChunkManager that the manifest was read by, or an address with
 * a scheme; the encodings store those below the segment's own folders without their prefix.
 */
export interface Manifest {
  /** Columns that are stored together. All groups have as many rows. */
  readonly columnGroups: readonly ManifestColumnGroup[]
  /** In the order in which they were added. */
  readonly deltaLogs: readonly ManifestDeltaLog[]
  /** By free text; Milvus's keys are `bloom_filter.<fieldId>` and `bm25.<fieldId>`. */
  readonly stats: Readonly<Record<string, ManifestStatistics>>
  readonly indexes: readonly ManifestIndex[]
  readonly lobFiles: readonly ManifestLobFile[]
}

/** Columns that share their files (`ColumnGroup`). */
export interface ManifestColumnGroup {
  /** Names, in the order of the files' columns. */
  readonly columns: readonly string[]
  /** One after the other they are the rows of the group. */
  readonly files: readonly ManifestFile[]
  /** `parquet` is what this library reads and writes; others are kept as they are. */
  readonly format: string
}

/** A file, or the window of one (`ColumnGroupFile`). */
export interface ManifestFile {
  readonly path: string
  /** First row, within this file; -1 where nobody has counted (external tables). */
  readonly startIndex: number
  /** Behind the last row, within this file; -1 as above. */
  readonly endIndex: number
  /** `file_size` and `footer_size` as decimal text, and what a format needs besides. */
  readonly properties: Readonly<Record<string, string>>
}

/** How a delta log tells which rows are gone; Milvus writes `primaryKey` (0). */
export const DELTA_LOG_TYPES = ['primaryKey', 'positional', 'equality'] as const

/**
 * What the rows of a delete log say: by key, by position, or by equality (Milvus's `DeltaLogType`).
 */
export type DeltaLogType = (typeof DELTA_LOG_TYPES)[number]

/** A log of deletes (`DeltaLog`). */
export interface ManifestDeltaLog {
  readonly path: string
  readonly type: DeltaLogType
  readonly numEntries: number
}

/** Files of statistics under one key (`Statistics`). */
export interface ManifestStatistics {
  readonly paths: readonly string[]
  /** `memory_size` and the like, as text. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A finished index (`Index`); the engine wrote its files. */
export interface ManifestIndex {
  readonly columnName: string
  readonly indexName: string
  readonly indexType: string
  readonly path: string
  readonly fieldId: bigint
  /** 0 for none: such an index is told apart by column and type. */
  readonly indexId: bigint
  readonly buildId: bigint
  readonly indexVersion: bigint
  readonly numRows: number
  readonly serializedSizeBytes: number
  readonly memSizeBytes: number
  readonly currentIndexVersion: number
  readonly currentScalarIndexVersion: number
  readonly indexStorePathVersion: number
  readonly indexFileKeys: readonly string[]
  readonly properties: Readonly<Record<string, string>>
}

/** A file of large values, beside the segments of a partition (`LobFileInfo`). */
export interface ManifestLobFile {
  readonly path: string
  readonly fieldId: bigint
  readonly totalRows: number
  readonly validRows: number
  readonly fileSizeBytes: number
}

/** Version 0: a segment that has no manifest yet. */
export const EMPTY_MANIFEST: Manifest = Object.freeze({
  columnGroups: Object.freeze([]),
  deltaLogs: Object.freeze([]),
  stats: Object.freeze({}),
  indexes: Object.freeze([]),
  lobFiles: Object.freeze([]),
})
