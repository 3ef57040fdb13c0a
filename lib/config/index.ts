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
  resolveStorageConfig,
  STORAGE_CONFIG_KEYS,
  type StorageConfig,
} from './storage-config.js'
