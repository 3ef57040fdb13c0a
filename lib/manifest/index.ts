export { decodeManifest, encodeManifest } from './codec.js'
export { decodeManifestJson, encodeManifestJson } from './json.js'
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
