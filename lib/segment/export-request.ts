/**
 * Body of `POST /v2/vectordb/jobs/import/create`, Milvus's RESTful import.
 *
 * Paths are keys in the bucket that Milvus reads from; newer versions refuse keys inside Milvus's
 * own folders, so that an export has a folder of its own.
 */
export interface MilvusImportRequest {
  dbName?: string
  collectionName: string
  /** Empty for the default partition, and where a partition key decides. */
  partitionName: string
  /**
   * Backup form: folder of insert logs, and of delete logs where there are any, of one partition.
   * Bulk form: one Parquet file each.
   */
  files: string[][]
  options: Record<string, string>
}

/** What every form of an export is told about the collection to import into. */
export interface ImportTarget {
  collectionName: string
  partitionName?: string
  dbName?: string
  /** Ends the import job when it takes longer: `'300s'`, `'1.5h'`, `'1h45m'`. */
  timeout?: string
}

/** Names of {@link ImportTarget}. */
export const IMPORT_TARGET = ['collectionName', 'partitionName', 'dbName', 'timeout'] as const

/** The request of an export. */
export function importRequest(
  target: ImportTarget,
  files: string[][],
  options: Record<string, string>,
): MilvusImportRequest {
  const { dbName, collectionName, partitionName = '', timeout } = target
  return {
    ...(dbName === undefined ? {} : { dbName }),
    collectionName,
    partitionName,
    files,
    options: { ...options, ...(timeout === undefined ? {} : { timeout }) },
  }
}
