import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from './expect.js'

/**
 * Where files live, in Milvus's terms (`minio.*`, `localStorage.*` and `common.storageType` of
 * milvus.yaml; StorageConfig of milvus-storage). The same object serves native reads, uploads and
 * chunk managers.
 */
export interface StorageConfig {
  /**
   * `'local'` (default); `'minio'`: S3 and stores that speak its protocol; `'remote'`: what
   * `cloudProvider` says.
   */
  storageType?: 'local' | 'minio' | 'remote'
  /** Directory (local; the working directory when absent) or key prefix that paths start from. */
  rootPath?: string
  /** `host:port` or URL of the store; AWS, Azure and Google have their own when absent. */
  address?: string
  /** Bucket, or container of Azure. */
  bucketName?: string
  /** Access key; Azure: the name of the storage account. */
  accessKeyId?: string
  /** Secret key; Azure: the key of the account. */
  secretAccessKey?: string
  /** Of temporary credentials. */
  sessionToken?: string
  /**
   * Asked whenever credentials are needed and the last ones are about to expire; takes the place
   * of the three above. Not in JSON.
   */
  credentials?: CredentialProvider
  /** `'aws'` (default). */
  cloudProvider?: 'aws' | 'gcp' | 'azure' | 'aliyun' | 'tencent' | 'huawei'
  region?: string
  /** https; taken from `address` where that is a URL, false otherwise. */
  useSsl?: boolean
  /** File of PEM certificates to trust. */
  sslCaCert?: string
  tlsMinVersion?: '1.0' | '1.1' | '1.2' | '1.3'
  /** `bucket.host` instead of `host/bucket`; always so for aliyun, tencent and huawei. */
  useVirtualHost?: boolean
  /** Credentials of the machine or pod instead of keys. */
  useIam?: boolean
  iamEndpoint?: string
  /** Role to assume, with the session name and external id to do it under. */
  roleArn?: string
  sessionName?: string
  externalId?: string
  /** Seconds that temporary credentials live; 900 by default. */
  loadFrequencyS?: number
  /** Service account key of Google, as JSON text. */
  gcpCredentialJson?: string
  logLevel?: string
  /** Milliseconds that one request may go without progress; 10,000 by default. */
  requestTimeoutMs?: number
  /** Milliseconds that one operation may take with all its retries; 60,000 by default. */
  retryTimeoutMs?: number
  /** 100 by default. */
  maxConnections?: number
  /**
   * Bytes of one part of a multipart upload; 10 MiB by default, and with a warning where the value
   * is not within 5 MiB to 5 GiB. Parts grow where an object needs more than 10,000 of them.
   */
  multipartPartBytes?: number
  /** Bytes of one writer on their way to the store; 64 MiB by default. */
  uploadBytesInFlight?: number
  /**
   * `'whenRequired'` for stores that do not know the newer checksums of S3 (older Ceph, OSS, OBS,
   * COS, GCS); `'whenSupported'` by default on aws.
   */
  checksums?: 'whenSupported' | 'whenRequired'
}

/** Temporary or fixed credentials of S3. */
export interface StorageCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** When to ask again; absent = never. */
  expiration?: Date
}

export type CredentialProvider = () => Promise<StorageCredentials>

const TEXT_KEYS = [
  'rootPath',
  'address',
  'bucketName',
  'accessKeyId',
  'secretAccessKey',
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
  'sessionToken',
] as const
const FLAG_KEYS = ['useSsl', 'useIam', 'useVirtualHost'] as const
const INTEGER_KEYS = [
  'requestTimeoutMs',
  'loadFrequencyS',
  'maxConnections',
  'multipartPartBytes',
  'retryTimeoutMs',
  'uploadBytesInFlight',
] as const

/** Every name of {@link StorageConfig}. */
export const STORAGE_CONFIG_KEYS = ['storageType', ...TEXT_KEYS, ...FLAG_KEYS, ...INTEGER_KEYS]

/**
 * Check a storage configuration and bring it into the flat form of the addon.
 *
 * @throws PackedError InvalidArgument for unknown names and wrong values.
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
  return resolved
}
