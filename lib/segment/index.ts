export { averageBytes } from './average-bytes.js'
export { type ChunkSettings, type ChunkWriter, openChunkWriter } from './chunk-writer.js'
export { type ConvertSegmentOptions, convertSegment } from './convert-segment.js'
export { copyKeys } from './copy-keys.js'
export { type CreateManifestOptions, createManifest } from './create-manifest.js'
export { deriveSchema } from './derive-schema.js'
export type { BackupExportOptions, SegmentToExport } from './export-backup.js'
export type { BulkExportOptions } from './export-bulk.js'
export { exportForMilvusImport } from './export-milvus-import.js'
export type { ImportTarget, MilvusImportRequest } from './export-request.js'
export { rowsOfBulk } from './import-bulk.js'
export {
  type LocatedSegment,
  type LocateSegmentOptions,
  locateSegment,
} from './locate-segment.js'
export { listsOfManifest, manifestOfSegment, type SegmentManifest } from './manifest-segment.js'
export { decodingOf, quantizedColumns } from './quantized-columns.js'
export type { KeyLookupStats, SegmentGetOptions, SegmentRowsByKey } from './segment-get.js'
export {
  type LogStorageVersion,
  MERGED_LOG_ID,
  type SegmentIds,
  type SegmentInfo,
  type StorageVersion,
} from './segment-info.js'
export { expectKeysOf, isInsertData } from './segment-input.js'
export type { SegmentProgress } from './segment-progress.js'
export { SegmentReader } from './segment-reader.js'
export type { SegmentReaderOptions } from './segment-reader-options.js'
export type { SegmentTakeOptions } from './segment-rows.js'
export {
  readSidecar,
  segmentInfoFromJson,
  segmentInfoToJson,
  sidecarKey,
  writeSidecar,
} from './segment-sidecar.js'
export {
  type GroupStats,
  type LogTotals,
  type SegmentStats,
  segmentStats,
} from './segment-stats.js'
export { SegmentWriter, writeSegment } from './segment-writer.js'
export type { SegmentWriterOptions, WriteSegmentOptions } from './segment-writer-options.js'
export { hasCover, keyFilesOf, withCover } from './statistics-cover.js'
export { StatsWriter, type StatsWriterSettings } from './stats-writer.js'
export { spanOf, spanOfLogs, type TimeSpan } from './time-span.js'
export type { SegmentProblem } from './verify-problem.js'
export {
  type SegmentVerification,
  type VerifySegmentOptions,
  verifySegment,
} from './verify-segment.js'
