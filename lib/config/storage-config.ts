import { PackedError } from '../errors/index.js'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from './expect.js'

/**
 * Where files live, in Milvus's terms (`StorageConfig` of milvus-storage, `minio.*` and
 * `localStorage.*` of milvus.yaml). Only `storageType: 'local'` opens today.
 */
export interface StorageConfig {
  /** `'local'` (default); `'minio'` and `'remote'` are NotSupported until object storage is built. */
  storageType?: 'local' | 'minio' | 'remote'
  /** Directory that relative paths start from; the working directory when absent. */
  rootPath?: string
  /** Host and port of the object store. */
  address?: string
  bucketName?: string
  accessKeyId?: string
  accessKeyValue?: string
  /** `'aws'` (default), `'gcp'`, `'azure'`, `'aliyun'`, `'tencent'`, `'huawei'`. */
  cloudProvider?: string
  iamEndpoint?: string
  logLevel?: string
  region?: string
  sslCaCert?: string
  roleArn?: string
  sessionName?: string
  externalId?: string
  tlsMinVersion?: string
  gcpCredentialJson?: string
  useSsl?: boolean
  useIam?: boolean
  useVirtualHost?: boolean
  /** Milliseconds; 10,000 by default. */
  requestTimeoutMs?: number
  /** Seconds between two refreshes of credentials; 900 by default. */
  loadFrequencyS?: number
  /** 100 by default. */
  maxConnections?: number
  /** Bytes of one part of a multipart upload; 10 MiB by default. */
  multipartPartBytes?: number
}

const TEXT_KEYS = [
  'rootPath',
  'address',
  'bucketName',
  'accessKeyId',
  'accessKeyValue',
  'cloudProvider',
  'iamEndpoint',
  'logLevel',
  'region',
  'sslCaCert',
  'roleArn',
  'sessionName',
  'externalId',
  'tlsMinVersion',
  'gcpCredentialJson',
] as const
const FLAG_KEYS = ['useSsl', 'useIam', 'useVirtualHost'] as const
const INTEGER_KEYS = [
  'requestTimeoutMs',
  'loadFrequencyS',
  'maxConnections',
  'multipartPartBytes',
] as const

/** Every name of {@link StorageConfig}. */
export const STORAGE_CONFIG_KEYS = ['storageType', ...TEXT_KEYS, ...FLAG_KEYS, ...INTEGER_KEYS]

/**
 * Check a storage configuration and bring it into the flat form of the addon.
 *
 * @throws PackedError InvalidArgument for unknown names and wrong values, NotSupported for a
 *   storage type that is not built yet.
 */
export function resolveStorageConfig(value: unknown): Record<string, string | number | boolean> {
  if (value === undefined) return { storageType: 'local' }
  const config = expectObject(value, 'storage')
  expectKnownKeys(config, STORAGE_CONFIG_KEYS, 'storage')
  const types = ['local', 'minio', 'remote'] as const
  const storageType = expectOneOf(config.storageType, 'storage.storageType', types, 'local')
  const resolved: Record<string, string | number | boolean> = { storageType }
  for (const key of TEXT_KEYS) {
    const text = config[key]
    if (text === undefined) continue
    if (typeof text !== 'string' || text.includes('\0')) {
      throw unexpected('a string without NUL', `storage.${key}`, text)
    }
    resolved[key] = text
  }
  for (const key of FLAG_KEYS) {
    if (config[key] !== undefined) {
      resolved[key] = expectBoolean(config[key], `storage.${key}`, false)
    }
  }
  for (const key of INTEGER_KEYS) {
    if (config[key] !== undefined) {
      resolved[key] = expectInteger(config[key], `storage.${key}`, { min: 1, max: 2 ** 53 - 1 })
    }
  }
  if (storageType !== 'local') {
    throw new PackedError(
      'NotSupported',
      `The option "storage" with storageType '${storageType}' is not built yet; 'local' is`,
    )
  }
  return resolved
}
