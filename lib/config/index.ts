export {
  BETTER_COMPRESSION_LEVEL,
  type CompressionConfig,
  type CompressionSettings,
  DEFAULT_COMPRESSION_CONFIG,
  DEFAULT_COMPRESSION_LEVEL,
  type EncodingSettings,
  type ResolvedCompressionConfig,
} from './compression-config.js'
export { compressionConfigFromEnv } from './compression-env.js'
export { parseCompressionConfig } from './compression-json.js'
export { compressionConfigFromYaml } from './compression-yaml.js'
export { parseExact, stringifyExact } from './exact-json.js'
export {
  describeValue,
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectList,
  expectNumber,
  expectObject,
  expectOneOf,
  expectOnlySignal,
  expectOptions,
  expectSignal,
  expectString,
  expectText,
  unexpected,
} from './expect.js'
export { type HardwareLimits, hardwareLimits } from './hardware-limits.js'
export { describeStorage, hideSecrets } from './hide-secrets.js'
export { nearestName } from './nearest.js'
export { optimizeForHardware } from './optimize-for-hardware.js'
export { resolvePartBytes } from './part-bytes.js'
export { type Problem, ProblemList, type ProblemPlace } from './problem-list.js'
export { flatSettings, resolveCompressionConfig } from './resolve-compression.js'
export { checkStorageConfig, resolveStorageConfig } from './resolve-storage.js'
export { parseAddress, type StorageAddress } from './storage-address.js'
export type { CredentialProvider, StorageConfig, StorageCredentials } from './storage-config.js'
export {
  familyOf,
  type StorageFamily,
  storageConfigFromEnv,
} from './storage-env.js'
export { parseStorageConfig } from './storage-json.js'
export { isSecretKey, STORAGE_CONFIG_KEYS } from './storage-keys.js'
export { storageConfigFromMilvusYaml } from './storage-milvus.js'
export { joinRoot, parseStorageUri, type StorageUri, storageUri } from './storage-uri.js'
