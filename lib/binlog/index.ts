export {
  checkAligned,
  childFieldsOf,
  pathOfLog,
  type SegmentLocation,
  sortedByField,
} from './binlog-chunks.js'
export {
  type BinlogRecordReaderOptions,
  filesOfChunks,
  openBinlogRecordReader,
} from './binlog-record-reader.js'
export { type Bm25LogFacts, readBm25Log, writeBm25Log } from './bm25-log.js'
export * from './delete-log/index.js'
export type { Binlog, FieldBinlog } from './field-binlog.js'
export {
  type BinlogJson,
  type FieldBinlogJson,
  fieldBinlogFromJson,
  fieldBinlogToJson,
} from './field-binlog-json.js'
export { type BinlogFacts, binlogOf, fieldBinlogOf } from './field-binlog-of.js'
export { fieldBinlogFromProto, fieldBinlogToProto } from './field-binlog-proto.js'
export { logIdOf } from './log-id.js'
export {
  ALL_PARTITIONS,
  type Id,
  LOG_FOLDERS,
  type LogKind,
  type LogPath,
  type LogPathLayout,
  type LogPathOptions,
} from './log-path.js'
export { buildManifestPath, type ManifestPath, parseManifestPath } from './manifest-path.js'
export {
  type BuildPathIds,
  buildBm25LogPath,
  buildDeltaLogPath,
  buildInsertLogPath,
  buildJsonStatsPath,
  buildManifestDeltaPath,
  buildSegmentBasePath,
  buildStatsLogPath,
  buildTextIndexPath,
  parseBm25LogPath,
  parseDeltaLogPath,
  parseInsertLogPath,
  parseStatsLogPath,
} from './paths.js'
export {
  PrimaryKeyStats,
  type PrimaryKeyStatsInit,
  type PrimaryKeyStatsOptions,
} from './primary-key-stats.js'
export { parsePrimaryKeyStats } from './primary-key-stats-file.js'
export {
  type BloomParts,
  PrimaryKeyFilter,
  type PrimaryKeyFilterKind,
} from './primary-key-stats-filter.js'
export {
  serializeMergedPrimaryKeyStats,
  serializePrimaryKeyStats,
} from './primary-key-stats-json.js'
export type {
  PrimaryKey,
  PrimaryKeyColumn,
  PrimaryKeyType,
} from './primary-key-stats-keys.js'
export * from './v1/index.js'
