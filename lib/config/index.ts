export { parseExact, stringifyExact } from './exact-json.js'
export {
  describeValue,
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  refuseUnbuilt,
  unexpected,
} from './expect.js'
export { describeStorage, hideSecrets } from './hide-secrets.js'
export { nearestName } from './nearest.js'
export { resolvePartBytes } from './part-bytes.js'
export { type Problem, ProblemList, type ProblemPlace } from './problem-list.js'
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
