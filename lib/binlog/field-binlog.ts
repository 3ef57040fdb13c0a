/** One log file: a chunk of rows of one field or column group (`data.Binlog`). */
export interface Binlog {
  /** Rows. */
  entriesNum: number
  /** Hybrid timestamps: milliseconds << 18 | logical. */
  timestampFrom: bigint
  timestampTo: bigint
  /** Key of the object, root included; empty where only `logId` is known. */
  logPath: string
  /** Bytes stored (Milvus), or decoded bytes with `logSize: 'uncompressed'`. */
  logSize: number
  logId: bigint
  /** Decoded Arrow bytes. */
  memorySize: number
  /** Nulls by field id; an entry, 0 included, for every field of the group. */
  fieldNullCounts: ReadonlyMap<bigint, number>
}

/**
 * The log files of one field (StorageV1), column group (StorageV2) or statistic, oldest first
 * (`data.FieldBinlog`).
 */
export interface FieldBinlog {
  /** Field id, or group id. */
  fieldId: bigint
  binlogs: readonly Binlog[]
  /** Field ids of a column group, in file order; empty for StorageV1. */
  childFields: readonly bigint[]
  /** `'parquet'`, or empty. */
  format: string
}
