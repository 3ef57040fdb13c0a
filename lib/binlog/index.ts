export type { Binlog, FieldBinlog } from './field-binlog.js'
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
