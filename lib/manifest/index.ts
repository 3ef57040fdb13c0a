export { applyChanges, type ManifestChange } from './changes.js'
export { type ManifestChunk, ManifestChunkReader } from './chunk-reader.js'
export { decodeManifest, encodeManifest } from './codec.js'
export { isNotCommitted } from './commit-outcome.js'
export {
  diffManifests,
  isEmptyDiff,
  type ManifestDiff,
  type ManifestFilesChange,
  type ManifestStatisticsChange,
  rowsOfFile,
  rowsOfGroup,
  rowsOfManifest,
} from './diff.js'
export {
  type ExpiredManifest,
  type ExpiredManifests,
  type ExpireManifestsOptions,
  expireManifests,
} from './expire.js'
export { decodeManifestJson, encodeManifestJson } from './json.js'
export { type ManifestColumns, ManifestReader } from './manifest-reader.js'
export type { ManifestReaderOptions } from './manifest-reader-options.js'
export type { ManifestWriterOptions } from './manifest-writer-options.js'
export { mergeChanges } from './merge.js'
export {
  DELTA_LOG_TYPES,
  type DeltaLogType,
  EMPTY_MANIFEST,
  type Manifest,
  type ManifestColumnGroup,
  type ManifestDeltaLog,
  type ManifestFile,
  type ManifestIndex,
  type ManifestLobFile,
  type ManifestStatistics,
} from './model.js'
export { namedPaths, protectedPaths } from './named-files.js'
export {
  absolutize,
  dataFolder,
  deltaFolder,
  indexFolder,
  lobFolder,
  manifestJsonKey,
  manifestKey,
  metadataFolder,
  relativize,
  statsFolder,
} from './paths.js'
export { PackedRecordManifestWriter, type WrittenManifest } from './record-manifest-writer.js'
export { MANIFEST_RESOLVERS, type ManifestResolver } from './resolve.js'
export { type ManifestCreateOptions, ManifestStore, type ManifestStoreOptions } from './store.js'
export {
  type ManifestCommit,
  ManifestTransaction,
  type ManifestTransactionOptions,
} from './transaction.js'
export { type ManifestVerification, type VerifyManifestOptions, verifyManifest } from './verify.js'
export type { ManifestVerifyProgress } from './verify-files.js'
export type {
  ColumnsPolicy,
  ManifestWriterPolicy,
  SchemaBasedPolicy,
  SizeBasedPolicy,
} from './writer-policy.js'
export { writerPolicyOf } from './writer-properties.js'
