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
export { nearestName } from './nearest.js'
export {
  type CredentialProvider,
  resolveStorageConfig,
  STORAGE_CONFIG_KEYS,
  type StorageConfig,
  type StorageCredentials,
} from './storage-config.js'
